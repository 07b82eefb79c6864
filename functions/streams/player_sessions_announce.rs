//! player_sessions → push: what became of a placement is pushed to every device of its player.
//!
//! - Trigger: the stream of player_sessions, in batches: rows inserted, and those that were closed.
//! - Reads: the connections of each distinct player, once a batch. Writes: deletes the rows of connections that are gone.
//! - Pushes: `session`, with the way to the game server, or `placement`, with the outcome and why.
//! - Safe to repeat: a push that is repeated carries the same placementId and outcome, by which clients drop it. What nobody is there to
//!   take stays in the row, which `resume` shows.

use lambda_runtime::Error;
use muster_aws::{PlayerSessionRow, Push, Read, deliver, harness, harness::Row, telemetry::Metrics};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::changes(Push::from_config, async |push: &Push, batch: Vec<Row<PlayerSessionRow>>, metrics: &Metrics| {
        deliver(push, &batch, Read::Consistent, metrics).await
    })
    .await
}
