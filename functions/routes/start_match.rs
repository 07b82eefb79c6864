//! `startMatch`: a match that waits begins before all its seats are taken.
//!
//! - Trigger: a client's frame, of the match's host.
//! - Reads: the match. Writes: the match as it begins. Pushes nothing: the row's stream event tells everybody.
//! - Safe to repeat: a match that has begun is shown.

use lambda_runtime::Error;
use muster_aws::{
    Asking, Failure, Matches, Read,
    harness::{self, Call},
    seen_by,
};
use muster_game::Wish;
use muster_protocol::{
    MatchPush,
    routes::{StartMatch, match_id_of},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::route(Matches::from_config, start_match).await
}

async fn start_match(matches: &Matches, call: Call<StartMatch>) -> Result<MatchPush, Failure> {
    let Call { player, request_id, body, .. } = call;
    let match_id = match_id_of(&body.match_id);
    let asking = Asking { player_id: &player.id, request_id: request_id.as_deref(), cause: &player.cause };
    let changed = matches.wish(&match_id, Wish::Start(&player.id), asking, Read::Eventual).await?;

    tracing::info!(matchId = match_id, written = changed.written, "started a match");
    seen_by(changed.row.as_ref(), &player.id)
}
