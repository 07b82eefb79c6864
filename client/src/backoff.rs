//! How long to wait before connecting again: exponential back-off with full jitter, so that the clients of a server that went away do
//! not all come back at the same moment.

use std::time::Duration;

/// The bounds of the wait between two attempts to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before the first attempt. It doubles with each attempt that fails.
    pub base: Duration,
    /// No wait is longer than this. A connection that lasted longer starts the count again.
    pub cap: Duration,
}

impl Default for Backoff {
    /// From half a second up to half a minute.
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The longest wait after `failures` failed attempts: `base × 2^failures`, at most `cap`.
    #[must_use]
    pub fn ceiling(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures).and_then(|factor| self.base.checked_mul(factor));
        // Whatever overflows is beyond any sensible cap, except that nothing doubled stays nothing.
        doubled.unwrap_or(if self.base.is_zero() { Duration::ZERO } else { Duration::MAX }).min(self.cap)
    }

    /// The wait after `failures` failed attempts: the part `jitter` (0 to 1) of the [`ceiling`](Self::ceiling).
    #[must_use]
    pub fn delay(&self, failures: u32, jitter: f64) -> Duration {
        let ceiling = self.ceiling(failures);
        Duration::try_from_secs_f64(ceiling.as_secs_f64() * jitter.clamp(0.0, 1.0)).unwrap_or(ceiling).min(ceiling)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn durations() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0_u64..120_000).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_secs),
            Just(Duration::MAX),
            Just(Duration::ZERO),
        ]
    }

    proptest! {
        #[test]
        fn a_delay_is_within_the_ceiling_and_the_ceiling_within_the_cap(
            base in durations(), cap in durations(), failures in any::<u32>(), jitter in any::<f64>(),
        ) {
            let backoff = Backoff { base, cap };
            prop_assert!(backoff.delay(failures, jitter) <= backoff.ceiling(failures));
            prop_assert!(backoff.ceiling(failures) <= cap);
        }

        #[test]
        fn the_ceiling_doubles_until_it_meets_the_cap(base in 1_u64..10_000, cap in 1_u64..10_000_000, failures in 0_u32..40) {
            let backoff = Backoff { base: Duration::from_millis(base), cap: Duration::from_millis(cap) };
            let expected = (backoff.ceiling(failures) * 2).min(backoff.cap);
            prop_assert_eq!(backoff.ceiling(failures + 1), expected);
        }

        #[test]
        fn more_jitter_is_a_longer_delay(failures in 0_u32..100, one in 0.0..1.0, other in 0.0..1.0) {
            let backoff = Backoff::default();
            let (less, more) = if one < other { (one, other) } else { (other, one) };
            prop_assert!(backoff.delay(failures, less) <= backoff.delay(failures, more));
        }
    }

    #[test]
    fn the_default_waits_half_a_second_at_most_and_then_up_to_half_a_minute() {
        let ceilings: Vec<u128> = (0..8).map(|failures| Backoff::default().ceiling(failures).as_millis()).collect();
        assert_eq!(ceilings, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(Backoff::default().delay(1, 0.25), Duration::from_millis(250));
    }
}
