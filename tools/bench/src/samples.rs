//! Measured times, and what is said of them.

use std::time::Duration;

/// Times in ascending order.
#[derive(Debug)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Sorts `times`.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest time that `percent` of all do not exceed; zero if there is none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The 50th percentile.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The median, the 99th percentile and the longest, as cells of a table.
    pub fn cells(&self) -> [String; 3] {
        [50, 99, 100].map(|percent| milliseconds(self.percentile(percent)))
    }
}

/// The column of [`on_aws`].
pub const ON_AWS: &str = "AWS adds";

/// What AWS adds to a time that was measured here and crosses so many streams: Lambda polls a shard of a stream four times a second, while
/// the local stack is told of each row.
pub fn on_aws(streams: u64) -> String {
    format!("{} ms in the mean, {} at most", 125 * streams, 250 * streams)
}

/// `1.23 ms`.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_samples() {
        let samples = Samples::new((1..=30).rev().map(Duration::from_millis).collect());
        assert_eq!([1, 50, 99, 100].map(|percent| samples.percentile(percent).as_millis()), [1, 15, 30, 30]);
        assert_eq!(Samples::new(vec![Duration::from_secs(1)]).median(), Duration::from_secs(1));
        assert_eq!(Samples::new(Vec::new()).median(), Duration::ZERO);
    }
}
