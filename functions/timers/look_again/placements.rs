//! A placement of which nobody has heard.
//!
//! Reads the placement, and GameLift's description of it. Writes its outcome, what its players are told (player_sessions) and their seats;
//! or the time of the next look, for which the row's stream event sets the next timer.

use std::time::Duration;

use muster_aws::{
    Config, ConfigError, End, Ending, Fault, GameLift, PlacementRow, Stopped, clock,
    telemetry::{Metric, Metrics},
};
use muster_game::placement::{self, Change, Described, Reconcile};
use muster_protocol::Outcome;
use tokio::time::{Instant, sleep};

/// Who changes a placement here.
const BY: &str = "timer";

/// The timers of placements.
pub(crate) struct PlacementTimers {
    ending: Ending,
    gamelift: GameLift,
    /// How long an end is waited for.
    patience: Duration,
}

impl PlacementTimers {
    pub(crate) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { ending: Ending::from_config(config)?, gamelift: GameLift::from_config(config)?, patience: config.placement_patience()? })
    }

    /// Looks at a placement, once it is due.
    pub(crate) async fn look(&self, placement_id: &str, recheck: u32, deadline: Instant, metrics: &Metrics) -> Result<(), Fault> {
        let row = self.ending.placements.get(placement_id).await?;
        match (placement::fired(row.as_ref().map(PlacementRow::rules).as_ref(), recheck, clock::now_milliseconds()), row) {
            (Reconcile::Wait(milliseconds), Some(row)) => {
                let pause = Duration::from_millis(milliseconds);
                if Instant::now() + pause >= deadline {
                    return Err(Fault::because(format!("the timer of a placement fired {milliseconds} ms early")));
                }
                sleep(pause).await;
                self.reconcile(&row, metrics).await
            }
            (Reconcile::Describe, Some(row)) => self.reconcile(&row, metrics).await,
            (Reconcile::Tell, Some(row)) => self.ending.tell(&row).await,
            _ => Ok(()),
        }
    }

    /// Asks GameLift about a placement that is due, and does what its answer calls for.
    async fn reconcile(&self, row: &PlacementRow, metrics: &Metrics) -> Result<(), Fault> {
        metrics.record(Metric::PlacementsReconciled, 1);
        let (described, end) = self.ask(row, metrics).await;
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let next = placement::reconciled(&row.rules(), described, patience, clock::now_milliseconds());
        tracing::warn!(cause = row.cause, by = row.by, placementId = row.placement_id, ?described, ?next, "no event has come");
        match next {
            Reconcile::LookAgain(due_at) => {
                let again = Change::Recheck { from: row.recheck, due_at };
                let changed = self.ending.placements.change(&row.placement_id, BY, |row| row.after(again)).await?;
                match changed.row {
                    // It has ended meanwhile, and whoever ended it may have died since.
                    Some(row) if row.rules().untold().is_some() => self.ending.tell(&row).await,
                    _ => Ok(()),
                }
            }
            Reconcile::End(outcome) => self.end(row, outcome, end).await,
            Reconcile::StopAndEnd(outcome) => {
                // It may have found a server in this very moment: then it is past stopping.
                let end = match self.gamelift.stop(&row.placement_id).await? {
                    Stopped::Stopped => None,
                    Stopped::Refused => self.gamelift.describe(row).await?.1,
                };
                self.end(row, outcome, end).await
            }
            Reconcile::Wait(_) | Reconcile::Describe | Reconcile::Tell | Reconcile::Nothing => Ok(()),
        }
    }

    /// What GameLift says; nothing, if it does not answer. The rules know for how long that is waited for.
    async fn ask(&self, row: &PlacementRow, metrics: &Metrics) -> (Option<Described>, Option<End>) {
        match self.gamelift.describe(row).await {
            Ok((described, end)) => (Some(described), end),
            Err(fault) => {
                tracing::error!(
                    cause = row.cause,
                    by = row.by,
                    placementId = row.placement_id,
                    error = fault.chain(),
                    "GameLift does not answer"
                );
                metrics.record(Metric::Faults, 1);
                (None, None)
            }
        }
    }

    /// Ends a placement like this, unless GameLift describes how it has ended.
    async fn end(&self, row: &PlacementRow, outcome: Outcome, described: Option<End>) -> Result<(), Fault> {
        self.ending.end(&row.placement_id, BY, &described.unwrap_or_else(|| End::usual(outcome))).await.map(drop)
    }
}
