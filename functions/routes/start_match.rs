//! `startMatch`: a match that waits begins before all its seats are taken.
//!
//! - Trigger: a client's frame, of the match's host.
//! - Reads: the match. Writes: the match as it begins. Pushes nothing: the row's stream event tells everybody.
//! - Safe to repeat: a match that has begun is shown.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Matches, Read,
    harness::{self, Call},
    seen_by,
};
use muster_game::Wish;
use muster_protocol::{
    MatchPush,
    routes::{StartMatch, match_id_of},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(Matches::from_config, start_match).await
}

async fn start_match(matches: &Matches, call: Call<StartMatch>) -> Result<MatchPush, Failure> {
    let (match_id, player_id) = (match_id_of(&call.body.match_id), &call.player.id);
    let changed = matches.wish(&match_id, Wish::Start(player_id), call.asking(), Read::Eventual).await?;

    let cause = changed.row.as_ref().map(|row| &row.cause);
    tracing::info!(cause, by = call.player.cause, matchId = match_id, written = changed.written, "started a match");
    seen_by(changed.row.as_ref(), player_id)
}
