//! The rules of asynchronous invocation, without a function.

use proptest::prelude::*;

use super::{
    super::retries::{Retries, Step},
    config,
};
use crate::template::EventInvoke;
use std::time::Duration;

/// What comes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Handled,
    Failed,
    Throttled,
}

/// Lambda's defaults.
fn defaults() -> EventInvoke {
    config("test").event_invoke
}

const SIX_HOURS: u64 = 6 * 60 * 60 * 1000;

const INVOKE: Option<Step> = Some(Step::Invoke);
const EXHAUSTED: Option<Step> = Some(Step::GiveUp("RetriesExhausted"));
const TOO_OLD: Option<Step> = Some(Step::GiveUp("EventAgeExceeded"));

fn seconds(seconds: u64) -> Option<Step> {
    Some(Step::Wait(Duration::from_secs(seconds)))
}

/// The steps that follow from the outcomes, on a clock that moves only while waiting, and when it ended. `None` is the end of one handled.
fn run(rules: &EventInvoke, outcomes: impl IntoIterator<Item = Outcome>) -> (Vec<Option<Step>>, u64) {
    let mut retries = Retries::new(0);
    let (mut steps, mut now, mut outcomes) = (Vec::new(), 0, outcomes.into_iter());
    loop {
        let step = retries.next(rules, now);
        steps.push(Some(step));
        match step {
            Step::Invoke => match outcomes.next().unwrap() {
                Outcome::Handled => {
                    steps.push(None);
                    return (steps, now);
                }
                outcome => retries.failed(outcome == Outcome::Throttled, Duration::from_secs(60), now),
            },
            Step::Wait(wait) => now += wait.as_millis() as u64,
            Step::GiveUp(_) => return (steps, now),
        }
    }
}

#[test]
fn a_function_error_is_tried_again_after_one_and_two_minutes_and_then_given_up() {
    use Outcome::{Failed, Handled};
    let config = defaults();
    assert_eq!(run(&config, [Failed; 3]).0, [INVOKE, seconds(60), INVOKE, seconds(120), INVOKE, EXHAUSTED]);
    assert_eq!(run(&config, [Failed, Handled]).0, [INVOKE, seconds(60), INVOKE, None]);
    let once = EventInvoke { maximum_retry_attempts: 0, ..config };
    assert_eq!(run(&once, [Failed]).0, [INVOKE, EXHAUSTED]);
}

#[test]
fn throttles_are_tried_again_until_the_event_is_too_old_and_use_up_no_retry() {
    use Outcome::{Failed, Handled, Throttled};
    let config = defaults();
    let (steps, end) = run(&config, std::iter::repeat(Throttled));
    let waits: Vec<_> = steps.iter().filter(|step| matches!(step, Some(Step::Wait(_)))).copied().collect();
    assert_eq!(waits[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(seconds));
    assert_eq!((steps.last(), end), (Some(&TOO_OLD), SIX_HOURS + 1));
    let mixed = [Throttled, Throttled, Failed, Throttled, Failed, Throttled, Handled];
    let waits = [1, 2, 60, 1, 120, 1].map(seconds);
    let expected: Vec<_> = waits.iter().flat_map(|wait| [INVOKE, *wait]).chain([INVOKE, None]).collect();
    assert_eq!(run(&config, mixed).0, expected);
}

#[test]
fn an_event_that_would_become_too_old_while_it_waits_is_given_up_then() {
    let config = EventInvoke { maximum_event_age: Duration::from_secs(90), ..defaults() };
    let (steps, end) = run(&config, [Outcome::Failed; 2]);
    let rest = Some(Step::Wait(Duration::from_millis(30_001)));
    assert_eq!(steps, [INVOKE, seconds(60), INVOKE, rest, TOO_OLD]);
    assert_eq!(end, 90_001);
}

proptest! {
    #[test]
    fn every_event_ends_in_time_and_fails_no_oftener_than_it_may(
        outcomes in prop::collection::vec(prop::sample::select(vec![Outcome::Handled, Outcome::Failed, Outcome::Throttled]), 0..50),
        retries in 0u32..=2,
        age in 60u64..=21_600,
    ) {
        let config =
            EventInvoke { maximum_retry_attempts: retries, maximum_event_age: Duration::from_secs(age), on_failure_queue_arn: None };
        let handled = outcomes.contains(&Outcome::Handled);
        let (steps, end) = run(&config, outcomes.clone().into_iter().chain(std::iter::repeat(Outcome::Throttled)));
        let attempts = steps.iter().filter(|step| **step == INVOKE).count();
        let failures = outcomes.iter().take(attempts).filter(|outcome| **outcome == Outcome::Failed).count() as u32;
        prop_assert!(end <= age * 1000 + 1);
        prop_assert!(failures <= retries + 1);
        match steps.last().unwrap() {
            None => prop_assert!(handled && failures <= retries),
            Some(Step::GiveUp("RetriesExhausted")) => prop_assert_eq!(failures, retries + 1),
            Some(Step::GiveUp("EventAgeExceeded")) => prop_assert_eq!(end, age * 1000 + 1),
            other => prop_assert!(false, "ended with {:?}", other),
        }
    }
}
