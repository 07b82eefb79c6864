//! The delivery of one batch: given what happened, what is next. Pure: no I/O and no clock of its own. Times are epoch milliseconds.
//!
//! A batch is a sequence of parts, at first one. Only the first part is ever worked on, so order is kept. A part leaves when it is handled
//! or given up. What is left of a part that got further, and each half of one that was split, is a part anew: it has all its retries, and
//! its invocations are counted from zero. AWS says so of splitting ("doesn't consume the retry quota"); for partial answers, messages
//! recorded from AWS show it: with three retries, a record that fails at the end of its batch is delivered five times, and its dead letter
//! counts four invocations.

use std::{collections::VecDeque, ops::Range};

use super::job::Attempt;
use crate::template::StreamMapping;

/// How long to wait after so many failures in sequence, in milliseconds: 0.1 seconds after the first, twice as long after each further one,
/// and 10 seconds at most. AWS publishes no times. These end an outage of minutes seconds after it is over.
pub(super) fn backoff(failures: u32) -> u64 {
    (100 << failures.saturating_sub(1).min(20)).min(10_000)
}

/// Why records were given up, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

/// Records that were given up together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenUp {
    /// Indices into the batch.
    pub(super) records: Range<usize>,
    pub(super) condition: Condition,
    /// Invocations with the part that these records are of, and the last of them.
    pub(super) invocations: u32,
    pub(super) last: Option<Attempt>,
}

/// What to do next. Ranges are indices into the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Invoke the function with these records, then tell [`Delivery::answered`] or [`Delivery::not_invoked`].
    Invoke(Range<usize>),
    /// Wait until then.
    Wait(u64),
    /// Report these records, which have left.
    GiveUp(GivenUp),
    /// Nothing is left.
    Done,
}

/// Consecutive records that are tried together.
#[derive(Clone, Debug, Default)]
struct Part {
    records: Range<usize>,
    /// Invocations, all of which failed. Each but the first is a retry used up.
    failures: u32,
    last: Option<Attempt>,
    /// Times that the function could not be invoked since it last was.
    refusals: u32,
    /// When it may be tried again.
    due: u64,
}

/// A batch on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery<'a> {
    mapping: &'a StreamMapping,
    /// The age at which a record is given up.
    record_age: u64,
    /// When each record was written, oldest first.
    written_at: Vec<u64>,
    /// None of them is empty.
    parts: VecDeque<Part>,
}

impl<'a> Delivery<'a> {
    /// A batch of records with these times of writing.
    pub(super) fn new(mapping: &'a StreamMapping, record_age: u64, written_at: Vec<u64>) -> Delivery<'a> {
        let mut delivery = Delivery { mapping, record_age, written_at, parts: VecDeque::new() };
        delivery.begin(0..delivery.written_at.len());
        delivery
    }

    /// Puts these records before all others, to be tried anew.
    fn begin(&mut self, records: Range<usize>) {
        if !records.is_empty() {
            self.parts.push_front(Part { records, ..Part::default() });
        }
    }

    /// The first record that is neither handled nor given up; the batch's length when all are.
    pub(super) fn checkpoint(&self) -> usize {
        self.parts.front().map_or(self.written_at.len(), |part| part.records.start)
    }

    /// The next step at `now`.
    pub(super) fn next(&mut self, now: u64) -> Step {
        let Some(part) = self.parts.front_mut() else { return Step::Done };
        let Range { start, end } = part.records;
        let too_old = |index: &usize| now.saturating_sub(self.written_at[*index]) > self.record_age;
        let (condition, count) = if self.mapping.maximum_retry_attempts.is_some_and(|retries| part.failures > retries) {
            (Condition::RetryAttemptsExhausted, end - start)
        } else {
            (Condition::RecordAgeExceeded, (start..end).take_while(too_old).count())
        };
        if count > 0 {
            let given_up = GivenUp { records: start..start + count, condition, invocations: part.failures, last: part.last.clone() };
            part.records.start += count;
            self.parts.pop_front_if(|part| part.records.is_empty());
            return Step::GiveUp(given_up);
        }
        if part.due > now { Step::Wait(part.due) } else { Step::Invoke(start..end) }
    }

    /// The function could not be invoked: it is throttled, or not there. That uses up no retry; the guide says that Lambda then "retries
    /// until the records expire or exceed the maximum age".
    pub(super) fn not_invoked(&mut self, now: u64) {
        let Some(part) = self.parts.front_mut() else { return };
        part.refusals += 1;
        part.due = now + backoff(part.refusals);
    }

    /// The function was invoked with the first part and this came of it. The lowest item that failed counts: those before it are handled,
    /// it and those after it are to be seen again.
    pub(super) fn answered(&mut self, attempt: Attempt, now: u64) {
        let Some(mut part) = self.parts.pop_front() else { return };
        let Range { start, end } = part.records;
        let failed = attempt.failed.as_ref().map_or(start, |failed| failed.first().map_or(end, |first| end.min(start + first)));
        if failed > start {
            // The function got this far and may get further: what is left is tried at once.
            self.begin(failed..end);
        } else if self.mapping.bisect_batch_on_error && end - start > 1 {
            let middle = start.midpoint(end);
            self.begin(middle..end);
            self.begin(start..middle);
        } else {
            part.failures += 1;
            part.refusals = 0;
            part.last = Some(attempt);
            part.due = now + backoff(part.failures);
            self.parts.push_front(part);
        }
    }
}
