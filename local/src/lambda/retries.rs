//! An asynchronous invocation: given what happened, what is next. Pure: no I/O and no clock of its own.
//!
//! The rules are those of the Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation": a function
//! error is tried again after one minute and then after two; a throttle is tried again after a second, then after twice as long each time
//! up to five minutes, and uses up no retry; what is older than the function's limit is given up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{clock::milliseconds, template::EventInvoke};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Invoke the function, and tell [`Retries::failed`] if that fails.
    Invoke,
    Wait(Duration),
    /// Tell the queue for failures, with AWS's word for why. Nothing comes after it.
    GiveUp(&'static str),
}

/// An event on its way to its function. Times are epoch milliseconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Retries {
    accepted_at: u64,
    /// When it is tried next.
    due: u64,
    /// How often the function has run.
    pub(super) failures: u32,
    /// Throttles since the last attempt that took place.
    throttles: u32,
}

impl Retries {
    /// An event accepted at `now`.
    pub(super) fn new(now: u64) -> Retries {
        Retries { accepted_at: now, due: now, failures: 0, throttles: 0 }
    }

    /// The next step at `now`.
    pub(super) fn next(&self, rules: &EventInvoke, now: u64) -> Step {
        let (age, oldest) = (now.saturating_sub(self.accepted_at), milliseconds(rules.maximum_event_age));
        if self.failures > rules.maximum_retry_attempts {
            Step::GiveUp("RetriesExhausted")
        } else if age > oldest {
            Step::GiveUp("EventAgeExceeded")
        } else if now >= self.due {
            Step::Invoke
        } else {
            // What would become too old while it waits is given up at that moment, not after the rest of the wait.
            Step::Wait(Duration::from_millis((self.due - now).min(oldest - age + 1)))
        }
    }

    /// The function has failed, or was throttled instead of being run. `first` is the wait after a first failure, 60 seconds on AWS; all
    /// others are in proportion.
    pub(super) fn failed(&mut self, throttled: bool, first: Duration, now: u64) {
        let doubled = |first: Duration, times: u32| first.saturating_mul(1 << times.min(20));
        let wait = if throttled {
            self.throttles += 1;
            doubled(first / 60, self.throttles - 1).min(first * 5)
        } else {
            self.failures += 1;
            self.throttles = 0;
            doubled(first, self.failures - 1)
        };
        self.due = now.saturating_add(milliseconds(wait));
    }
}
