//! How AWS counts: the rounding rules, without I/O or state.

use std::time::Duration;

const KB: usize = 1024;

/// Units of a WebSocket message: one for each 32 KB begun (API Gateway's pricing page). An empty message is a message.
pub fn gateway_units(bytes: usize) -> u64 {
    chunks(bytes, 32 * KB)
}

/// Units of an SQS request: one for each 64 KB of its payload begun, and at least one, also for a receive that finds nothing
/// (the pricing page of SQS).
pub fn sqs_units(bytes: usize) -> u64 {
    chunks(bytes, 64 * KB)
}

/// Write units that a refused conditional write uses up: those of the item that is there, and one if there is none
/// (DynamoDB's guide, "Capacity units consumed by conditional writes").
pub fn refused_write_units(existing_bytes: Option<usize>) -> u64 {
    chunks(existing_bytes.unwrap_or(0), KB)
}

/// Milliseconds of an invocation that are billed: Lambda rounds up to the next one.
pub fn billed_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Bytes that CloudWatch counts for a log event: the text and 26 more (its guide, on `PutLogEvents`).
pub fn log_event_bytes(text: usize) -> u64 {
    text as u64 + 26
}

fn chunks(bytes: usize, size: usize) -> u64 {
    bytes.div_ceil(size).max(1) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gateway_message_is_billed_for_each_32_kb_begun() {
        assert_eq!([0, 1, 32 * KB, 32 * KB + 1, 33 * KB, 128 * KB].map(gateway_units), [1, 1, 1, 2, 2, 4]);
    }

    #[test]
    fn an_sqs_request_is_billed_for_each_64_kb_begun() {
        assert_eq!([0, 64 * KB, 64 * KB + 1, 1024 * KB].map(sqs_units), [1, 1, 2, 16]);
    }

    #[test]
    fn a_refused_write_is_billed_by_the_item_that_is_there() {
        assert_eq!([None, Some(1), Some(KB), Some(KB + 1), Some(300 * KB)].map(refused_write_units), [1, 1, 1, 2, 300]);
    }

    #[test]
    fn an_invocation_is_billed_for_each_millisecond_begun() {
        assert_eq!([0, 1, 1_000, 1_001, 2_500].map(|micros| billed_milliseconds(Duration::from_micros(micros))), [0, 1, 1, 2, 3]);
    }

    proptest! {
        #[test]
        fn two_messages_never_cost_less_than_one_of_their_length(one in 0usize..300_000, other in 0usize..300_000) {
            prop_assert!(gateway_units(one) + gateway_units(other) >= gateway_units(one + other));
        }
    }
}
