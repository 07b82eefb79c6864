//! Laws of the delivery of a batch, to a function that fails in whatever way and whenever.

use proptest::prelude::*;

use super::{
    delivery::{failed, failed_from, handled},
    stream_mapping,
};
use crate::{
    mappings::{
        delivery::{Condition, Delivery, GivenUp, Step},
        job::Attempt,
    },
    template::StreamMapping,
};

/// What the function does when it is asked, or none if it cannot be, and the milliseconds that it takes.
type Turn = (Option<Attempt>, u64);

fn turns(may_handle: bool) -> impl Strategy<Value = Vec<Turn>> {
    let act = prop_oneof![
        if may_handle { 3 } else { 0 } => Just(Some(handled())),
        // Also indices that are not of the batch: the rest of them is not lost.
        4 => (0usize..40).prop_map(|index| Some(failed_from(index))),
        3 => Just(Some(failed())),
        1 => Just(None),
    ];
    prop::collection::vec((act, prop_oneof![3 => 0u64..50, 1 => 0u64..20_000]), 1..100)
}

/// Times of writing, in order, some of them far apart.
fn times() -> impl Strategy<Value = Vec<u64>> {
    let steps = prop::collection::vec(prop_oneof![Just(0u64), 0u64..20_000], 0..40);
    steps.prop_map(|steps| steps.iter().scan(0, |time, step| Some(std::mem::replace(time, *time + step))).collect())
}

/// A mapping, and the age at which records are given up.
fn mapping() -> impl Strategy<Value = (StreamMapping, u64)> {
    let mapping = |(maximum_retry_attempts, age, bisect_batch_on_error)| {
        (StreamMapping { maximum_retry_attempts, bisect_batch_on_error, ..stream_mapping() }, age)
    };
    (prop::option::of(0u32..4), prop_oneof![1_000u64..60_000, Just(86_400_000)], any::<bool>()).prop_map(mapping)
}

/// What became of a record: why it was given up, if it was.
type Fate = Option<Condition>;

/// Delivers a batch and checks the laws at each step. After `turns` the function handles everything, or begins anew if it `never_relents`.
fn deliver(
    (mapping, age): (&StreamMapping, u64),
    written_at: &[u64],
    turns: &[Turn],
    never_relents: bool,
) -> Result<Vec<Fate>, TestCaseError> {
    let mut delivery = Delivery::new(mapping, age, written_at.to_vec());
    let (mut now, mut turn, mut fates) = (written_at.last().copied().unwrap_or(0), 0, Vec::new());
    // Of the records that are tried together now: which they are, and how often that failed.
    let (mut part, mut failures) = (0..0, 0);
    loop {
        let before = delivery.checkpoint();
        prop_assert_eq!(before, fates.len(), "what has left has a fate, and nothing else has");
        match delivery.next(now) {
            Step::Invoke(range) => {
                prop_assert_eq!(range.start, before, "nothing that has left is delivered, and nothing is passed over");
                prop_assert!(now.saturating_sub(written_at[before]) <= age, "what is too old is not delivered");
                if range != part {
                    (part, failures) = (range.clone(), 0);
                }
                let relents = !never_relents && turn >= turns.len();
                let (act, takes) = if relents { (Some(handled()), 0) } else { turns[turn % turns.len()].clone() };
                (turn, now) = (turn + 1, now + takes);
                prop_assert!(turn < 100_000, "it comes to an end");
                let Some(attempt) = act else {
                    delivery.not_invoked(now);
                    continue;
                };
                let first = attempt.failed.as_ref().map_or(0, |failed| failed.first().map_or(range.len(), |first| range.len().min(*first)));
                delivery.answered(attempt, now);
                fates.extend(vec![None; first]);
                if first == 0 && !(mapping.bisect_batch_on_error && range.len() > 1) {
                    failures += 1;
                } else {
                    // What is left was split, or got further: it begins anew.
                    (part, failures) = (0..0, 0);
                }
            }
            Step::Wait(until) => {
                prop_assert!(until > now);
                now = until;
            }
            Step::GiveUp(GivenUp { records, condition, invocations, last }) => {
                prop_assert!(!records.is_empty() && records.start == before);
                prop_assert_eq!(last.is_some(), invocations > 0);
                if condition == Condition::RetryAttemptsExhausted {
                    prop_assert_eq!(
                        Some(failures),
                        mapping.maximum_retry_attempts.map(|retries| retries + 1),
                        "exactly the retries there are"
                    );
                    prop_assert_eq!(invocations, failures);
                } else {
                    prop_assert!(records.clone().all(|record| now.saturating_sub(written_at[record]) > age));
                }
                part.start = records.end;
                fates.extend(vec![Some(condition); records.len()]);
            }
            Step::Done => break,
        }
    }
    prop_assert_eq!(fates.len(), written_at.len(), "every record is handled or given up, once");
    Ok(fates)
}

proptest! {
    /// Whatever fails, whenever, every record is handled or given up, once and in order; nothing is delivered after it has left.
    #[test]
    fn every_record_leaves_once_and_in_order((mapping, age) in mapping(), times in times(), turns in turns(true)) {
        deliver((&mapping, age), &times, &turns, false)?;
    }

    /// A function that never handles a batch as a whole comes to an end with it all the same, since records do not live for ever.
    #[test]
    fn a_function_that_never_succeeds_is_given_up((mapping, age) in mapping(), times in times(), turns in turns(false)) {
        deliver((&mapping, age), &times, &turns, true)?;
    }

    /// Without limits, nothing is given up before it expires.
    #[test]
    fn without_limits_nothing_is_given_up(bisect_batch_on_error: bool, times in times(), turns in turns(true)) {
        let forever = StreamMapping { maximum_retry_attempts: None, bisect_batch_on_error, ..stream_mapping() };
        let fates = deliver((&forever, u64::MAX), &times, &turns, false)?;
        prop_assert!(fates.iter().all(Option::is_none));
    }

    /// A function that always fails on some records gets all others handled, if batches are bisected; the bad ones are given up alone.
    #[test]
    fn bisecting_gives_up_the_bad_records_and_no_others(bad in prop::collection::vec(any::<bool>(), 1..60), partial: bool, retries in 0u32..3) {
        let mapping = StreamMapping { maximum_retry_attempts: Some(retries), ..stream_mapping() };
        let (mut delivery, mut now, mut given_up) = (Delivery::new(&mapping, u64::MAX, vec![0; bad.len()]), 0, Vec::new());
        loop {
            match delivery.next(now) {
                Step::Invoke(range) => delivery.answered(match bad[range].iter().position(|bad| *bad) {
                    Some(index) if partial => failed_from(index),
                    Some(_) => failed(),
                    None => handled(),
                }, now),
                Step::Wait(until) => now = until,
                Step::GiveUp(GivenUp { records, .. }) => given_up.extend(records),
                Step::Done => break,
            }
        }
        let expected: Vec<_> = bad.iter().enumerate().filter_map(|(index, bad)| bad.then_some(index)).collect();
        prop_assert_eq!(given_up, expected);
    }
}
