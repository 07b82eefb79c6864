//! The delivery of one batch: given what happened, what is next. Pure: no I/O and no clock of its own.
//!
//! A batch is a sequence of parts, at first one. Only the first part is ever worked on, so order is kept. A part leaves when it is handled
//! or given up. What is left of a part that got further, and each half of one that was split, is a part anew: it has all its retries, and
//! its invocations are counted from zero. AWS says so of splitting ("doesn't consume the retry quota"); for partial answers, messages
//! recorded from AWS show it: with three retries, a record that fails at the end of its batch is delivered five times, and its dead letter
//! counts four invocations.

use std::{collections::VecDeque, ops::Range, time::Duration};

use super::{answer::Outcome, config::MappingConfig};
use crate::clock;

/// When to split, when to try again and when to give up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) retries: Option<u32>,
    /// Milliseconds.
    pub(super) record_age: u64,
    pub(super) bisect: bool,
    pub(super) first_backoff: Duration,
    pub(super) longest_backoff: Duration,
}

impl Policy {
    /// The policy of a mapping from a stream with this retention: without an age limit, records are retried until they expire.
    pub(super) fn of(config: &MappingConfig, retention: Duration) -> Policy {
        Policy {
            retries: config.maximum_retry_attempts,
            record_age: clock::milliseconds(config.maximum_record_age.map_or(retention, |age| age.min(retention))),
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

/// An invocation that took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) request_id: String,
    /// Whether it ended in an error, rather than in an answer.
    pub(super) function_error: bool,
}

/// Records that were given up together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenUp {
    /// Indices into the batch.
    pub(super) records: Range<usize>,
    pub(super) condition: Condition,
    /// Invocations with the part that these records are of.
    pub(super) invocations: u32,
    /// The last of them.
    pub(super) last: Option<Attempt>,
}

/// What to do next. Ranges are indices into the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Invoke the function with these records, then tell [`Delivery::answered`] or [`Delivery::not_invoked`].
    Invoke(Range<usize>),
    /// Wait before going on, then tell [`Delivery::waited`].
    Wait(Duration),
    /// Report these records, then tell [`Delivery::given_up`].
    GiveUp(GivenUp),
    /// Nothing is left.
    Done,
}

/// Consecutive records that are tried together.
#[derive(Clone, Debug)]
struct Part {
    records: Range<usize>,
    /// Failures, each of which but the first is a retry used up.
    failures: u32,
    /// Times that the function could not be invoked since it last was.
    refusals: u32,
    invocations: u32,
    last: Option<Attempt>,
    exhausted: bool,
}

impl Part {
    fn new(records: Range<usize>) -> Part {
        Part { records, failures: 0, refusals: 0, invocations: 0, last: None, exhausted: false }
    }
}

/// A batch on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    policy: Policy,
    /// When each record was written, epoch milliseconds, oldest first.
    written_at: Vec<u64>,
    /// None of them is empty.
    parts: VecDeque<Part>,
    wait: Option<Duration>,
}

impl Delivery {
    /// A batch of records with these times of writing.
    pub(super) fn new(policy: Policy, written_at: Vec<u64>) -> Delivery {
        let parts = if written_at.is_empty() { VecDeque::new() } else { VecDeque::from([Part::new(0..written_at.len())]) };
        Delivery { policy, written_at, parts, wait: None }
    }

    /// The first record that is neither handled nor given up; the batch's length when all are.
    pub(super) fn checkpoint(&self) -> usize {
        self.parts.front().map_or(self.written_at.len(), |part| part.records.start)
    }

    /// The next step at `now`, epoch milliseconds.
    pub(super) fn next(&self, now: u64) -> Step {
        let Some(part) = self.parts.front() else { return Step::Done };
        let give_up = |records: Range<usize>, condition| {
            Step::GiveUp(GivenUp { records, condition, invocations: part.invocations, last: part.last.clone() })
        };
        if part.exhausted {
            return give_up(part.records.clone(), Condition::RetryAttemptsExhausted);
        }
        let too_old = |index: &usize| now.saturating_sub(self.written_at[*index]) > self.policy.record_age;
        let old = part.records.clone().take_while(too_old).count();
        if old > 0 {
            return give_up(part.records.start..part.records.start + old, Condition::RecordAgeExceeded);
        }
        match self.wait {
            Some(wait) => Step::Wait(wait),
            None => Step::Invoke(part.records.clone()),
        }
    }

    /// The wait is over.
    pub(super) fn waited(&mut self) {
        self.wait = None;
    }

    /// The records of the [`Step::GiveUp`] have been reported.
    pub(super) fn given_up(&mut self, records: &Range<usize>) {
        self.wait = None;
        let Some(part) = self.parts.front_mut() else { return };
        part.records.start = records.end.clamp(part.records.start, part.records.end);
        if part.records.is_empty() {
            self.parts.pop_front();
        }
    }

    /// The function could not be invoked: it is throttled, or not there. That uses up no retry; the guide says that Lambda then "retries
    /// until the records expire or exceed the maximum age".
    pub(super) fn not_invoked(&mut self) {
        let Some(part) = self.parts.front_mut() else { return };
        part.refusals += 1;
        self.wait = Some(self.policy.backoff(part.refusals));
    }

    /// The function was invoked with the first part and this came of it. An index in `outcome` is relative to that part.
    pub(super) fn answered(&mut self, outcome: Outcome, attempt: Attempt) {
        let bisect = self.policy.bisect;
        let Some(part) = self.parts.front_mut() else { return };
        part.invocations += 1;
        part.refusals = 0;
        part.last = Some(attempt);
        let (records, length) = (part.records.clone(), part.records.len());
        match outcome {
            Outcome::Handled => drop(self.parts.pop_front()),
            // The function got this far and may get further: what is left is tried at once.
            Outcome::FailedFrom(index) if (1..length).contains(&index) => *part = Part::new(records.start + index..records.end),
            Outcome::FailedFrom(_) | Outcome::Failed if bisect && length > 1 => {
                let middle = records.start + length / 2;
                *part = Part::new(middle..records.end);
                self.parts.push_front(Part::new(records.start..middle));
            }
            Outcome::FailedFrom(_) | Outcome::Failed => {
                part.failures += 1;
                if self.policy.retries.is_some_and(|retries| part.failures > retries) {
                    part.exhausted = true;
                } else {
                    self.wait = Some(self.policy.backoff(part.failures));
                }
            }
        }
    }
}
