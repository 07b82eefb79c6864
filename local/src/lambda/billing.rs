//! How long an environment is billed for: from its hand-over until it asks for the next invocation or ends. Its start is billed with its
//! first invocation, as on AWS, where initialisation is part of the billed duration.

use std::time::Duration;

use tokio::time::Instant;

use super::phase::Phase;
use crate::meter::units::billed_milliseconds;

/// The time of one environment that is not billed yet.
pub(super) struct Billing {
    /// Of the start, until the first invocation is billed.
    start: Duration,
    /// Since when it starts or serves.
    since: Option<Instant>,
}

impl Billing {
    /// That of an environment that starts at `now`.
    pub(super) fn new(now: Instant) -> Billing {
        Billing { start: Duration::ZERO, since: Some(now) }
    }

    /// The phase has changed at `now`. Answers the milliseconds to bill.
    pub(super) fn changed(&mut self, before: &Phase, after: &Phase, now: Instant) -> u64 {
        match (before, after) {
            (Phase::Started { .. }, Phase::Idle { .. }) => {
                self.start = self.elapsed(now);
                0
            }
            (_, Phase::Running { .. }) => {
                self.since = Some(now);
                0
            }
            (Phase::ResponseSent { .. }, Phase::Idle { .. }) | (_, Phase::Ending) => {
                let time = self.elapsed(now) + std::mem::take(&mut self.start);
                billed_milliseconds(time)
            }
            _ => 0,
        }
    }

    fn elapsed(&mut self, now: Instant) -> Duration {
        self.since.take().map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::{
        super::invocation::{Invocation, Request},
        *,
    };

    fn idle() -> Phase {
        Phase::Idle { since: Instant::now(), poll: oneshot::channel().0 }
    }

    fn started() -> Phase {
        Phase::Started { deadline: Instant::now() }
    }

    fn running() -> Phase {
        Phase::Running { invocation: Invocation::new(Request::new(String::new(), bytes::Bytes::new())).0, since: Instant::now() }
    }

    fn sent() -> Phase {
        Phase::ResponseSent { since: Instant::now() }
    }

    /// Bills an environment that starts at 0 and changes at these times, microseconds.
    fn billed<const N: usize>(changes: [(u64, Phase, Phase); N]) -> [u64; N] {
        let start = Instant::now();
        let mut billing = Billing::new(start);
        changes.map(|(at, before, after)| billing.changed(&before, &after, start + Duration::from_micros(at)))
    }

    #[test]
    fn the_start_is_billed_with_the_first_invocation_and_the_sum_is_rounded_up() {
        let changes = [
            (10_300, started(), idle()),
            (9_000_000, Phase::Away, running()),
            (9_001_900, running(), sent()),
            (9_002_000, sent(), idle()),
            (10_000_000, Phase::Away, running()),
            (10_001_000, running(), sent()),
            (10_001_001, sent(), idle()),
            (20_000_000, idle(), Phase::Ending),
        ];
        assert_eq!(billed(changes), [0, 0, 0, 13, 0, 0, 2, 0], "10.3 + 2.0 ms, then 1.001 ms; idling is free");
    }

    #[test]
    fn what_ends_in_the_middle_is_billed_until_then() {
        let changes = [
            (0, started(), idle()),
            (7_000, Phase::Away, running()),
            (10_000, running(), Phase::Ending),
            (11_000, Phase::Ending, Phase::Ending),
        ];
        assert_eq!(billed(changes), [0, 0, 3, 0]);
    }

    #[test]
    fn a_start_without_an_invocation_is_billed_alone() {
        assert_eq!(billed([(7_000, started(), Phase::Ending)]), [7]);
        assert_eq!(billed([(7_000, started(), idle()), (9_000, idle(), Phase::Ending)]), [0, 7]);
    }
}
