//! What becomes of a batch.

use std::ops::Range;

use super::stream_mapping;
use crate::{
    mappings::{
        delivery::{Condition, Delivery, GivenUp, Step},
        job::Attempt,
    },
    template::StreamMapping,
};

/// What happened to a batch.
#[derive(Debug, Default)]
struct History {
    invoked: Vec<Range<usize>>,
    given_up: Vec<(Range<usize>, Condition, u32)>,
    waits: Vec<u64>,
}

/// An attempt of which the item of this index, and others after it, failed.
pub(super) fn failed_from(index: usize) -> Attempt {
    Attempt { request_id: String::new(), function_error: false, failed: Some([index, index + 2].into()) }
}

pub(super) fn handled() -> Attempt {
    Attempt { failed: Some([].into()), ..failed_from(0) }
}

pub(super) fn failed() -> Attempt {
    Attempt { failed: None, function_error: true, ..failed_from(0) }
}

fn retrying(maximum_retry_attempts: Option<u32>, bisect_batch_on_error: bool) -> StreamMapping {
    StreamMapping { maximum_retry_attempts, bisect_batch_on_error, ..stream_mapping() }
}

/// Delivers `count` records, all written at 0, to a function that answers as `function` says, or cannot be invoked. Waits pass at once.
fn run(mapping: &StreamMapping, age: u64, count: usize, mut function: impl FnMut(Range<usize>) -> Option<Attempt>) -> History {
    let (mut delivery, mut now, mut history) = (Delivery::new(mapping, age, vec![0; count]), 0, History::default());
    loop {
        match delivery.next(now) {
            Step::Invoke(range) => {
                history.invoked.push(range.clone());
                match function(range) {
                    Some(attempt) => delivery.answered(attempt, now),
                    None => delivery.not_invoked(now),
                }
            }
            Step::Wait(until) => {
                history.waits.push(until - now);
                now = until;
            }
            Step::GiveUp(GivenUp { records, condition, invocations, .. }) => history.given_up.push((records, condition, invocations)),
            Step::Done => return history,
        }
    }
}

#[test]
fn a_failing_batch_is_tried_again_whole_and_then_given_up() {
    let history = run(&retrying(Some(8), false), u64::MAX, 3, |_| Some(failed()));
    assert_eq!(history.invoked, vec![0..3; 9]);
    assert_eq!(history.given_up, [(0..3, Condition::RetryAttemptsExhausted, 9)]);
    assert_eq!(history.waits, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
    let history = run(&retrying(Some(0), false), u64::MAX, 2, |_| Some(failed()));
    assert_eq!((history.invoked.len(), history.given_up.len(), history.waits.len()), (1, 1, 0));
}

#[test]
fn no_retry_limit_means_until_the_records_are_too_old() {
    let history = run(&retrying(None, true), 3_600_000, 1, |_| Some(failed()));
    assert_eq!(history.given_up, [(0..1, Condition::RecordAgeExceeded, 366)]);
}

#[test]
fn everything_from_the_lowest_reported_record_is_tried_again() {
    let mut answers = [failed_from(2), handled()].into_iter();
    let history = run(&retrying(Some(1), true), u64::MAX, 5, |_| answers.next());
    assert_eq!((history.invoked, history.waits), (vec![0..5, 2..5], vec![]));
}

#[test]
fn what_is_left_after_a_partial_answer_has_all_its_retries() {
    // As recorded from AWS: three retries, a batch of which the last record fails always.
    let history = run(&retrying(Some(3), false), u64::MAX, 3, |range| Some(failed_from(2 - range.start)));
    assert_eq!(history.invoked, [0..3, 2..3, 2..3, 2..3, 2..3]);
    assert_eq!(history.given_up, [(2..3, Condition::RetryAttemptsExhausted, 4)]);
}

#[test]
fn bisecting_isolates_the_one_bad_record_without_using_up_retries() {
    let history = run(&retrying(Some(2), true), u64::MAX, 8, |range| Some(if range.contains(&5) { failed() } else { handled() }));
    assert_eq!(history.invoked, [0..8, 0..4, 4..8, 4..6, 4..5, 5..6, 5..6, 5..6, 6..8]);
    assert_eq!(history.given_up, [(5..6, Condition::RetryAttemptsExhausted, 3)]);
}

#[test]
fn bisecting_with_a_partial_answer_splits_at_the_reported_record() {
    let answer = |range: Range<usize>| if range.contains(&5) { failed_from(5 - range.start) } else { handled() };
    let history = run(&retrying(Some(2), true), u64::MAX, 8, |range| Some(answer(range)));
    assert_eq!(history.invoked, [0..8, 5..8, 5..6, 5..6, 5..6, 6..8]);
    assert_eq!(history.given_up, [(5..6, Condition::RetryAttemptsExhausted, 3)]);
}

#[test]
fn a_function_that_cannot_be_invoked_uses_up_no_retry() {
    let mut refusals = 50;
    let history = run(&retrying(Some(0), true), u64::MAX, 2, |_| {
        refusals -= 1;
        (refusals < 0).then(handled)
    });
    assert!(history.given_up.is_empty());
    assert_eq!((&history.waits[..3], history.waits[49]), ([100, 200, 400].as_slice(), 10_000));
}

#[test]
fn only_the_records_that_are_too_old_are_given_up() {
    let mapping = stream_mapping();
    let mut delivery = Delivery::new(&mapping, 60_000, vec![0, 1_000, 90_000]);
    let given_up = GivenUp { records: 0..2, condition: Condition::RecordAgeExceeded, invocations: 0, last: None };
    assert_eq!(delivery.next(100_000), Step::GiveUp(given_up));
    assert_eq!(delivery.next(100_000), Step::Invoke(2..3));
    assert_eq!(Delivery::new(&mapping, 0, Vec::new()).next(0), Step::Done);
}
