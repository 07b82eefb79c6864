//! Where an environment is in its life, and what it is billed.

use std::{collections::VecDeque, time::Duration};

use tokio::{sync::oneshot, time::Instant};

use super::invocation::{Delivery, Invocation};
use crate::meter::units::billed_milliseconds;

/// One environment's state. All states of a function's environments are guarded by its pool's lock, so that a hand-over is one step.
pub(super) enum Phase {
    /// The process was started, and has to ask for an invocation in time.
    Started { since: Instant },
    /// The process waits for an invocation: its long poll is open.
    Idle { since: Instant, poll: oneshot::Sender<Delivery> },
    /// The process serves since it was handed the invocation.
    Running { invocation: Invocation, since: Instant },
    /// The process will ask for its next invocation: it has answered since it was handed the last, or its long poll was cut. What it does
    /// meanwhile counts against the same time.
    Returning { since: Instant },
    /// The process is being killed, and its invocation, if any, has been answered.
    Ending,
}

impl Phase {
    /// Whether the environment does something that is billed.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Phase::Started { .. } | Phase::Running { .. } | Phase::Returning { .. })
    }

    /// When this phase has lasted too long, if it can.
    pub(super) fn due(&self, init: Duration, timeout: Duration, idle: Duration) -> Option<Instant> {
        match self {
            Phase::Started { since } => Some(*since + init),
            Phase::Running { since, .. } | Phase::Returning { since } => Some(*since + timeout),
            Phase::Idle { since, .. } => Some(*since + idle),
            Phase::Ending => None,
        }
    }

    /// The invocation that fails when the environment ends in this phase: its own, or the oldest that waits if it was started for one.
    pub(super) fn awaited(self, queue: &mut VecDeque<Invocation>) -> Option<Invocation> {
        match self {
            Phase::Running { invocation, .. } => Some(invocation),
            Phase::Started { .. } => queue.pop_front(),
            Phase::Idle { .. } | Phase::Returning { .. } | Phase::Ending => None,
        }
    }

    /// The milliseconds to bill when this phase ends at `now`: from a hand-over until the process asks again or ends. Its start, which
    /// waits in `start`, is billed with its first invocation, as on AWS, where initialisation is part of the billed duration.
    pub(super) fn billed(&self, next: &Phase, start: &mut Duration, now: Instant) -> u64 {
        match (self, next) {
            (Phase::Started { since }, Phase::Idle { .. }) => {
                *start = now - *since;
                0
            }
            (Phase::Returning { since }, Phase::Idle { .. })
            | (Phase::Started { since } | Phase::Running { since, .. } | Phase::Returning { since }, Phase::Ending) => {
                billed_milliseconds(now - *since + std::mem::take(start))
            }
            (Phase::Idle { .. }, Phase::Ending) => billed_milliseconds(std::mem::take(start)),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::invocation::Request, *};

    type New = fn(Instant) -> Phase;

    const STARTED: New = |since| Phase::Started { since };
    const IDLE: New = |since| Phase::Idle { since, poll: oneshot::channel().0 };
    const RUNNING: New = |since| Phase::Running { invocation: Invocation::new(Request::default()).0, since };
    const RETURNING: New = |since| Phase::Returning { since };
    const ENDING: New = |_| Phase::Ending;

    /// Bills an environment that starts at 0 and changes to these phases at these times, microseconds.
    fn billed<const N: usize>(changes: [(u64, New); N]) -> [u64; N] {
        let (zero, mut start) = (Instant::now(), Duration::ZERO);
        let mut phase = STARTED(zero);
        changes.map(|(at, next)| {
            let now = zero + Duration::from_micros(at);
            let handed_over = match &phase {
                Phase::Running { since, .. } => *since,
                _ => now,
            };
            let next = next(handed_over);
            let bill = phase.billed(&next, &mut start, now);
            phase = next;
            bill
        })
    }

    #[test]
    fn the_start_is_billed_with_the_first_invocation_and_the_sum_is_rounded_up() {
        let changes = [
            (10_300, IDLE),
            (9_000_000, RUNNING),
            (9_001_900, RETURNING),
            (9_002_000, IDLE),
            (10_000_000, RUNNING),
            (10_001_000, RETURNING),
            (10_001_001, IDLE),
            (20_000_000, ENDING),
        ];
        assert_eq!(billed(changes), [0, 0, 0, 13, 0, 0, 2, 0], "10.3 + 2.0 ms, then 1.001 ms; idling is free");
    }

    #[test]
    fn what_ends_in_the_middle_is_billed_until_then() {
        assert_eq!(billed([(0, IDLE), (7_000, RUNNING), (10_000, ENDING), (11_000, ENDING)]), [0, 0, 3, 0]);
    }

    #[test]
    fn a_start_without_an_invocation_is_billed_alone() {
        assert_eq!(billed([(7_000, ENDING)]), [7]);
        assert_eq!(billed([(7_000, IDLE), (9_000, ENDING)]), [0, 7]);
    }
}
