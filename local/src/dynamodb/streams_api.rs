//! DynamoDB Streams' protocol: what callers are shown of streams, shard by shard.

use std::sync::Arc;

use dynoxide::DynoxideError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    DynamoDbError, Room,
    api::{self, Answer},
    record::{SEQUENCE_NUMBER_OFFSET, Stream, VIEW_TYPE},
};
use crate::{clock, lock::lock};

/// Records in one answer at most.
const MOST: usize = 1_000;

/// The members of all these requests.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Request {
    table_name: Option<String>,
    stream_arn: String,
    shard_id: String,
    shard_iterator_type: String,
    sequence_number: Option<String>,
    shard_iterator: String,
    limit: Option<usize>,
}

/// Why a request is refused.
enum Refusal {
    NotFound(String),
    Invalid(&'static str),
    Trimmed,
    Failed(DynamoDbError),
}

impl<E: Into<DynamoDbError>> From<E> for Refusal {
    fn from(error: E) -> Refusal {
        Refusal::Failed(error.into())
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        let error = match refusal {
            Refusal::Trimmed => {
                let message = "The operation attempted to read past the oldest stream record in a shard.";
                return Answer::error("TrimmedDataAccessException", message);
            }
            Refusal::NotFound(what) => DynoxideError::ResourceNotFoundException(format!("Requested resource not found: {what}")),
            Refusal::Invalid(message) => DynoxideError::ValidationException(message.to_owned()),
            Refusal::Failed(error) => DynoxideError::InternalServerError(error.to_string()),
        };
        dynoxide::Result::<()>::Err(error).into()
    }
}

/// Answers `operation`; none if there is none of that name here.
pub(super) fn answer(room: &Room, operation: &str, body: &[u8]) -> Option<Answer> {
    let carry_out = match operation {
        "ListStreams" => list_streams,
        "DescribeStream" => describe_stream,
        "GetShardIterator" => get_shard_iterator,
        "GetRecords" => get_records,
        _ => return None,
    };
    Some(match api::read::<Request>(body) {
        Ok(request) => carry_out(room, &request).map_or_else(Answer::from, |answer| Ok(answer).into()),
        Err(error) => dynoxide::Result::<()>::Err(error).into(),
    })
}

fn list_streams(room: &Room, request: &Request) -> Result<Value, Refusal> {
    let streams = lock(&room.streams);
    let asked = streams.values().filter(|stream| request.table_name.as_ref().is_none_or(|table| *table == stream.table));
    let summary = |stream: &Arc<Stream>| json!({"StreamArn": stream.arn, "TableName": stream.table, "StreamLabel": stream.label});
    Ok(json!({"Streams": asked.map(summary).collect::<Vec<_>>()}))
}

fn describe_stream(room: &Room, request: &Request) -> Result<Value, Refusal> {
    let stream = stream(room, &request.stream_arn)?;
    let oldest = lock(&room.rows).at(&stream.table, 0)?.map(|(_, number)| (SEQUENCE_NUMBER_OFFSET + i128::from(number)).to_string());
    let range = oldest.map_or_else(|| json!({}), |number| json!({"StartingSequenceNumber": number}));
    let shards = (0..stream.shards).map(|shard| json!({"ShardId": stream.shard_id(shard), "SequenceNumberRange": range}));
    Ok(json!({"StreamDescription": {
        "StreamArn": stream.arn, "StreamLabel": stream.label, "StreamStatus": "ENABLED", "StreamViewType": VIEW_TYPE,
        "TableName": stream.table, "CreationRequestDateTime": stream.created_at, "Shards": shards.collect::<Vec<_>>(),
    }}))
}

fn get_shard_iterator(room: &Room, request: &Request) -> Result<Value, Refusal> {
    let stream = stream(room, &request.stream_arn)?;
    let shard = (0..stream.shards).find(|shard| stream.shard_id(*shard) == request.shard_id);
    let shard = shard.ok_or_else(|| Refusal::NotFound(format!("Shard: {}", request.shard_id)))?;
    let rows = lock(&room.rows);
    let after = match request.shard_iterator_type.as_str() {
        "TRIM_HORIZON" => 0,
        "LATEST" => rows.newest()?,
        kind @ ("AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER") => {
            let number = request.sequence_number.as_deref().and_then(|number| number.parse::<i128>().ok());
            let number = number.and_then(|number| i64::try_from(number - SEQUENCE_NUMBER_OFFSET).ok());
            let number = number.filter(|number| *number > 0).ok_or(Refusal::Invalid("Invalid SequenceNumber"))?;
            // The engine numbers by the clock, in microseconds: where no record is left, everything up to now is gone.
            let oldest = rows.at(&stream.table, 0)?.map_or_else(|| clock::now().saturating_mul(1_000).cast_signed(), |(_, number)| number);
            if number < oldest {
                return Err(Refusal::Trimmed);
            }
            let next = rows.at(&stream.table, number + i64::from(kind.starts_with("AFTER")))?;
            next.map_or_else(|| rows.newest(), |(id, _)| Ok(id - 1))?
        }
        _ => return Err(Refusal::Invalid("Invalid ShardIteratorType")),
    };
    Ok(json!({"ShardIterator": iterator(&stream, shard, after)}))
}

fn get_records(room: &Room, request: &Request) -> Result<Value, Refusal> {
    let parts = request.shard_iterator.splitn(3, '/').collect::<Vec<_>>();
    let [after, shard, arn] = parts[..] else { return Err(Refusal::Invalid("Invalid ShardIterator")) };
    let (Ok(mut after), Ok(shard)) = (after.parse::<i64>(), shard.parse::<u32>()) else {
        return Err(Refusal::Invalid("Invalid ShardIterator"));
    };
    let (stream, limit) = (stream(room, arn)?, request.limit.unwrap_or(MOST).clamp(1, MOST));
    let rows = lock(&room.rows);
    let (newest, mut records) = (rows.newest()?, Vec::new());
    while records.is_empty() && after < newest {
        let read = rows.read(&stream.table, (after, newest), limit)?;
        after = if read.len() < limit { newest } else { read.last().map_or(newest, |row| row.id) };
        for row in read {
            if let Some(mut record) = stream.record(row)?.filter(|record| record.shard == shard) {
                // Only Lambda says of which stream a record is.
                record.event.as_object_mut().and_then(|event| event.remove("eventSourceARN"));
                records.push(record.event);
            }
        }
    }
    Ok(json!({"Records": records, "NextShardIterator": iterator(&stream, shard, after)}))
}

/// Where to read on in a shard: after a position.
fn iterator(stream: &Stream, shard: u32, after: i64) -> String {
    format!("{after}/{shard}/{}", stream.arn)
}

fn stream(room: &Room, arn: &str) -> Result<Arc<Stream>, Refusal> {
    let streams = lock(&room.streams);
    let stream = streams.values().find(|stream| stream.arn == arn);
    stream.cloned().ok_or_else(|| Refusal::NotFound(format!("Stream: {arn}")))
}
