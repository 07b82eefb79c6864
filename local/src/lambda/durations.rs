//! How long a function's invocations take.

use std::{sync::Mutex, time::Duration};

use hdrhistogram::Histogram;

use crate::lock::lock;

/// Two digits tell times apart well enough and keep a function's histogram at a few kilobytes.
const DIGITS: u8 = 2;
/// Lambda's own longest timeout.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The durations of a function's invocations, each from the hand-over to the process until its answer or its end without one, in microseconds.
pub(super) struct Durations(Mutex<Option<Histogram<u64>>>);

impl Default for Durations {
    fn default() -> Durations {
        Durations(Mutex::new(Histogram::new_with_max(LONGEST.as_micros() as u64, DIGITS).ok()))
    }
}

impl Durations {
    /// Adds one.
    pub(super) fn add(&self, duration: Duration) {
        if let Some(histogram) = lock(&self.0).as_mut() {
            histogram.saturating_record(duration.as_micros() as u64);
        }
    }

    /// The time that this share of all invocations did not exceed, from 0 to 1; zero without an invocation.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(lock(&self.0).as_ref().map_or(0, |histogram| histogram.value_at_quantile(share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_invocations_took_no_longer() {
        let durations = Durations::default();
        assert_eq!(durations.quantile(0.5), Duration::ZERO);
        (1..=100).for_each(|number| durations.add(Duration::from_millis(number)));
        let tells = |share: f64, milliseconds: u64| {
            let (told, exact) = (durations.quantile(share), Duration::from_millis(milliseconds));
            assert!(told >= exact && told <= exact + exact / 50, "{told:?} for {exact:?}");
        };
        tells(0.5, 50);
        tells(0.99, 99);
        tells(1.0, 100);
        durations.add(LONGEST * 2);
        assert!(durations.quantile(1.0) >= LONGEST);
    }
}
