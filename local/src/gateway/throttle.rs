//! The stage's token bucket.

use std::time::Instant;

use crate::template::Throttle;

/// A bucket that starts full.
#[derive(Debug)]
pub(super) struct TokenBucket {
    throttle: Throttle,
    tokens: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(throttle: Throttle, now: Instant) -> TokenBucket {
        TokenBucket { throttle, tokens: f64::from(throttle.burst_limit), filled_at: now }
    }

    /// Takes one token; false when there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let added = now.saturating_duration_since(self.filled_at).as_secs_f64() * self.throttle.rate_limit;
        self.tokens = (self.tokens + added).min(f64::from(self.throttle.burst_limit));
        self.filled_at = self.filled_at.max(now);
        let there = self.tokens >= 1.0;
        if there {
            self.tokens -= 1.0;
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_is_served_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(Throttle { rate_limit: 2.0, burst_limit: 3 }, start);
        let taken = (0..5).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 3);
        assert!(!bucket.take(start + Duration::from_millis(499)));
        assert!(bucket.take(start + Duration::from_millis(501)));
        assert!(!bucket.take(start + Duration::from_millis(502)));
    }

    proptest! {
        #[test]
        fn no_more_is_served_than_burst_and_rate_allow(
            rate in 0.5f64..100.0, burst in 1u32..50, steps in prop::collection::vec(0u64..200, 1..300)
        ) {
            let start = Instant::now();
            let mut bucket = TokenBucket::new(Throttle { rate_limit: rate, burst_limit: burst }, start);
            let (mut now, mut taken) = (start, 0u32);
            for step in steps {
                now += Duration::from_millis(step);
                taken += u32::from(bucket.take(now));
            }
            let allowed = f64::from(burst) + (now - start).as_secs_f64() * rate;
            prop_assert!(f64::from(taken) <= allowed + 0.001);
        }
    }
}
