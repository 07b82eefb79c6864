//! Timers: delayed messages that make somebody look, should nothing have happened until then.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};
use aws_smithy_types::retry::RetryConfig;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::{Config, ConfigError, Fault, PlacementRow, clock, sdk};

/// Longest delay of a message in SQS, in seconds. A timer that fires early because of it waits for another round.
const LONGEST_DELAY: u64 = 900;

/// Most messages of one request, which is billed as one.
const BATCH: usize = 10;

/// What a timer says: at which row somebody is to look again, and for what it was set, so that one that comes late or twice is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Timer {
    /// At a match whose clock has to act.
    Match {
        /// The match.
        match_id: String,
        /// The revision that armed it.
        armed: u64,
        /// When it is due, in epoch milliseconds.
        due_at: u64,
        /// The request that opened the match.
        cause: String,
    },
    /// At a placement of which nobody has heard.
    Placement {
        /// The placement.
        placement_id: String,
        /// Which look it is for.
        recheck: u32,
        /// When it is due, in epoch milliseconds.
        due_at: u64,
        /// The request that led to the placement.
        cause: String,
    },
    /// At a pool in which somebody waits.
    Pool {
        /// The pool.
        pool: String,
        /// When it is due, in epoch milliseconds.
        due_at: u64,
        /// The request that led to it.
        cause: String,
    },
}

impl Timer {
    /// When it is due, in epoch milliseconds.
    #[must_use]
    pub const fn due_at(&self) -> u64 {
        match self {
            Self::Match { due_at, .. } | Self::Placement { due_at, .. } | Self::Pool { due_at, .. } => *due_at,
        }
    }

    /// The request that led to the row.
    #[must_use]
    pub fn cause(&self) -> &str {
        match self {
            Self::Match { cause, .. } | Self::Placement { cause, .. } | Self::Pool { cause, .. } => cause,
        }
    }
}

impl From<&PlacementRow> for Timer {
    fn from(row: &PlacementRow) -> Self {
        Self::Placement { placement_id: row.placement_id.clone(), recheck: row.recheck, due_at: row.due_at, cause: row.cause.clone() }
    }
}

/// The queue of all timers.
#[derive(Debug)]
pub struct Timers {
    client: Client,
    queue: String,
}

impl Timers {
    /// Reads `TIMERS_QUEUE_URL`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let sdk = sdk::sdk_config(config, config.endpoint("SQS"), RetryConfig::standard())?;
        Ok(Self { client: Client::new(&sdk), queue: config.required("TIMERS_QUEUE_URL")?.to_owned() })
    }

    /// Sets a timer. Set again, it fires twice, which does nothing more.
    ///
    /// # Errors
    /// A [`Fault`] if the queue cannot be written to.
    pub async fn set(&self, timer: &Timer) -> Result<(), Fault> {
        let body = serde_json::to_string(timer).map_err(|error| Fault::new("writing a timer as JSON", error))?;
        let delay = delay_seconds(timer.due_at(), clock::now_milliseconds());
        let send = self.client.send_message().queue_url(&self.queue).message_body(body).delay_seconds(delay);
        send.send().await.map_err(|error| Fault::new("setting a timer", error))?;
        Ok(())
    }

    /// Sets timers, ten with each request. Answers with those that were not set, by their place among `timers`, and why.
    pub async fn set_all(&self, timers: &[Timer]) -> Vec<(usize, Fault)> {
        let batches = timers.chunks(BATCH).enumerate();
        let set = batches.map(async |(number, batch)| {
            let failed = match self.set_batch(batch).await {
                Ok(failed) => failed,
                Err(fault) => (0..batch.len()).map(|index| (index, fault.chain())).collect(),
            };
            failed.into_iter().map(move |(index, reason)| (number * BATCH + index, Fault::new("setting timers", reason)))
        });
        join_all(set).await.into_iter().flatten().collect()
    }

    /// Sets as many timers as one request takes. Answers with those that SQS refused, by their place, and why.
    async fn set_batch(&self, timers: &[Timer]) -> Result<Vec<(usize, String)>, Fault> {
        let now = clock::now_milliseconds();
        let entry = |(index, timer): (usize, &Timer)| {
            let body = serde_json::to_string(timer).map_err(|error| Fault::new("writing a timer as JSON", error))?;
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body);
            let entry = entry.delay_seconds(delay_seconds(timer.due_at(), now)).build();
            entry.map_err(|error| Fault::new("making a timer's message", error))
        };
        let entries = timers.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        let send = self.client.send_message_batch().queue_url(&self.queue).set_entries(Some(entries));
        let answer = send.send().await.map_err(|error| Fault::new("sending timers", error))?;
        let refused = answer.failed.into_iter().map(|failed| {
            let reason = format!("{}: {}", failed.code, failed.message.unwrap_or_default());
            let index = failed.id.parse().map_err(|error| Fault::new("reading which timer was refused", error))?;
            Ok((index, reason))
        });
        refused.collect()
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
