//! Laws of the delivery of a batch, to a function that fails in whatever way and whenever.

use std::{ops::Range, time::Duration};

use proptest::prelude::*;

use crate::streams::{
    answer::Outcome,
    delivery::{Attempt, Condition, Delivery, GivenUp, Policy, Step},
};

/// One thing that the function does when it is asked.
#[derive(Clone, Debug)]
enum Act {
    Answer(Outcome),
    /// Throttled, or not there.
    NotInvoked,
}

/// An act, and the milliseconds that it takes.
type Turn = (Act, u64);

fn act(may_handle: bool) -> impl Strategy<Value = Act> {
    prop_oneof![
        if may_handle { 3 } else { 0 } => Just(Act::Answer(Outcome::Handled)),
        // Also indices that are not of the batch. `answer::read` gives none, and they must do no harm.
        4 => (0usize..40).prop_map(|index| Act::Answer(Outcome::FailedFrom(index))),
        3 => Just(Act::Answer(Outcome::Failed)),
        1 => Just(Act::NotInvoked),
    ]
}

fn turns(may_handle: bool) -> impl Strategy<Value = Vec<Turn>> {
    let milliseconds = prop_oneof![3 => 0u64..50, 1 => 0u64..20_000];
    prop::collection::vec((act(may_handle), milliseconds), 1..100)
}

