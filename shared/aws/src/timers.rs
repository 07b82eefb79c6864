//! Timers: delayed messages that make somebody look, should nothing have happened until then.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

use crate::{Config, ConfigError, Fault, PlacementRow, clock, sdk};

/// Longest delay of a message in SQS, in seconds. A timer that fires early because of it waits for another round.
const LONGEST_DELAY: u64 = 900;

/// What the timer of a placement says: which look at which placement it is for, so that one that comes late or twice is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileTimer {
    /// The placement.
    pub placement_id: String,
    /// Which look it is for.
    pub recheck: u32,
    /// When it is due, in epoch milliseconds.
    pub due_at: u64,
    /// The request that led to it.
    pub cause: String,
}

impl From<&PlacementRow> for ReconcileTimer {
    fn from(row: &PlacementRow) -> Self {
        Self { placement_id: row.placement_id.clone(), recheck: row.recheck, due_at: row.due_at, cause: row.cause.clone() }
    }
}

/// What the timer of a round says: which round of which match it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundTimer {
    /// The match.
    pub match_id: String,
    /// The round.
    pub round: u32,
    /// When its time is up, in epoch milliseconds.
    pub due_at: u64,
    /// The request that led to it.
    pub cause: String,
}

/// What the timer of a pool says: when it is to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RematchTimer {
    /// The pool.
    pub pool: String,
    /// When it is due, in epoch milliseconds.
    pub due_at: u64,
    /// The request that led to it.
    pub cause: String,
}

/// A message that is delayed until it is due.
pub trait Timer: Serialize {
    /// When it is due, in epoch milliseconds.
    fn due_at(&self) -> u64;
}

impl Timer for ReconcileTimer {
    fn due_at(&self) -> u64 {
        self.due_at
    }
}

impl Timer for RoundTimer {
    fn due_at(&self) -> u64 {
        self.due_at
    }
}

impl Timer for RematchTimer {
    fn due_at(&self) -> u64 {
        self.due_at
    }
}

/// A queue of timers. Only the stream consumer that has seen the row change may set one: a timer that set the next one itself would
/// be a loop, which AWS stops after some rounds.
#[derive(Debug)]
pub struct Timers {
    client: Client,
    queue: String,
}

impl Timers {
    /// Reads the variable with the queue's URL.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config, queue: &'static str) -> Result<Self, ConfigError> {
        let sdk = sdk::sdk_config(config, config.endpoint("SQS"), RetryConfig::standard())?;
        Ok(Self { client: Client::new(&sdk), queue: config.required(queue)?.to_owned() })
    }

    /// Sets a timer. Set again, it fires twice, which does nothing more.
    ///
    /// # Errors
    /// A [`Fault`] if the queue cannot be written to.
    pub async fn set(&self, timer: &impl Timer) -> Result<(), Fault> {
        let body = serde_json::to_string(timer).map_err(|error| Fault::new("writing a timer as JSON", error))?;
        let delay = delay_seconds(timer.due_at(), clock::now_milliseconds());
        let send = self.client.send_message().queue_url(&self.queue).message_body(body).delay_seconds(delay);
        send.send().await.map_err(|error| Fault::new("setting a timer", error))?;
        Ok(())
    }
}

/// The whole seconds from `now` until `due_at`, rounded up, as far as SQS can wait.
fn delay_seconds(due_at: u64, now: u64) -> i32 {
    let seconds = Duration::from_millis(due_at.saturating_sub(now)).as_millis().div_ceil(1_000);
    i32::try_from(seconds.min(u128::from(LONGEST_DELAY))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_never_fires_before_it_is_due_but_for_the_longest_delay() {
        assert_eq!(delay_seconds(10_000, 10_000), 0);
        assert_eq!(delay_seconds(10_000, 20_000), 0);
        assert_eq!(delay_seconds(10_001, 10_000), 1);
        assert_eq!(delay_seconds(12_000, 10_000), 2);
        assert_eq!(delay_seconds(10_000_000, 0), 900);
    }
}
