//! Times of day and lengths of time, as people read and write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;

/// Now, in epoch milliseconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// Epoch milliseconds as `2026-11-30 23:06:36.123`, UTC.
pub(crate) fn at(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis);
    time.map_or_else(|| milliseconds.to_string(), |time| time.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// `90s`, `15m`, `2h` or `1d`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time: write 90s, 15m, 2h or 1d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_unit() {
        let seconds = ["45s", "15m", "3h", "2d"].map(|text| span(text).unwrap().as_secs());
        assert_eq!(seconds, [45, 900, 10_800, 172_800]);
        for wrong in ["", "15", "m", "1w", "-1h", "1.5h", "15 m", "9999999999999999999d", "1ä"] {
            assert!(span(wrong).unwrap_err().contains("15m"), "{wrong}");
        }
    }

    #[test]
    fn times_are_shown_to_the_millisecond() {
        assert_eq!(at(1_795_259_005_007), "2026-11-21 11:03:25.007");
        assert_eq!(at(u64::MAX), u64::MAX.to_string());
    }
}
