//! The message about records that were given up: where they are in the stream, not the records themselves.

use serde_json::{Value, json};

use super::delivery::Condition;
use crate::{
    clock::{iso8601, iso8601_with_milliseconds},
    dynamodb::StreamRecord,
};

/// What the message tells besides the records.
pub(super) struct Failure<'a> {
    pub(super) function_arn: &'a str,
    pub(super) stream_arn: &'a str,
    pub(super) shard_id: &'a str,
    pub(super) condition: Condition,
    /// Invocations with these records, which need not have been their own.
    pub(super) invocations: u32,
    /// Whether the last of them ended in an error, rather than in an answer that names failures.
    pub(super) function_error: bool,
}

/// The message's body, for one or more records. `now` is epoch milliseconds.
///
/// That `responseContext` is absent if nothing was invoked and `functionError` is null after a partial answer is from memory.
pub(super) fn body(failure: &Failure<'_>, records: &[StreamRecord], now: u64) -> Value {
    let (first, last) = (records.first(), records.last());
    let sequence_number = |record: Option<&StreamRecord>| record.map(|record| record.sequence_number.clone());
    let arrival = |record: Option<&StreamRecord>| record.map(|record| iso8601(record.written_at.max(0).unsigned_abs() * 1000));
    let condition = match failure.condition {
        Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
        Condition::RecordAgeExceeded => "RecordAgeExceeded",
    };
    let mut body = json!({
        "requestContext": {
            "requestId": uuid::Uuid::new_v4().to_string(), "functionArn": failure.function_arn, "condition": condition,
            "approximateInvokeCount": failure.invocations,
        },
        "version": "1.0",
        "timestamp": iso8601_with_milliseconds(now),
        "DDBStreamBatchInfo": {
            "shardId": failure.shard_id,
            "startSequenceNumber": sequence_number(first), "endSequenceNumber": sequence_number(last),
            "approximateArrivalOfFirstRecord": arrival(first), "approximateArrivalOfLastRecord": arrival(last),
            "batchSize": records.len(), "streamArn": failure.stream_arn,
        },
    });
    if failure.invocations > 0 {
        let error = failure.function_error.then_some("Unhandled");
        body["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": error});
    }
    body
}
