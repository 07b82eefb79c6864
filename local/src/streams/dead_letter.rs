//! The message about records that were given up: where they are in the stream, not the records themselves.

use serde_json::{Value, json};

use super::delivery::{Condition, GivenUp};
use crate::{
    clock::{iso8601, iso8601_with_milliseconds},
    dynamodb::StreamRecord,
};

/// The mapping that gave records up.
pub(super) struct Origin<'a> {
    pub(super) function_arn: &'a str,
    pub(super) stream_arn: &'a str,
    pub(super) shard_id: &'a str,
}

/// The message's body, for one or more `records`, which are those of `given_up`. `now` is epoch milliseconds.
///
/// `functionError` is null after an answer, as in messages recorded from AWS. That `responseContext` is absent and `requestId` made up if
/// the function was never invoked with the records is a guess: nothing is published of that case.
pub(super) fn body(origin: &Origin<'_>, given_up: &GivenUp, records: &[StreamRecord], now: u64) -> Value {
    let (first, last) = (records.first(), records.last());
    let sequence_number = |record: Option<&StreamRecord>| record.map(|record| record.sequence_number.clone());
    let arrival = |record: Option<&StreamRecord>| record.map(|record| iso8601(record.written_at.max(0).unsigned_abs() * 1000));
    let condition = match given_up.condition {
        Condition::RetryAttemptsExhausted => "RetryAttemptsExhausted",
        Condition::RecordAgeExceeded => "RecordAgeExceeded",
    };
    let request_id = given_up.last.as_ref().map_or_else(|| uuid::Uuid::new_v4().to_string(), |attempt| attempt.request_id.clone());
    let mut body = json!({
        "requestContext": {
            "requestId": request_id, "functionArn": origin.function_arn, "condition": condition,
            "approximateInvokeCount": given_up.invocations,
        },
        "version": "1.0",
        "timestamp": iso8601_with_milliseconds(now),
        "DDBStreamBatchInfo": {
            "shardId": origin.shard_id,
            "startSequenceNumber": sequence_number(first), "endSequenceNumber": sequence_number(last),
            "approximateArrivalOfFirstRecord": arrival(first), "approximateArrivalOfLastRecord": arrival(last),
            "batchSize": records.len(), "streamArn": origin.stream_arn,
        },
    });
    if let Some(attempt) = &given_up.last {
        let error = attempt.function_error.then_some("Unhandled");
        body["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": error});
    }
    body
}
