//! The delivery of one batch: given what happened, what is next. Pure: no I/O and no clock of its own.
//!
//! A batch is a sequence of parts, at first one. Only the first part is ever worked on, so order is kept. A part leaves when it is handled
//! or given up; splitting it uses up no retry.

use std::{collections::VecDeque, ops::Range, time::Duration};

use super::{answer::Outcome, config::MappingConfig};
use crate::clock;

/// When to split, when to try again and when to give up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) retries: Option<u32>,
    /// Milliseconds.
    pub(super) record_age: Option<u64>,
    pub(super) bisect: bool,
    pub(super) first_backoff: Duration,
    pub(super) longest_backoff: Duration,
}

impl Policy {
    pub(super) fn of(config: &MappingConfig) -> Policy {
        Policy {
            retries: config.maximum_retry_attempts,
            record_age: config.maximum_record_age.map(clock::milliseconds),
            bisect: config.bisect,
            first_backoff: config.first_backoff,
            longest_backoff: config.longest_backoff,
        }
    }

    fn backoff(&self, failures: u32) -> Duration {
        self.first_backoff.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(self.longest_backoff)
    }
}

/// Why records were given up, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// What to do next. Ranges are indices into the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Invoke the function with these records, then tell [`Delivery::answered`].
    Invoke(Range<usize>),
    /// Wait before going on, then tell [`Delivery::waited`].
    Wait(Duration),
    /// Report these records as given up after so many invocations, then tell [`Delivery::given_up`].
    GiveUp { records: Range<usize>, condition: Condition, invocations: u32 },
    /// Nothing is left.
    Done,
}

/// Consecutive records that are tried together.
#[derive(Clone, Debug)]
struct Part {
    records: Range<usize>,
    /// Failures that counted as retries.
    failures: u32,
    /// Throttles since the last invocation that took place.
    throttles: u32,
    invocations: u32,
    exhausted: bool,
}

/// A batch on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    policy: Policy,
    /// When each record was written, epoch milliseconds, oldest first.
    written_at: Vec<u64>,
    parts: VecDeque<Part>,
    wait: Option<Duration>,
}

impl Delivery {
    /// A batch of records with these times of writing.
    pub(super) fn new(policy: Policy, written_at: Vec<u64>) -> Delivery {
        let records = 0..written_at.len();
        let part = Part { records, failures: 0, throttles: 0, invocations: 0, exhausted: false };
        let parts = if written_at.is_empty() { VecDeque::new() } else { VecDeque::from([part]) };
        Delivery { policy, written_at, parts, wait: None }
    }

    /// The first record that is neither handled nor given up; the batch's length when all are.
    pub(super) fn checkpoint(&self) -> usize {
        self.parts.front().map_or(self.written_at.len(), |part| part.records.start)
    }

    /// The next step at `now`, epoch milliseconds.
    pub(super) fn next(&self, now: u64) -> Step {
        let Some(part) = self.parts.front() else { return Step::Done };
        let (records, invocations) = (part.records.clone(), part.invocations);
        if part.exhausted {
            return Step::GiveUp { records, condition: Condition::RetryAttemptsExhausted, invocations };
        }
        let too_old = |index: &usize| self.policy.record_age.is_some_and(|age| now.saturating_sub(self.written_at[*index]) > age);
        let old = records.clone().take_while(too_old).count();
        if old > 0 {
            let records = records.start..records.start + old;
            return Step::GiveUp { records, condition: Condition::RecordAgeExceeded, invocations };
        }
        match self.wait {
            Some(wait) => Step::Wait(wait),
            None => Step::Invoke(records),
        }
    }

    /// The wait is over.
    pub(super) fn waited(&mut self) {
        self.wait = None;
    }

    /// The records of the [`Step::GiveUp`] have been reported.
    pub(super) fn given_up(&mut self, records: &Range<usize>) {
        self.wait = None;
        self.advance(records.end);
    }

    /// The function was invoked with the first part and this came of it. An index in `outcome` is relative to that part.
    pub(super) fn answered(&mut self, outcome: Outcome) {
        let bisect = self.policy.bisect;
        let Some(part) = self.parts.front_mut() else { return };
        let length = part.records.len();
        part.invocations += u32::from(outcome != Outcome::Throttled);
        match outcome {
            Outcome::Handled => {
                let end = part.records.end;
                self.advance(end);
            }
            Outcome::Throttled => {
                part.throttles += 1;
                self.wait = Some(self.policy.backoff(part.throttles));
            }
            // The function got this far and may get further: what is left is tried at once.
            Outcome::FailedFrom(index) if bisect && (1..length).contains(&index) => {
                part.throttles = 0;
                let start = part.records.start + index;
                self.advance(start);
            }
            Outcome::FailedFrom(index) if (1..length).contains(&index) => {
                let start = part.records.start + index;
                self.advance(start);
                self.failed();
            }
            Outcome::FailedFrom(_) | Outcome::Failed if bisect && length > 1 => self.halve(),
            Outcome::FailedFrom(_) | Outcome::Failed => self.failed(),
        }
    }

    /// Splits the first part in two, the second not smaller than the first.
    fn halve(&mut self) {
        let Some(whole) = self.parts.pop_front() else { return };
        let middle = whole.records.start + whole.records.len() / 2;
        self.parts.push_front(Part { records: middle..whole.records.end, throttles: 0, ..whole.clone() });
        self.parts.push_front(Part { records: whole.records.start..middle, throttles: 0, ..whole });
    }

    /// Counts a failure of the first part: it is tried again later, or given up.
    fn failed(&mut self) {
        let Some(part) = self.parts.front_mut() else { return };
        part.throttles = 0;
        part.failures += 1;
        if self.policy.retries.is_some_and(|retries| part.failures > retries) {
            part.exhausted = true;
        } else {
            self.wait = Some(self.policy.backoff(part.failures));
        }
    }

    /// Everything before `start` is done with.
    fn advance(&mut self, start: usize) {
        let Some(part) = self.parts.front_mut() else { return };
        part.records.start = start.clamp(part.records.start, part.records.end);
        if part.records.is_empty() {
            self.parts.pop_front();
        }
    }
}
