//! matches → timer: each round that opens gets a timer for when its time is up.
//!
//! - Trigger: the stream of matches, in batches: rows with an open round in which nobody has played yet.
//! - Writes: a delayed message for resolve_round (SQS) each, ten with a request. Reads and pushes nothing.
//! - Safe to repeat: a timer that fires twice, or for a round that is over, does nothing.

use lambda_runtime::Error;
use muster_aws::{
    Config, MatchRow, RoundTimer, Timers,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use muster_protocol::MatchState;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::changes(|config: &Config| Timers::from_config(config, "ROUNDS_QUEUE_URL"), schedule).await
}

async fn schedule(timers: &Timers, batch: Vec<Row<MatchRow>>, _: &Metrics) -> Vec<FailedRow> {
    let open: Vec<_> = batch.iter().filter(|row| row.row.state == MatchState::Playing).collect();
    let due: Vec<RoundTimer> = open.iter().map(|row| timer(&row.row)).collect();
    let failed = timers.set_all(&due).await;
    failed.into_iter().filter_map(|(index, fault)| Some(FailedRow::new(*open.get(index)?, fault))).collect()
}

fn timer(row: &MatchRow) -> RoundTimer {
    RoundTimer { match_id: row.match_id.clone(), round: row.round, due_at: row.due_at, cause: row.cause.clone() }
}
