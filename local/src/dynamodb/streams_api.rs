//! DynamoDB Streams' protocol: what callers are shown of a shard, such as the records that a dead letter stands for.

use std::sync::Arc;

use dynoxide::DynoxideError;
use serde_json::{Value, json};

use super::{
    DynamoDbError, Room,
    record::{SEQUENCE_NUMBER_OFFSET, Stream},
};
use crate::{clock, lock::lock};

/// Records in one answer at most.
const MOST: u64 = 1_000;

/// Answers `operation`; none if there is none of that name here.
pub(super) fn answer(room: &Room, operation: &str, request: &Value) -> Result<Option<Value>, DynamoDbError> {
    match operation {
        "DescribeStream" => {
            let stream = stream(room, &request["StreamArn"])?;
            let shards = (0..stream.shards).map(|shard| json!({"ShardId": stream.shard_id(shard)})).collect::<Value>();
            Ok(Some(json!({"StreamDescription": {"StreamArn": *stream.arn, "StreamStatus": "ENABLED", "Shards": shards}})))
        }
        "GetShardIterator" => get_shard_iterator(room, request).map(Some),
        "GetRecords" => get_records(room, request).map(Some),
        _ => Ok(None),
    }
}

fn get_shard_iterator(room: &Room, request: &Value) -> Result<Value, DynamoDbError> {
    let stream = stream(room, &request["StreamArn"])?;
    let shard = (0..stream.shards).find(|shard| request["ShardId"] == stream.shard_id(*shard));
    let shard = shard.ok_or_else(|| not_found("Shard", &request["ShardId"]))?;
    let after = match request["ShardIteratorType"].as_str() {
        Some("TRIM_HORIZON") => 0,
        Some("AT_SEQUENCE_NUMBER") => {
            let number = request["SequenceNumber"].as_str().and_then(|number| number.parse::<i128>().ok());
            let number = number.and_then(|number| i64::try_from(number - SEQUENCE_NUMBER_OFFSET).ok()).filter(|number| *number > 0);
            let number = number.ok_or_else(|| invalid("SequenceNumber"))?;
            let rows = lock(&room.rows);
            // The engine numbers by the clock, in microseconds: where no record is left, everything up to now is gone.
            let oldest = rows.at(&stream.table, 0)?.map_or_else(|| clock::now().saturating_mul(1_000).cast_signed(), |(_, number)| number);
            if number < oldest {
                let message = "The operation attempted to read past the oldest stream record in a shard.".to_owned();
                return Err(DynamoDbError::Refused("com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException", message));
            }
            rows.at(&stream.table, number)?.map_or_else(|| rows.newest(), |(id, _)| Ok(id - 1))?
        }
        _ => return Err(invalid("ShardIteratorType: this stack has TRIM_HORIZON and AT_SEQUENCE_NUMBER")),
    };
    Ok(json!({"ShardIterator": iterator(&stream, shard, after)}))
}

fn get_records(room: &Room, request: &Value) -> Result<Value, DynamoDbError> {
    let mut parts = request["ShardIterator"].as_str().unwrap_or_default().splitn(3, '/');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    let (Some(mut after), Some(shard)) = (number(), number()) else { return Err(invalid("ShardIterator")) };
    let (stream, limit) = (stream(room, &json!(parts.next()))?, request["Limit"].as_u64().unwrap_or(MOST).clamp(1, MOST));
    let rows = lock(&room.rows);
    let (newest, mut records) = (rows.newest()?, Vec::new());
    while records.is_empty() && after < newest {
        let read = stream.read(&rows, (after, newest), limit as usize)?;
        after = read.1;
        for mut record in read.0.into_iter().filter(|record| i64::from(record.shard) == shard) {
            // Only Lambda says of which stream a record is.
            record.event.as_object_mut().and_then(|event| event.remove("eventSourceARN"));
            records.push(record.event);
        }
    }
    Ok(json!({"Records": records, "NextShardIterator": iterator(&stream, shard, after)}))
}

/// Where to read on in a shard: after a position.
fn iterator(stream: &Stream, shard: impl Into<i64>, after: i64) -> String {
    format!("{after}/{}/{}", shard.into(), stream.arn)
}

fn stream(room: &Room, arn: &Value) -> Result<Arc<Stream>, DynamoDbError> {
    let streams = lock(&room.streams);
    let stream = streams.values().find(|stream| *arn == *stream.arn);
    stream.cloned().ok_or_else(|| not_found("Stream", arn))
}

fn invalid(member: &str) -> DynamoDbError {
    DynoxideError::ValidationException(format!("Invalid {member}")).into()
}

fn not_found(kind: &str, id: &Value) -> DynamoDbError {
    let message = format!("Requested resource not found: {kind}: {}", id.as_str().unwrap_or_default());
    DynoxideError::ResourceNotFoundException(message).into()
}
