//! The time, in the two units that rows use.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in epoch milliseconds.
#[must_use]
pub fn now_milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Now, in whole epoch seconds: the unit of every `expiresAt`, because DynamoDB expires nothing by a fraction.
#[must_use]
pub fn now_seconds() -> u64 {
    now_milliseconds() / 1_000
}
