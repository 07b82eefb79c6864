//! What time it is, waiting until then, and times as AWS writes them, all from epoch milliseconds and in UTC.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::DateTime;
use tokio::sync::watch;

/// Where a room gets its time from, and how it waits: the machine's clock by default, or one that only moves when it is told to, so that
/// delays of minutes can be tried at once. All clones of a clock that is set show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<watch::Sender<u64>>>,
}

impl Clock {
    /// The time now, in epoch milliseconds.
    pub fn now(&self) -> u64 {
        self.set.as_ref().map_or_else(now, |time| *time.borrow())
    }

    /// Returns at `time`, in epoch milliseconds, or at once if it is past.
    pub async fn sleep_until(&self, time: u64) {
        match &self.set {
            // The sender lives as long as this clock does, so that it cannot fail.
            Some(set) => drop(set.subscribe().wait_for(|now| *now >= time).await),
            None => loop {
                let now = now();
                if now >= time {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(time - now)).await;
            },
        }
    }
}

/// The time now, in epoch milliseconds.
pub fn now() -> u64 {
    // A clock before 1970 is a machine set up wrongly; zero then says so wherever a time is told.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

/// A duration in whole milliseconds.
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `2019-11-14T00:13:19Z`.
pub fn iso8601(milliseconds: u64) -> String {
    written(milliseconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2019-11-14T00:13:19.717Z`.
pub fn iso8601_with_milliseconds(milliseconds: u64) -> String {
    written(milliseconds, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// `16/Aug/2022:12:04:27 +0000`, the time of the common log format, in which API Gateway writes `requestTime`.
pub fn request_time(milliseconds: u64) -> String {
    written(milliseconds, "%d/%b/%Y:%H:%M:%S +0000")
}

/// A time that no calendar has, some 200,000 years from now, is written as 1970.
fn written(milliseconds: u64, format: &str) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis);
    time.unwrap_or_default().format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Clock {
        /// A clock that stands at `time`, in epoch milliseconds, until it is moved.
        pub(crate) fn standing_at(time: u64) -> Clock {
            Clock { set: Some(Arc::new(watch::Sender::new(time))) }
        }

        /// Moves a clock that stands. The machine's clock cannot be moved.
        pub(crate) fn advance(&self, by: Duration) {
            if let Some(time) = &self.set {
                time.send_modify(|now| *now = now.saturating_add(milliseconds(by)));
            }
        }

        /// How many wait for a clock that stands.
        pub(crate) fn waiting(&self) -> usize {
            self.set.as_ref().map_or(0, |time| time.receiver_count())
        }
    }

    #[test]
    fn known_times_are_written_as_aws_writes_them() {
        assert_eq!(request_time(1_660_651_467_493), "16/Aug/2022:12:04:27 +0000");
        assert_eq!(request_time(1_586_064_058_165), "05/Apr/2020:05:20:58 +0000");
        assert_eq!(request_time(0), "01/Jan/1970:00:00:00 +0000");
        assert_eq!(iso8601_with_milliseconds(1_709_164_799_999), "2024-02-28T23:59:59.999Z");
        assert_eq!(iso8601_with_milliseconds(1_573_690_397_717), "2019-11-14T00:13:17.717Z");
        assert_eq!(iso8601(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(iso8601(0), "1970-01-01T00:00:00Z");
    }

    #[tokio::test]
    async fn a_clock_that_stands_moves_only_when_it_is_told() {
        let clock = Clock::standing_at(1_000);
        clock.sleep_until(1_000).await;
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(900_000).await }
        });
        while clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(899));
        assert_eq!(clock.now(), 900_000);
        sleeper.await.unwrap();
    }

    #[tokio::test]
    async fn nobody_wakes_early() {
        let due = now() + 20;
        Clock::default().sleep_until(due).await;
        assert!(now() >= due);
    }
}
