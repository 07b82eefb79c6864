//! Waiting between attempts.

use std::time::Duration;

/// The pause after attempt `attempt` (the first is 1): at most `base`, doubled each time and never above `cap`, and evenly spread over
/// the upper half of that, so that many callers do not come back together.
pub(crate) fn pause(attempt: u32, base: Duration, cap: Duration) -> Duration {
    let ceiling = base.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(cap);
    ceiling.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap() {
        let (base, cap) = (Duration::from_millis(50), Duration::from_millis(400));
        for attempt in 1..40 {
            let ceiling = base.saturating_mul(1 << (attempt - 1).min(10)).min(cap);
            let pause = pause(attempt, base, cap);
            assert!(pause <= ceiling && pause >= ceiling / 2, "{attempt}: {pause:?}");
        }
    }
}
