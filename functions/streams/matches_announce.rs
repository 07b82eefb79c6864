//! matches → push, timer: what has become of a match is told to its players, each in their own view.
//!
//! - Trigger: the stream of matches, in batches: rows whose `announce` is `yes`. So a write that nobody is told of, such as a secret play,
//!   invokes nothing.
//! - Reads: the connections of each distinct player, once a batch. Writes: sets the timer of a match whose clock begins to run (SQS); gives
//!   up the players' seats when the match is over, before they are told, so that they can play again at once; deletes the rows of
//!   connections that are gone.
//! - Pushes: `match`.
//! - Safe to repeat: a push that is repeated carries the same version, by which clients drop it; of two timers one ends. What nobody is
//!   there to take `resume` shows. A match that could not go on is told like any other, and then becomes a dead letter, which says why.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Fault, Push, Read, Seats, Timer, Timers, deliver,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use muster_game::{Lane, Match, mode};
use muster_protocol::SeatKind;

struct State {
    push: Push,
    seats: Seats,
    timers: Timers,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::changes(State::from_config, announce).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { push: Push::from_config(config)?, seats: Seats::from_config(config)?, timers: Timers::from_config(config)? })
    }

    /// Gives up the players' seats in a match that is over.
    async fn let_go(&self, row: &Match) -> Result<(), Fault> {
        if !row.is_over() {
            return Ok(());
        }
        let lane = mode(&row.mode).map_or(Lane::Main, |mode| mode.lane);
        let releases = row.players().map(|player| self.seats.release(player, lane, SeatKind::Match, &row.match_id));
        try_join_all(releases).await.map(drop)
    }
}

async fn announce(state: &State, batch: Vec<Row<Match>>, metrics: &Metrics) -> Vec<FailedRow> {
    let armed: Vec<(usize, Timer)> = batch.iter().enumerate().filter_map(|(index, row)| Some((index, timer(&row.row)?))).collect();
    let (of, timers): (Vec<usize>, Vec<Timer>) = armed.into_iter().unzip();
    let unset = state.timers.set_all(&timers).await;
    let mut failed: Vec<FailedRow> = unset.into_iter().map(|(index, fault)| FailedRow::new(&batch[of[index]], fault)).collect();
    let mut later: BTreeSet<String> = BTreeSet::new();
    for row in &batch {
        if let Err(fault) = state.let_go(&row.row).await {
            // It comes again, and is told then.
            failed.push(FailedRow::new(row, fault));
            later.insert(row.row.match_id.clone());
        }
    }
    let told: Vec<Row<Match>> = batch.into_iter().filter(|row| !row.row.is_over() || !later.contains(&row.row.match_id)).collect();
    failed.extend(deliver(&state.push, &told, Read::Eventual, metrics).await);
    let broken = told.iter().filter_map(|row| Some((row, row.row.fault.as_ref()?)));
    failed.extend(broken.map(|(row, fault)| FailedRow::impossible(row, Fault::because(format!("a match could not go on: {fault}")))));
    failed
}

/// The timer that a write begins.
fn timer(row: &Match) -> Option<Timer> {
    let due_at = row.arms()?;
    Some(Timer::Match { match_id: row.match_id.clone(), armed: row.armed, due_at, cause: row.cause.clone() })
}
