//! What becomes of a batch.

use std::{ops::Range, time::Duration};

use proptest::prelude::*;

use crate::streams::{
    answer::Outcome,
    delivery::{Condition, Delivery, Policy, Step},
};

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy { retries: Some(2), record_age: None, bisect: false, first_backoff: SECOND, longest_backoff: 3 * SECOND }
}

/// What happened to a batch.
#[derive(Debug, Default)]
struct History {
    invoked: Vec<Range<usize>>,
    given_up: Vec<(Range<usize>, Condition, u32)>,
    waits: Vec<u64>,
    /// Records in the order in which they were done with.
    left: Vec<usize>,
}

/// Delivers `count` records, all written at 0, to a function that answers as `function` says. Waits pass at once, on a clock of their own.
fn run(policy: &Policy, count: usize, mut function: impl FnMut(Range<usize>) -> Outcome) -> History {
    let (mut delivery, mut now, mut history) = (Delivery::new(policy.clone(), vec![0; count]), 0, History::default());
    loop {
        let before = delivery.checkpoint();
        match delivery.next(now) {
            Step::Invoke(range) => {
                assert_eq!(range.start, before, "the oldest record is always tried first");
                history.invoked.push(range.clone());
                delivery.answered(function(range));
            }
            Step::Wait(time) => {
                now += time.as_millis() as u64;
                history.waits.push(time.as_secs());
                delivery.waited();
            }
            Step::GiveUp { records, condition, invocations } => {
                assert_eq!(records.start, before);
                delivery.given_up(&records);
                history.given_up.push((records, condition, invocations));
            }
            Step::Done => break,
        }
        history.left.extend(before..delivery.checkpoint());
        assert!(history.invoked.len() < 10_000, "it comes to an end");
    }
    history
}

#[test]
fn a_failing_batch_is_tried_again_whole_and_then_given_up() {
    let history = run(&policy(), 3, |_| Outcome::Failed);
    assert_eq!(history.invoked, [0..3, 0..3, 0..3]);
    assert_eq!(history.given_up, [(0..3, Condition::RetryAttemptsExhausted, 3)]);
    assert_eq!(history.waits, [1, 2]);
}

#[test]
fn the_wait_before_a_retry_doubles_up_to_its_limit() {
    let history = run(&Policy { retries: Some(4), ..policy() }, 1, |_| Outcome::Failed);
    assert_eq!(history.waits, [1, 2, 3, 3]);
}

#[test]
fn no_retry_limit_means_until_the_records_are_too_old() {
    let history = run(&Policy { retries: None, record_age: Some(10_000), ..policy() }, 2, |_| Outcome::Failed);
    assert_eq!(history.given_up, [(0..2, Condition::RecordAgeExceeded, 5)]);
}

#[test]
fn without_retries_one_failure_is_enough() {
    let history = run(&Policy { retries: Some(0), ..policy() }, 2, |_| Outcome::Failed);
    assert_eq!((history.invoked.len(), history.given_up.len(), history.waits.len()), (1, 1, 0));
}

#[test]
fn everything_from_the_lowest_reported_record_is_tried_again() {
    let mut first = true;
    let history = run(&policy(), 5, |_| if std::mem::take(&mut first) { Outcome::FailedFrom(2) } else { Outcome::Handled });
    assert_eq!(history.invoked, [0..5, 2..5]);
    assert_eq!(history.waits, [1]);
}

#[test]
fn bisecting_isolates_the_one_bad_record_without_using_up_retries() {
    let history = run(&Policy { bisect: true, ..policy() }, 8, |range| if range.contains(&5) { Outcome::Failed } else { Outcome::Handled });
    assert_eq!(history.invoked, [0..8, 0..4, 4..8, 4..6, 4..5, 5..6, 5..6, 5..6, 6..8]);
    // Tried in four batches of several records' and three times alone.
    assert_eq!(history.given_up, [(5..6, Condition::RetryAttemptsExhausted, 6)]);
}

#[test]
fn bisecting_with_a_partial_answer_splits_at_the_reported_record() {
    let bad = 5;
    let history = run(&Policy { bisect: true, ..policy() }, 8, |range| {
        if range.contains(&bad) { Outcome::FailedFrom(bad - range.start) } else { Outcome::Handled }
    });
    assert_eq!(history.invoked, [0..8, 5..8, 5..6, 5..6, 5..6, 6..8]);
    assert_eq!(history.given_up.len(), 1);
    assert_eq!(history.given_up[0].0, 5..6);
}

#[test]
fn throttling_uses_up_no_retry() {
    let mut throttles = 50;
    let history = run(&Policy { retries: Some(0), ..policy() }, 2, |_| {
        throttles -= 1;
        if throttles < 0 { Outcome::Handled } else { Outcome::Throttled }
    });
    assert!(history.given_up.is_empty());
    assert_eq!(history.waits[..4], [1, 2, 3, 3]);
}

#[test]
fn only_the_records_that_are_too_old_are_given_up() {
    let mut delivery = Delivery::new(Policy { record_age: Some(60_000), ..policy() }, vec![0, 1_000, 90_000]);
    let give_up = Step::GiveUp { records: 0..2, condition: Condition::RecordAgeExceeded, invocations: 0 };
    assert_eq!(delivery.next(100_000), give_up);
    delivery.given_up(&(0..2));
    assert_eq!(delivery.next(100_000), Step::Invoke(2..3));
}

#[test]
fn an_empty_batch_is_done() {
    assert_eq!(Delivery::new(policy(), Vec::new()).next(0), Step::Done);
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        2 => Just(Outcome::Handled),
        3 => (0usize..12).prop_map(Outcome::FailedFrom),
        2 => Just(Outcome::Failed),
        1 => Just(Outcome::Throttled),
    ]
}

proptest! {
    /// Whatever the function answers, every record is handled or given up, exactly once and in order, and the end is reached.
    #[test]
    fn every_record_leaves_once_and_in_order(
        count in 0usize..40,
        retries in prop::option::of(0u32..4),
        record_age in prop::option::of(1_000u64..60_000),
        bisect: bool,
        outcomes in prop::collection::vec(outcome(), 0..200),
    ) {
        let policy = Policy { retries, record_age, bisect, ..policy() };
        let mut outcomes = outcomes.into_iter();
        // In the end everything is handled, or without limits it would never end.
        let history = run(&policy, count, |range| match outcomes.next() {
            // An index beyond the part cannot come from `answer::read`; it must do no harm either.
            Some(outcome) => outcome,
            None => { assert!(!range.is_empty()); Outcome::Handled }
        });
        prop_assert_eq!(history.left, (0..count).collect::<Vec<_>>());
    }

    /// A function that always fails on some records gets all others handled, if batches are bisected; the bad ones are given up alone.
    #[test]
    fn bisecting_gives_up_the_bad_records_and_no_others(bad in prop::collection::vec(any::<bool>(), 1..60), partial: bool, retries in 0u32..3) {
        let policy = Policy { bisect: true, retries: Some(retries), ..policy() };
        let history = run(&policy, bad.len(), |range| match bad[range].iter().position(|bad| *bad) {
            Some(index) if partial => Outcome::FailedFrom(index),
            Some(_) => Outcome::Failed,
            None => Outcome::Handled,
        });
        let given_up: Vec<_> = history.given_up.iter().flat_map(|(records, ..)| records.clone()).collect();
        let expected: Vec<_> = bad.iter().enumerate().filter_map(|(index, bad)| bad.then_some(index)).collect();
        prop_assert_eq!(given_up, expected);
    }
}
