//! What becomes of a batch.

use std::{ops::Range, time::Duration};

use crate::streams::{
    MappingConfig,
    answer::Outcome,
    delivery::{Attempt, Condition, Delivery, GivenUp, Policy, Step},
};

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy { retries: Some(2), record_age: u64::MAX, bisect: false, first_backoff: SECOND, longest_backoff: 3 * SECOND }
}

/// What happened to a batch.
#[derive(Debug, Default)]
struct History {
    invoked: Vec<Range<usize>>,
    given_up: Vec<(Range<usize>, Condition, u32)>,
    waits: Vec<u64>,
}

fn attempt(number: usize) -> Attempt {
    Attempt { request_id: number.to_string(), function_error: false }
}

/// Delivers `count` records, all written at 0, to a function that answers as `function` says, or cannot be invoked. Waits pass at once, on
/// a clock of their own.
fn run(policy: &Policy, count: usize, mut function: impl FnMut(Range<usize>) -> Option<Outcome>) -> History {
    let (mut delivery, mut now, mut history) = (Delivery::new(policy.clone(), vec![0; count]), 0, History::default());
    loop {
        let before = delivery.checkpoint();
        match delivery.next(now) {
            Step::Invoke(range) => {
                assert_eq!(range.start, before, "the oldest record is always tried first");
                history.invoked.push(range.clone());
                match function(range) {
                    Some(outcome) => delivery.answered(outcome, attempt(history.invoked.len())),
                    None => delivery.not_invoked(),
                }
            }
            Step::Wait(time) => {
                now += time.as_millis() as u64;
                history.waits.push(time.as_secs());
                delivery.waited();
            }
            Step::GiveUp(GivenUp { records, condition, invocations, last }) => {
                assert_eq!(records.start, before);
                assert_eq!(last, Some(attempt(history.invoked.len())));
                delivery.given_up(&records);
                history.given_up.push((records, condition, invocations));
            }
            Step::Done => break,
        }
        assert!(history.invoked.len() < 10_000, "it comes to an end");
    }
    history
}

#[test]
fn a_failing_batch_is_tried_again_whole_and_then_given_up() {
    let history = run(&policy(), 3, |_| Some(Outcome::Failed));
    assert_eq!(history.invoked, [0..3, 0..3, 0..3]);
    assert_eq!(history.given_up, [(0..3, Condition::RetryAttemptsExhausted, 3)]);
    assert_eq!(history.waits, [1, 2]);
}

#[test]
fn the_wait_before_a_retry_doubles_up_to_its_limit() {
    let history = run(&Policy { retries: Some(4), ..policy() }, 1, |_| Some(Outcome::Failed));
    assert_eq!(history.waits, [1, 2, 3, 3]);
}

#[test]
fn no_retry_limit_means_until_the_records_are_too_old() {
    let history = run(&Policy { retries: None, record_age: 10_000, ..policy() }, 2, |_| Some(Outcome::Failed));
    assert_eq!(history.given_up, [(0..2, Condition::RecordAgeExceeded, 5)]);
}

#[test]
fn without_retries_one_failure_is_enough() {
    let history = run(&Policy { retries: Some(0), ..policy() }, 2, |_| Some(Outcome::Failed));
    assert_eq!((history.invoked.len(), history.given_up.len(), history.waits.len()), (1, 1, 0));
}

#[test]
fn everything_from_the_lowest_reported_record_is_tried_again() {
    let mut first = true;
    let history = run(&policy(), 5, |_| Some(if std::mem::take(&mut first) { Outcome::FailedFrom(2) } else { Outcome::Handled }));
    assert_eq!(history.invoked, [0..5, 2..5]);
    assert!(history.waits.is_empty());
}

#[test]
fn what_is_left_after_a_partial_answer_has_all_its_retries() {
    // As recorded from AWS: three retries, a batch of which the last record fails always.
    let policy = Policy { retries: Some(3), ..policy() };
    let history = run(&policy, 3, |range| Some(Outcome::FailedFrom(2 - range.start)));
    assert_eq!(history.invoked, [0..3, 2..3, 2..3, 2..3, 2..3]);
    assert_eq!(history.given_up, [(2..3, Condition::RetryAttemptsExhausted, 4)]);
}

#[test]
fn bisecting_isolates_the_one_bad_record_without_using_up_retries() {
    let history =
        run(&Policy { bisect: true, ..policy() }, 8, |range| Some(if range.contains(&5) { Outcome::Failed } else { Outcome::Handled }));
    assert_eq!(history.invoked, [0..8, 0..4, 4..8, 4..6, 4..5, 5..6, 5..6, 5..6, 6..8]);
    assert_eq!(history.given_up, [(5..6, Condition::RetryAttemptsExhausted, 3)]);
}

#[test]
fn bisecting_with_a_partial_answer_splits_at_the_reported_record() {
    let bad = 5;
    let history = run(&Policy { bisect: true, ..policy() }, 8, |range| {
        Some(if range.contains(&bad) { Outcome::FailedFrom(bad - range.start) } else { Outcome::Handled })
    });
    assert_eq!(history.invoked, [0..8, 5..8, 5..6, 5..6, 5..6, 6..8]);
    assert_eq!(history.given_up.len(), 1);
    assert_eq!(history.given_up[0].0, 5..6);
}

#[test]
fn a_function_that_cannot_be_invoked_uses_up_no_retry() {
    let mut refusals = 50;
    let history = run(&Policy { retries: Some(0), ..policy() }, 2, |_| {
        refusals -= 1;
        (refusals < 0).then_some(Outcome::Handled)
    });
    assert!(history.given_up.is_empty());
    assert_eq!(history.waits[..4], [1, 2, 3, 3]);
}

#[test]
fn only_the_records_that_are_too_old_are_given_up() {
    let mut delivery = Delivery::new(Policy { record_age: 60_000, ..policy() }, vec![0, 1_000, 90_000]);
    let given_up = GivenUp { records: 0..2, condition: Condition::RecordAgeExceeded, invocations: 0, last: None };
    assert_eq!(delivery.next(100_000), Step::GiveUp(given_up));
    delivery.given_up(&(0..2));
    assert_eq!(delivery.next(100_000), Step::Invoke(2..3));
}

#[test]
fn a_mapping_without_an_age_limit_retries_until_records_expire() {
    let day = Duration::from_secs(24 * 60 * 60);
    let of = |maximum_record_age| Policy::of(&MappingConfig { maximum_record_age, ..MappingConfig::default() }, day).record_age;
    assert_eq!([of(None), of(Some(7 * day)), of(Some(60 * SECOND))], [86_400_000, 86_400_000, 60_000]);
}

#[test]
fn an_empty_batch_is_done() {
    assert_eq!(Delivery::new(policy(), Vec::new()).next(0), Step::Done);
}
