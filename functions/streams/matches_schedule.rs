//! matches → timer: each round that opens gets a timer for when its time is up.
//!
//! - Trigger: the stream of matches, in batches: rows with an open round in which nobody has played yet.
//! - Writes: a delayed message for resolve_round (SQS). Reads and pushes nothing.
//! - Safe to repeat: a timer that fires twice, or for a round that is over, does nothing.

use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use muster_aws::{
    Config, MatchRow, RoundTimer, Timers,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use muster_protocol::MatchState;

/// How many timers are set side by side.
const TIMERS_AT_ONCE: usize = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::changes(|config: &Config| Timers::from_config(config, "ROUNDS_QUEUE_URL"), schedule).await
}

async fn schedule(timers: &Timers, batch: Vec<Row<MatchRow>>, _: &Metrics) -> Vec<FailedRow> {
    let open = batch.iter().filter(|row| row.row.state == MatchState::Playing);
    let set = open.map(async |row| {
        let MatchRow { match_id, round, due_at, cause, .. } = row.row.clone();
        let timer = RoundTimer { match_id, round, due_at, cause };
        timers.set(&timer).await.err().map(|fault| FailedRow::new(row, fault))
    });
    stream::iter(set).buffer_unordered(TIMERS_AT_ONCE).filter_map(async |failed| failed).collect().await
}