/// Times of writing, in order, some of them far apart.
fn times() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![Just(0u64), 0u64..20_000], 0..40).prop_map(|steps| {
        steps
            .into_iter()
            .scan(0, |time, step| {
                *time += step;
                Some(*time)
            })
            .collect()
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    (prop::option::of(0u32..4), prop_oneof![1_000u64..60_000, Just(86_400_000)], any::<bool>()).prop_map(|(retries, record_age, bisect)| {
        Policy { retries, record_age, bisect, first_backoff: Duration::from_millis(500), longest_backoff: Duration::from_secs(600) }
    })
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Handled,
    GivenUp(Condition),
}

/// Delivers a batch and checks the laws at each step. After `turns` the function handles everything, or begins anew if it `never_relents`.
fn deliver(policy: &Policy, written_at: &[u64], turns: &[Turn], never_relents: bool) -> Result<Vec<Fate>, TestCaseError> {
    let mut delivery = Delivery::new(policy.clone(), written_at.to_vec());
    let mut now = written_at.last().copied().unwrap_or(0);
    let mut fates = Vec::new();
    // Of the records that are tried together now: how often they were, and how often that failed.
    let (mut part, mut invocations, mut failures) = (0..0, 0, 0);
    // Failures of each record that were not split.
    let mut counted = vec![0; written_at.len()];
    let mut turn = 0usize;
    loop {
        let before = delivery.checkpoint();
        prop_assert_eq!(before, fates.len(), "what has left has a fate, and nothing else has");
        match delivery.next(now) {
            Step::Invoke(range) => {
                prop_assert_eq!(range.start, before, "nothing that has left is delivered, and nothing is passed over");
                prop_assert!(now.saturating_sub(written_at[before]) <= policy.record_age, "what is too old is not delivered");
                if range != part {
                    (part, invocations, failures) = (range.clone(), 0, 0);
                }
                let relents = !never_relents && turn >= turns.len();
                let (act, takes) = if relents { (Act::Answer(Outcome::Handled), 0) } else { turns[turn % turns.len()].clone() };
                turn += 1;
                now += takes;
                let Act::Answer(outcome) = act else {
                    delivery.not_invoked();
                    prop_assert!(turn < 100_000, "it comes to an end");
                    continue;
                };
                invocations += 1;
                delivery.answered(outcome, Attempt { request_id: turn.to_string(), function_error: outcome == Outcome::Failed });
                let handled = handled(&range, outcome);
                fates.extend(std::iter::repeat_n(Fate::Handled, handled.len()));
                if handled.is_empty() && !(policy.bisect && range.len() > 1) {
                    failures += 1;
                    range.for_each(|record| counted[record] += 1);
                } else {
                    // What is left was split, or got further: it begins anew.
                    (part, invocations, failures) = (0..0, 0, 0);
                }
            }
            Step::Wait(time) => {
                now += time.as_millis() as u64;
                delivery.waited();
            }
            Step::GiveUp(given_up) => {
                check(&given_up, policy, invocations, failures)?;
                prop_assert_eq!(given_up.records.start, before);
                for record in given_up.records.clone() {
                    let too_old = now.saturating_sub(written_at[record]) > policy.record_age;
                    prop_assert!(too_old || given_up.condition == Condition::RetryAttemptsExhausted);
                    fates.push(Fate::GivenUp(given_up.condition));
                }
                delivery.given_up(&given_up.records);
                part.start = given_up.records.end;
            }
            Step::Done => break,
        }
        prop_assert!(delivery.checkpoint() >= before, "the checkpoint never goes back");
        prop_assert!(turn < 100_000, "it comes to an end");
    }
    prop_assert_eq!(fates.len(), written_at.len(), "every record is handled or given up, once");
    if let (true, Some(retries)) = (policy.bisect, policy.retries) {
        prop_assert!(counted.iter().all(|failures| *failures <= retries + 1), "{counted:?}");
    }
    Ok(fates)
}

/// The records of `range` that an answer says are handled.
fn handled(range: &Range<usize>, outcome: Outcome) -> Range<usize> {
    match outcome {
        Outcome::Handled => range.clone(),
        Outcome::FailedFrom(index) if index < range.len() => range.start..range.start + index,
        Outcome::FailedFrom(_) | Outcome::Failed => range.start..range.start,
    }
}

/// Whether the dead letter tells the truth.
fn check(given_up: &GivenUp, policy: &Policy, invocations: u32, failures: u32) -> Result<(), TestCaseError> {
    prop_assert!(!given_up.records.is_empty());
    if given_up.condition == Condition::RetryAttemptsExhausted {
        prop_assert_eq!(Some(failures), policy.retries.map(|retries| retries + 1), "exactly the retries there are were used");
        prop_assert_eq!(given_up.invocations, invocations);
    }
    prop_assert_eq!(given_up.last.is_some(), given_up.invocations > 0);
    Ok(())
}

proptest! {
    /// Whatever fails, whenever, every record is handled or given up, once and in order; nothing is delivered after it has left.
    #[test]
    fn every_record_leaves_once_and_in_order(policy in policy(), times in times(), turns in turns(true)) {
        deliver(&policy, &times, &turns, false)?;
    }

    /// A function that never handles a batch as a whole comes to an end with it all the same, since records do not live for ever.
    #[test]
    fn a_function_that_never_succeeds_is_given_up(policy in policy(), times in times(), turns in turns(false)) {
        deliver(&policy, &times, &turns, true)?;
    }

    /// Without limits, nothing is given up before it expires.
    #[test]
    fn without_limits_nothing_is_given_up(bisect: bool, times in times(), turns in turns(true)) {
        let forever = Policy { retries: None, record_age: u64::MAX, bisect, first_backoff: Duration::from_secs(1), longest_backoff: Duration::from_secs(9) };
        let fates = deliver(&forever, &times, &turns, false)?;
        prop_assert!(fates.iter().all(|fate| *fate == Fate::Handled));
    }

    /// A function that always fails on some records gets all others handled, if batches are bisected; the bad ones are given up alone.
    #[test]
    fn bisecting_gives_up_the_bad_records_and_no_others(bad in prop::collection::vec(any::<bool>(), 1..60), partial: bool, retries in 0u32..3) {
        let (first_backoff, longest_backoff) = (Duration::from_secs(1), Duration::from_secs(9));
        let policy = Policy { retries: Some(retries), record_age: u64::MAX, bisect: true, first_backoff, longest_backoff };
        let mut delivery = Delivery::new(policy, vec![0; bad.len()]);
        let mut given_up = Vec::new();
        loop {
            match delivery.next(0) {
                Step::Invoke(range) => {
                    let outcome = match bad[range].iter().position(|bad| *bad) {
                        Some(index) if partial => Outcome::FailedFrom(index),
                        Some(_) => Outcome::Failed,
                        None => Outcome::Handled,
                    };
                    delivery.answered(outcome, Attempt { request_id: String::new(), function_error: false });
                }
                Step::Wait(_) => delivery.waited(),
                Step::GiveUp(GivenUp { records, .. }) => {
                    delivery.given_up(&records);
                    given_up.extend(records);
                }
                Step::Done => break,
            }
        }
        let expected: Vec<_> = bad.iter().enumerate().filter_map(|(index, bad)| bad.then_some(index)).collect();
        prop_assert_eq!(given_up, expected);
    }
}
