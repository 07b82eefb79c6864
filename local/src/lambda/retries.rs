//! An asynchronous invocation: given what happened, what is next. Pure: no I/O and no clock of its own.
//!
//! The rules are those of the Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation": a function
//! error is tried again after one minute and then after two; a throttle is tried again after a second, then after twice as long each time
//! up to five minutes, and uses up no retry; what is older than the function's limit is given up.

use std::time::Duration;

use crate::clock::milliseconds;

/// What a function's `EventInvokeConfig` says of its asynchronous invocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInvokeConfig {
    /// How often a failed invocation is tried again, 0 to 2 times.
    pub maximum_retry_attempts: u32,
    /// How old an event may become before it is given up, 60 s to 6 hours.
    pub maximum_event_age: Duration,
    /// The ARN of the SQS queue that gets a record of each event that was given up.
    pub on_failure_queue: Option<String>,
}

impl Default for EventInvokeConfig {
    /// AWS's defaults: two retries, six hours, no queue.
    fn default() -> EventInvokeConfig {
        EventInvokeConfig { maximum_retry_attempts: 2, maximum_event_age: Duration::from_secs(6 * 60 * 60), on_failure_queue: None }
    }
}

/// The waits between the attempts of an asynchronous invocation. Each kind doubles from one wait to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryWaits {
    /// After the first function error.
    pub function_error: Duration,
    /// After the first throttle.
    pub throttle: Duration,
    /// After a throttle at most.
    pub longest_throttle: Duration,
}

impl Default for RetryWaits {
    /// AWS's waits.
    fn default() -> RetryWaits {
        RetryWaits { function_error: Duration::from_secs(60), throttle: Duration::from_secs(1), longest_throttle: Duration::from_secs(300) }
    }
}

/// Why an event was given up, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    RetriesExhausted,
    EventAgeExceeded,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Handled,
    Failed,
    Throttled,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Invoke the function, then tell [`Retries::answered`].
    Invoke,
    /// Wait, then tell [`Retries::waited`].
    Wait(Duration),
    /// Tell the queue for failures. Nothing comes after it.
    GiveUp(Condition),
    /// The event is handled.
    Done,
}

/// An event on its way to its function.
#[derive(Clone, Debug)]
pub(super) struct Retries {
    retries: u32,
    /// Milliseconds.
    age: u64,
    waits: RetryWaits,
    /// Epoch milliseconds.
    accepted_at: u64,
    failures: u32,
    /// Throttles since the last attempt that took place.
    throttles: u32,
    handled: bool,
    wait: Option<Duration>,
}

impl Retries {
    /// An event accepted at `now`, epoch milliseconds.
    pub(super) fn new(config: &EventInvokeConfig, waits: RetryWaits, now: u64) -> Retries {
        let (retries, age) = (config.maximum_retry_attempts, milliseconds(config.maximum_event_age));
        Retries { retries, age, waits, accepted_at: now, failures: 0, throttles: 0, handled: false, wait: None }
    }

    /// How often the function has run.
    pub(super) fn invocations(&self) -> u32 {
        self.failures + u32::from(self.handled)
    }

    /// The next step at `now`, epoch milliseconds.
    pub(super) fn next(&self, now: u64) -> Step {
        let age = now.saturating_sub(self.accepted_at);
        if self.handled {
            return Step::Done;
        }
        if self.failures > self.retries {
            return Step::GiveUp(Condition::RetriesExhausted);
        }
        if age > self.age {
            return Step::GiveUp(Condition::EventAgeExceeded);
        }
        // What would become too old while it waits is given up at that moment, not after the rest of the wait.
        let remaining = Duration::from_millis(self.age - age + 1);
        self.wait.map_or(Step::Invoke, |wait| Step::Wait(wait.min(remaining)))
    }

    /// The wait is over.
    pub(super) fn waited(&mut self) {
        self.wait = None;
    }

    /// The function was invoked and this came of it.
    pub(super) fn answered(&mut self, outcome: Outcome) {
        let doubled = |first: Duration, times: u32| first.saturating_mul(1 << times.saturating_sub(1).min(20));
        match outcome {
            Outcome::Handled => self.handled = true,
            Outcome::Failed => {
                self.failures += 1;
                self.throttles = 0;
                self.wait = Some(doubled(self.waits.function_error, self.failures));
            }
            Outcome::Throttled => {
                self.throttles += 1;
                self.wait = Some(doubled(self.waits.throttle, self.throttles).min(self.waits.longest_throttle));
            }
        }
    }
}
