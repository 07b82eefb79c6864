//! matches → push: each player of a match is shown it as it is, each their own view.
//!
//! - Trigger: the stream of matches, in batches: rows without an open play, so that a play invokes nothing and reveals nothing.
//! - Reads: the connections of each distinct player, once a batch. Writes: gives up the players' seats when the match is over, before they are told, so
//!   that they can play again at once; deletes the rows of connections that are gone.
//! - Pushes: `match`.
//! - Safe to repeat: a push that is repeated carries the same version, by which clients drop it. What nobody is there to take `resume` shows.

use futures_util::future::try_join_all;
use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, MatchRow, Push, Seats, deliver,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use muster_protocol::MatchState;

struct State {
    push: Push,
    seats: Seats,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::changes(State::from_config, announce).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { push: Push::from_config(config)?, seats: Seats::from_config(config)? })
    }
}

async fn announce(state: &State, batch: Vec<Row<MatchRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let mut failed = Vec::new();
    for row in batch.iter().filter(|row| row.row.state == MatchState::Over) {
        let releases = row.row.players.iter().map(|player| state.seats.release(player, &row.row.match_id));
        if let Err(fault) = try_join_all(releases).await {
            failed.push(FailedRow::new(row, fault));
        }
    }
    failed.extend(deliver(&state.push, &batch, metrics).await);
    failed
}
