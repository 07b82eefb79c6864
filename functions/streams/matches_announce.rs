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
    Config, ConfigError, Fault, MatchRow, Push, Seats, deliver,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use muster_protocol::{MatchState, SeatKind};

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

    /// Gives up the players' seats in a match that is over.
    async fn let_go(&self, row: &MatchRow) -> Result<(), Fault> {
        if row.state != MatchState::Over {
            return Ok(());
        }
        let releases = row.players.iter().map(|player| self.seats.release(player, SeatKind::Match, &row.match_id));
        try_join_all(releases).await.map(drop)
    }
}

async fn announce(state: &State, batch: Vec<Row<MatchRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let (mut failed, mut told) = (Vec::new(), Vec::with_capacity(batch.len()));
    for row in batch {
        match state.let_go(&row.row).await {
            Ok(()) => told.push(row),
            // It comes again, and is told then.
            Err(fault) => failed.push(FailedRow::new(&row, fault)),
        }
    }
    failed.extend(deliver(&state.push, &told, metrics).await);
    failed
}
