//! `play`: an action in a match.
//!
//! - Trigger: a client's frame. The route is quiet: its answer is posted to the caller's own socket, and only where one is wanted.
//! - Reads: the match. Writes: the match behind the action and all that follows from it at once, on condition that it is as it was read. Pushes nothing to
//!   others: the row's stream event tells all who are told.
//! - Safe to repeat: the row knows the latest requests of each seat, so an action that comes again is answered as the first time and not done again.

use lambda_runtime::Error;
use muster_aws::{
    Asking, Failure, Fault, Matches, Read,
    harness::{self, Call, Quiet},
    seen_by,
};
use muster_game::{Answer, Wish};
use muster_protocol::{
    MatchPush,
    routes::{Play, match_id_of},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::quiet(Matches::from_config, play).await
}

async fn play(matches: &Matches, call: Call<Play>) -> Result<Quiet<MatchPush>, Failure> {
    let Call { player, request_id, body: Play { match_id, action, version }, .. } = call;
    let match_id = match_id_of(&match_id);
    let act = Wish::Act { player: &player.id, action: action.get(), request_id: request_id.as_deref(), version };
    let asking = Asking { player_id: &player.id, request_id: request_id.as_deref(), cause: &player.cause };
    let changed = matches.wish(&match_id, act, asking, Read::Eventual).await?;
    let answer = changed.answer.map_err(|_| Fault::because("an action that took a seat"))?;
    let revision = changed.row.as_ref().map(|row| row.revision);

    tracing::info!(matchId = match_id, revision, repeated = answer == Answer::Repeated, "played");
    Ok(Quiet { reply: seen_by(changed.row.as_ref(), &player.id)?, always: answer == Answer::Repeated })
}
