//! What was measured: how long each step took, and what was refused.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use muster_client::{ConnectError, RequestError};
use serde_json::{Map, Value, json};

use crate::table::{Table, word};

/// The longest time that is told from longer ones: ten minutes, in microseconds.
const LONGEST: u64 = 600_000_000;

/// A step that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// From asking for a socket to having it.
    Connect,
    /// From `joinPool` to the push of the match.
    Join,
    /// From the last action that a version of a match awaited to the push of the next version.
    Play,
    /// From `sendMessage` to the push at the other player.
    Message,
    /// From `sessionPlacementRequest` to the way to a game server.
    Place,
    /// From asking to leave, at the end, to the reply.
    Leave,
}

impl Step {
    const ALL: [Self; 6] = [Self::Connect, Self::Join, Self::Play, Self::Message, Self::Place, Self::Leave];

    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Join => "join → match",
            Self::Play => "play → push",
            Self::Message => "message → delivery",
            Self::Place => "placement → session",
            Self::Leave => "leave",
        }
    }
}

/// What was measured until now.
#[derive(Debug)]
pub(super) struct Tally {
    /// Microseconds of each step, in the order of [`Step::ALL`].
    steps: [Mutex<Histogram<u64>>; Step::ALL.len()],
    /// How often each step was refused or failed, by the code.
    failures: Mutex<BTreeMap<(Step, String), u64>>,
    /// Messages that API Gateway bills, both ways.
    pub(super) messages: AtomicU64,
    /// Matches that came to their end, counted by one of their players.
    pub(super) matches: AtomicU64,
}

impl Tally {
    pub(super) fn new() -> Self {
        let histogram = |_| Mutex::new(Histogram::new_with_max(LONGEST, 3).unwrap_or_else(|never| panic!("these are allowed: {never}")));
        let (failures, messages, matches) = Default::default();
        Self { steps: Step::ALL.map(histogram), failures, messages, matches }
    }

    /// A step took so long.
    pub(super) fn took(&self, step: Step, time: Duration) {
        lock(&self.steps[step as usize]).saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// A step was refused or failed.
    pub(super) fn failed(&self, step: Step, code: impl Into<String>) {
        *lock(&self.failures).entry((step, code.into())).or_default() += 1;
    }

    /// API Gateway has handled so many messages.
    pub(super) fn handled(&self, messages: u64) {
        self.messages.fetch_add(messages, Relaxed);
    }

    /// How often something was refused or failed.
    pub(super) fn failures(&self) -> u64 {
        lock(&self.failures).values().sum()
    }

    /// Count, p50, p99 and longest of each step, and below what was refused.
    pub(super) fn text(&self) -> String {
        let mut times = Table::new(["step", "count", "p50", "p99", "longest", "refused or failed"]);
        let failures = lock(&self.failures);
        for step in Step::ALL {
            let histogram = lock(&self.steps[step as usize]);
            let failed: u64 = failures.iter().filter(|((of, _), _)| *of == step).map(|(_, count)| count).sum();
            if histogram.is_empty() && failed == 0 {
                continue;
            }
            let [p50, p99, longest] = [50.0, 99.0, 100.0].map(|percent| format!("{:.1} ms", milliseconds(&histogram, percent)));
            times.row([step.name().to_owned(), histogram.len().to_string(), p50, p99, longest, failed.to_string()]);
        }
        let mut codes = Table::new(["refused or failed", "code", "count"]);
        for ((step, code), count) in &*failures {
            codes.row([step.name().to_owned(), code.clone(), count.to_string()]);
        }
        if failures.is_empty() { times.to_string() } else { format!("{times}\n{codes}") }
    }

    /// The same for programs: by step `count`, `p50Ms`, `p99Ms`, `longestMs`, and `failures` by code.
    pub(super) fn to_json(&self) -> Value {
        let failures = lock(&self.failures);
        let steps = Step::ALL.map(|step| {
            let histogram = lock(&self.steps[step as usize]);
            let failed: Map<_, _> =
                failures.iter().filter(|((of, _), _)| *of == step).map(|((_, code), count)| (code.clone(), json!(count))).collect();
            let [p50, p99, longest] = [50.0, 99.0, 100.0].map(|percent| milliseconds(&histogram, percent));
            let value = json!({"count": histogram.len(), "p50Ms": p50, "p99Ms": p99, "longestMs": longest, "failures": failed});
            (step.name().to_owned(), value)
        });
        Value::Object(steps.into_iter().collect())
    }
}

fn milliseconds(histogram: &Histogram<u64>, percent: f64) -> f64 {
    histogram.value_at_percentile(percent) as f64 / 1_000.0
}

/// A panic elsewhere leaves counts whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A failed request by the rejection's code, or by what happened in its place.
pub(super) fn code(error: &RequestError) -> String {
    match error {
        RequestError::Rejected(rejection) => word(&rejection.code),
        // What it says beside that is another text each time.
        RequestError::UnexpectedReply(_) => "unexpected reply".to_owned(),
        other => other.to_string(),
    }
}

/// A failed attempt to connect, by its kind.
pub(super) fn refused(error: &ConnectError) -> String {
    match error {
        ConnectError::Network(_) => "network".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use muster_client::protocol::{Code, Rejection};

    use super::*;

    #[test]
    fn steps_and_failures_are_shown_by_their_names() {
        let tally = Tally::new();
        (1..=100).for_each(|n| tally.took(Step::Play, Duration::from_micros(500 * n)));
        tally.took(Step::Place, Duration::from_micros(1_500));
        tally.failed(Step::Play, "stale");
        tally.failed(Step::Play, "stale");
        tally.failed(Step::Join, "timedOut");
        tally.took(Step::Message, Duration::from_secs(7_200));
        let text = tally.text();
        for expected in [
            "step                 count  p50          p99          longest      refused or failed\n",
            "join → match         0      0.0 ms       0.0 ms       0.0 ms       1\n",
            "play → push          100    25.0 ms      49.5 ms      50.0 ms      2\n",
            "placement → session  1      1.5 ms       1.5 ms       1.5 ms       0\n",
            "\nrefused or failed  code      count\njoin → match       timedOut  1\nplay → push        stale     2\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
        assert!(!text.contains("leave") && text.contains("message → delivery   1      600"), "{text}");
        let json = tally.to_json();
        assert_eq!((&json["play → push"]["count"], &json["play → push"]["failures"]["stale"]), (&json!(100), &json!(2)));
        assert_eq!((tally.failures(), &json["leave"]["count"]), (3, &json!(0)));
    }

    #[test]
    fn failures_are_counted_by_the_rejections_code() {
        assert_eq!(code(&RequestError::Rejected(Rejection::new(Code::NotYourTurn, "no"))), "not_your_turn");
        assert_eq!(code(&RequestError::Rejected(Rejection::new(Code::Other("taken".into()), "no"))), "taken");
        assert_eq!(code(&RequestError::Gateway("Too Many Requests".into())), "the gateway answered: Too Many Requests");
        assert_eq!(code(&RequestError::UnexpectedReply("at line 7".into())), "unexpected reply");
    }
}
