//! `play`: an action in a match.
//!
//! - Trigger: a client's frame. The route is quiet: its answer is posted to the caller's own socket, and only where one is wanted.
//! - Reads: the match. Writes: the match behind the action and all that follows from it at once, on condition that it is as it was read.
//!   Pushes nothing to others: the row's stream event tells all who are told.
//! - Safe to repeat: the row knows the latest requests of each seat, so an action that comes again is answered as the first time and not
//!   done again.

use lambda_runtime::Error;
use muster_aws::{
    Failure, Fault, Matches, Read,
    harness::{self, Call, Quiet},
    seen_by,
};
use muster_game::{Answer, Wish};
use muster_protocol::{
    MatchPush,
    routes::{Play, match_id_of},
};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::quiet(Matches::from_config, play).await
}

async fn play(matches: &Matches, call: Call<Play>) -> Result<Quiet<MatchPush>, Failure> {
    let (match_id, player) = (match_id_of(&call.body.match_id), &call.player.id);
    let (action, version) = (call.body.action.get(), call.body.version);
    let act = Wish::Act { player, action, request_id: call.request_id.as_deref(), version };
    let changed = matches.wish(&match_id, act, call.asking(), Read::Eventual).await?;
    let answer = changed.answer.map_err(|_| Fault::because("an action that took a seat"))?;
    let (cause, revision) = changed.row.as_ref().map(|row| (&row.cause, row.revision)).unzip();
    let repeated = (answer == Answer::Repeated).then_some(true);

    tracing::info!(cause, by = call.player.cause, matchId = match_id, revision, repeated, "played");
    Ok(Quiet { reply: seen_by(changed.row.as_ref(), player)?, always: repeated.is_some() })
}
