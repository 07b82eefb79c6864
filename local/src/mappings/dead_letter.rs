//! The message about records that were given up: where they are in the stream, not the records themselves.

use serde_json::{Value, json};

use super::{batch::Item, delivery::GivenUp, stream::Place};
use crate::{
    clock::{iso8601, iso8601_with_milliseconds},
    lambda::version,
};

/// The message's body, for one or more `records`, which are those of `given_up`. `function_arn` is qualified by an alias, if the mapping's
/// is. `now` is epoch milliseconds.
///
/// `functionError` is null after an answer, as in messages recorded from AWS. That `responseContext` is absent and `requestId` made up if
/// the function was never invoked with the records is a guess: nothing is published of that case.
pub(super) fn body(function_arn: &str, shard: (&str, &str), given_up: &GivenUp, records: &[Item<Place>], now: u64) -> Value {
    let (first, last) = (records.first(), records.last());
    let arrival = |record: Option<&Item<Place>>| record.map(|record| iso8601(record.place.written_at));
    let request_id = given_up.last.as_ref().map_or_else(|| uuid::Uuid::new_v4().to_string(), |attempt| attempt.request_id.clone());
    let mut body = json!({
        "requestContext": {
            "requestId": request_id, "functionArn": function_arn, "condition": format!("{:?}", given_up.condition),
            "approximateInvokeCount": given_up.invocations,
        },
        "version": "1.0",
        "timestamp": iso8601_with_milliseconds(now),
        "DDBStreamBatchInfo": {
            "shardId": shard.1, "streamArn": shard.0, "batchSize": records.len(),
            "startSequenceNumber": first.map(|record| &record.id), "endSequenceNumber": last.map(|record| &record.id),
            "approximateArrivalOfFirstRecord": arrival(first), "approximateArrivalOfLastRecord": arrival(last),
        },
    });
    if let Some(attempt) = &given_up.last {
        let error = attempt.function_error.then_some("Unhandled");
        body["responseContext"] = json!({"statusCode": 200, "executedVersion": version(function_arn), "functionError": error});
    }
    body
}
