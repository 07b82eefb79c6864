//! A table's stream, and a row of it as the record that Lambda hands to a function.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dynoxide::TableMetadata;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{DynamoDbError, rows::Row};
use crate::{
    account::{REGION, stream_arn},
    template::Table,
};

/// The public sequence number is this much more than the stored one.
pub(super) const SEQUENCE_NUMBER_OFFSET: i128 = 100_000_000_000_000_000_000;
/// What the template's streams show.
pub(super) const VIEW_TYPE: &str = "NEW_IMAGE";

/// One record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRecord {
    /// Its place in the stream, above that of every earlier record, whatever the shard.
    pub position: i64,
    /// Its shard, by its partition key, counted from 0.
    pub shard: u32,
    /// Its sequence number, 21 digits.
    pub sequence_number: String,
    /// The item's key, as JSON: the same text for the same item.
    pub key: String,
    /// When it was written, epoch seconds.
    pub written_at: i64,
    /// The record in the shape of a Lambda event's `Records`.
    pub event: Value,
}

/// The stream of a table.
pub(super) struct Stream {
    pub(super) table: String,
    pub(super) arn: String,
    pub(super) label: String,
    hash_key: String,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) shards: u32,
    /// Is told of each write to the table.
    pub(super) written: watch::Sender<()>,
}

impl Stream {
    /// The stream that the engine has made for `table`; none if it has none.
    pub(super) fn of(table: &Table, there: TableMetadata, shards: u32) -> Option<Stream> {
        let label = there.stream_label.filter(|_| there.stream_enabled)?;
        Some(Stream {
            table: table.name.clone(),
            arn: stream_arn(&table.name, &label),
            label,
            hash_key: table.hash_key.clone(),
            created_at: there.created_at,
            shards: shards.max(1),
            written: watch::Sender::new(()),
        })
    }

    /// The id of a shard, which ends in its number.
    pub(super) fn shard_id(&self, shard: u32) -> String {
        format!("shardId-{:020}-{:08x}-{shard}", self.created_at, crc32fast::hash(self.arn.as_bytes()))
    }

    /// The record of a row; none if the write changed nothing, for which AWS has no record.
    pub(super) fn record(&self, row: Row) -> Result<Option<StreamRecord>, DynamoDbError> {
        let image = |text: Option<String>| text.map(|text| serde_json::from_str::<Value>(&text)).transpose();
        let keys: Value = serde_json::from_str(&row.keys)?;
        let (new, old) = (image(row.new_image)?, image(row.old_image)?);
        if let (Some(new), Some(old)) = (&new, &old)
            && same(new, old)
        {
            return Ok(None);
        }
        let hash_key = keys[&self.hash_key]["S"].as_str().unwrap_or_default();
        let shard = crc32fast::hash(hash_key.as_bytes()) % self.shards;
        let sequence_number = (SEQUENCE_NUMBER_OFFSET + i128::from(row.sequence_number)).to_string();
        let key = keys.to_string();
        let mut event = json!({
            "eventID": row.event_id, "eventName": row.event_name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": REGION, "eventSourceARN": self.arn,
            "dynamodb": {
                "ApproximateCreationDateTime": row.created_at, "SequenceNumber": sequence_number, "StreamViewType": VIEW_TYPE,
                "SizeBytes": item_size(&keys) + new.as_ref().map_or(0, item_size), "Keys": keys,
            },
        });
        if let Some(image) = new {
            event["dynamodb"]["NewImage"] = image;
        }
        if let Some(identity) = row.user_identity {
            event["userIdentity"] = serde_json::from_str(&identity)?;
        }
        Ok(Some(StreamRecord { position: row.id, shard, sequence_number, key, written_at: row.created_at, event }))
    }
}

/// Whether two images or values are equal, sets in any order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| match (right.get(name), name.as_str(), value) {
                    (Some(Value::Array(right)), "SS" | "NS" | "BS", Value::Array(left)) => {
                        left.len() == right.len() && left.iter().all(|member| right.contains(member))
                    }
                    (Some(right), _, left) => same(left, right),
                    (None, ..) => false,
                })
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

/// Bytes of an item as DynamoDB counts them: names and values.
fn item_size(item: &Value) -> usize {
    item.as_object().map_or(0, attributes_size)
}

fn attributes_size(attributes: &Map<String, Value>) -> usize {
    attributes.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let scalar = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        match kind.as_bytes()[0] {
            b'N' => dynoxide::types::number_size(text),
            b'B' => BASE64_STANDARD.decode(text).map_or(text.len(), |bytes| bytes.len()),
            _ => text.len(),
        }
    };
    match (kind.as_str(), value) {
        ("BOOL" | "NULL", _) => 1,
        ("M", Value::Object(members)) => 3 + members.len() + attributes_size(members),
        ("L", Value::Array(members)) => 3 + members.len() + members.iter().map(value_size).sum::<usize>(),
        (_, Value::Array(members)) => members.iter().map(scalar).sum(),
        (_, value) => scalar(value),
    }
}
