//! `cancelPlacement`: the calling player no longer wants the game server that it waits for.
//!
//! - Trigger: a client's frame.
//! - Reads and writes: the placement's status, if it has not ended and the caller is in it. Pushes nothing: the row's stream
//!   event makes placements_forward stop it, behind whatever was asked for before.
//! - Safe to repeat: what is being cancelled is answered in the same way again.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Placements, clock,
    harness::{self, Call},
};
use muster_game::placement::Change;
use muster_protocol::{
    Code, Rejection,
    routes::{CancelPlacement, PlacementCancelled},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(Placements::from_config, cancel_placement).await
}

async fn cancel_placement(placements: &Placements, call: Call<CancelPlacement>) -> Result<PlacementCancelled, Failure> {
    let (placement_id, player) = (call.body.placement_id, call.player);
    let cancelled = placements.change(&placement_id, &player.cause, |row| {
        let is_in_it = row.players.contains(&player.id);
        row.after(Change::Cancel).filter(|_| is_in_it)
    });
    let row = cancelled.await?.row.filter(|row| row.expires_at > clock::now_seconds() && row.players.contains(&player.id));
    // Somebody else's is as unknown as one that never was.
    let row = row.ok_or_else(|| Rejection::new(Code::NotFound, "body.placementId: you are in no such placement"))?;

    tracing::info!(placementId = placement_id, outcome = ?row.outcome, "cancelling");
    Ok(PlacementCancelled { placement_id, outcome: row.outcome, reason: row.reason })
}
