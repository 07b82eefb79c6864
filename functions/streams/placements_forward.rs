//! placements → GameLift: a placement that is requested is started, and one that is cancelled is stopped.
//!
//! - Trigger: the stream of placements, in batches: rows that are requested or being cancelled, and those at which the timer is to look
//!   again. One consumer does all of it, so that a start and its cancel keep their order.
//! - Writes: the claim on the row before GameLift is asked, and the timer that reconciles it (SQS); where GameLift refuses, the row's
//!   outcome, what its players are told (player_sessions) and their seats. Pushes nothing.
//! - Safe to repeat: the claim is won once; a start that is repeated is refused by GameLift, which knows the id, and then described. What
//!   becomes of a row is decided by the rules in muster_game::placement, which are tried in every order.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, End, Ending, Fault, GameLift, PlacementRow, Started, Stopped, Timer, Timers,
    harness::{self, FailedRow, Row},
    telemetry::{Metric, Metrics},
};
use muster_game::{
    Mode,
    placement::{self, Change, Forward, Status},
};
use muster_protocol::Outcome;

/// How many placements are forwarded side by side.
const PLACEMENTS_AT_ONCE: usize = 16;

struct State {
    ending: Ending,
    gamelift: GameLift,
    timers: Timers,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::changes(State::from_config, forward).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { ending: Ending::from_config(config)?, gamelift: GameLift::from_config(config)?, timers: Timers::from_config(config)? })
    }
}

async fn forward(state: &State, batch: Vec<Row<PlacementRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let mut placements: BTreeMap<String, Vec<Row<PlacementRow>>> = BTreeMap::new();
    for row in batch {
        placements.entry(row.row.placement_id.clone()).or_default().push(row);
    }
    let forwarded = placements.into_values().map(async |rows| {
        for row in &rows {
            if let Err(fault) = state.forward(&row.row, metrics).await {
                return Some(FailedRow::new(row, fault));
            }
        }
        None
    });
    stream::iter(forwarded).buffer_unordered(PLACEMENTS_AT_ONCE).filter_map(async |failed| failed).collect().await
}

impl State {
    /// Does what the row, as the stream shows it, asks for.
    async fn forward(&self, seen: &PlacementRow, metrics: &Metrics) -> Result<(), Fault> {
        if seen.recheck > 0 && seen.status != Status::Ended {
            self.timers.set(&Timer::from(seen)).await?;
        }
        match seen.status {
            Status::Requested => {
                let claimed = self.ending.placements.change(&seen.placement_id, &seen.by, |row| row.after(Change::Claim)).await?;
                let next = placement::claimed(claimed.written, claimed.row.as_ref().map(PlacementRow::rules).as_ref());
                self.follow(claimed.row.as_ref().unwrap_or(seen), next, metrics).await
            }
            Status::Cancelling => self.follow(seen, placement::cancelled(&seen.rules()), metrics).await,
            Status::Pending | Status::Ended => Ok(()),
        }
    }

    async fn follow(&self, row: &PlacementRow, next: Forward, metrics: &Metrics) -> Result<(), Fault> {
        match next {
            Forward::Start => {
                // The timer comes first: whatever becomes of the start, somebody looks.
                self.timers.set(&Timer::from(row)).await?;
                match row.mode.as_deref().and_then(muster_game::mode) {
                    Some(mode) => self.start(row, mode, metrics).await,
                    None => self.refuse(row, "there is no such mode", "the row names no mode", metrics).await,
                }
            }
            Forward::Stop => match self.gamelift.stop(&row.placement_id).await? {
                Stopped::Stopped => {
                    tracing::info!(cause = row.cause, by = row.by, placementId = row.placement_id, "stopped");
                    Ok(())
                }
                Stopped::Refused => {
                    let (described, end) = self.gamelift.describe(row).await?;
                    self.end(row, placement::stop_refused(described), end).await
                }
            },
            other => self.end(row, other, None).await,
        }
    }

    async fn start(&self, row: &PlacementRow, mode: &Mode, metrics: &Metrics) -> Result<(), Fault> {
        match self.gamelift.start(row, mode).await? {
            Started::Accepted => {
                tracing::info!(cause = row.cause, by = row.by, placementId = row.placement_id, "started");
                Ok(())
            }
            Started::Refused(why) => self.refuse(row, "the request was refused", &why, metrics).await,
            Started::Invalid(why) => {
                let (described, end) = self.gamelift.describe(row).await?;
                match placement::start_refused(described) {
                    Forward::End(Outcome::Failed) if end.is_none() => self.refuse(row, "the request was refused", &why, metrics).await,
                    next => self.end(row, next, end).await,
                }
            }
        }
    }

    /// Ends a placement that cannot be had. Players are told that it was refused; GameLift's own words, which name queues, are for the log.
    async fn refuse(&self, row: &PlacementRow, reason: &str, why: &str, metrics: &Metrics) -> Result<(), Fault> {
        tracing::error!(cause = row.cause, by = row.by, placementId = row.placement_id, error = why, "GameLift refused a placement");
        metrics.record(Metric::Faults, 1);
        self.ending.end(&row.placement_id, &row.by, &End::without(Outcome::Failed, reason)).await.map(drop)
    }

    /// Ends a placement as the rules say: as GameLift describes it, if it does.
    async fn end(&self, row: &PlacementRow, next: Forward, described: Option<End>) -> Result<(), Fault> {
        match next {
            Forward::End(outcome) => {
                self.ending.end(&row.placement_id, &row.by, &described.unwrap_or_else(|| End::usual(outcome))).await.map(drop)
            }
            Forward::Tell => self.ending.tell(row).await,
            Forward::Start | Forward::Stop | Forward::Nothing => Ok(()),
        }
    }
}
