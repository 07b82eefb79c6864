//! `play`: a play in the open round of a match.
//!
//! - Trigger: a client's frame.
//! - Writes: the play, on condition that it counts; and if it was the last that the round waited for, the match behind that round. Reads only where
//!   another write has come between. Pushes nothing: the row's stream event tells both.
//! - Safe to repeat: the play remembers its request, so the same event counts once and is answered alike; another request of the same player is
//!   refused. A round that is left unresolved, since this died between its two writes, is resolved by its timer, or by whoever plays next.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Matches, clock,
    harness::{self, Call},
};
use muster_game::rounds::Move;
use muster_protocol::routes::{Play, Played};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(Matches::from_config, play).await
}

async fn play(matches: &Matches, call: Call<Play>) -> Result<Played, Failure> {
    let Play { match_id, round, play } = call.body;
    let row = matches.play(&match_id, &call.player.id, Move { round, play: &play }, &call.player.cause).await?;
    tracing::info!(matchId = match_id, round, "played");
    if row.rules().is_ready(clock::now_milliseconds()) {
        // The play counts, whatever becomes of this: the timer resolves the round, too.
        if let Err(fault) = matches.resolve(row).await {
            tracing::error!(matchId = match_id, round, error = fault.chain(), "a round is left to its timer");
        }
    }
    Ok(Played { match_id, round, play })
}
