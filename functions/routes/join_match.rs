//! `joinMatch`: into a match by its code, or back to a match.
//!
//! - Trigger: a client's frame.
//! - Reads: the match. Writes: the match with its new player, who takes a seat in the same transaction, and which begins if that was the
//!   last one that it waited for; for a player who is in it, the match with the player back. Pushes nothing: the row's stream event tells
//!   everybody.
//! - Safe to repeat: a player who is in the match is shown it. One too many is refused.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Matches, Read,
    harness::{self, Call},
    seen_by,
};
use muster_game::Wish;
use muster_protocol::{
    Code, MatchPush, Rejection,
    routes::{JoinMatch, match_id_of},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(Matches::from_config, join_match).await
}

async fn join_match(matches: &Matches, call: Call<JoinMatch>) -> Result<MatchPush, Failure> {
    let (match_id, player_id) = (match_id_of(&call.body.match_id), &call.player.id);
    let changed = matches.wish(&match_id, Wish::Join(player_id), call.asking(), Read::Eventual).await?;
    if let Err(held) = changed.answer {
        let message = format!("you hold a seat in match {}: leave it, or wait for its end", held.holds);
        return Err(Rejection::new(Code::Seated, message).in_match(&held.holds).into());
    }

    let cause = changed.row.as_ref().map(|row| &row.cause);
    tracing::info!(cause, by = call.player.cause, matchId = match_id, written = changed.written, "joined a match");
    seen_by(changed.row.as_ref(), player_id)
}
