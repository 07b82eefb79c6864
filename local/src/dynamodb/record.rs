//! A stream row as the record that Lambda hands to a function.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::{
    DynamoDbError,
    rows::{Description, Row},
    streams_api::BOTH_IMAGES,
};
use crate::account::{REGION, stream_arn};

/// The public sequence number is this much more than the stored one.
pub(super) const SEQUENCE_NUMBER_OFFSET: i128 = 100_000_000_000_000_000_000;

/// One record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRecord {
    /// Its place in the stream, above that of every earlier record.
    pub position: i64,
    /// Its shard, from 0.
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

/// The stream that rows belong to.
pub(super) struct Source {
    pub(super) table: String,
    pub(super) arn: String,
    pub(super) shard_id: String,
    view_type: String,
}

impl Source {
    pub(super) fn new(table: &str, description: Description) -> Source {
        Source {
            table: table.to_owned(),
            arn: stream_arn(table, &description.label),
            shard_id: format!("shardId-00000001-{table}"),
            view_type: description.view_type,
        }
    }

    /// The record of a row; none if the write changed nothing, for which AWS has no record.
    pub(super) fn record(&self, row: Row) -> Result<Option<StreamRecord>, DynamoDbError> {
        let image = |text: Option<String>| text.map(|text| serde_json::from_str::<Value>(&text)).transpose();
        let keys: Value = serde_json::from_str(&row.keys)?;
        let images = Images { new: image(row.new_image)?, old: image(row.old_image)? };
        if row.event_name == "MODIFY" && images.are_the_same() {
            return Ok(None);
        }
        let images = images.seen_as(&self.view_type);
        let stored: i128 = row.sequence_number.parse().map_err(serde::de::Error::custom).map_err(DynamoDbError::Stored)?;
        let sequence_number = (SEQUENCE_NUMBER_OFFSET + stored).to_string();
        let size: usize = [Some(&keys), images.new.as_ref(), images.old.as_ref()].into_iter().flatten().map(item_size).sum();
        let key = keys.to_string();
        let mut dynamodb = Map::new();
        dynamodb.insert("ApproximateCreationDateTime".to_owned(), json!(row.created_at));
        dynamodb.insert("SequenceNumber".to_owned(), json!(sequence_number));
        dynamodb.insert("SizeBytes".to_owned(), json!(size));
        dynamodb.insert("StreamViewType".to_owned(), json!(self.view_type));
        dynamodb.insert("Keys".to_owned(), keys);
        images.put_into(&mut dynamodb);
        let mut event = json!({
            "eventID": row.event_id, "eventName": row.event_name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": REGION, "eventSourceARN": self.arn,
        });
        event["dynamodb"] = Value::Object(dynamodb);
        if let Some(identity) = row.user_identity {
            event["userIdentity"] = serde_json::from_str(&identity)?;
        }
        Ok(Some(StreamRecord { position: row.id, shard: 0, sequence_number, key, written_at: row.created_at, event }))
    }
}

/// An item before and after a change.
pub(super) struct Images {
    pub(super) new: Option<Value>,
    pub(super) old: Option<Value>,
}

impl Images {
    /// Whether both are known and equal: the write changed nothing.
    pub(super) fn are_the_same(&self) -> bool {
        matches!((&self.new, &self.old), (Some(new), Some(old)) if same(new, old))
    }

    /// Those that a stream of this view type shows.
    pub(super) fn seen_as(self, view_type: &str) -> Images {
        let shows = |views: [&str; 2]| views.contains(&view_type);
        Images { new: self.new.filter(|_| shows(["NEW_IMAGE", BOTH_IMAGES])), old: self.old.filter(|_| shows(["OLD_IMAGE", BOTH_IMAGES])) }
    }

    pub(super) fn put_into(self, record: &mut Map<String, Value>) {
        for (name, image) in [("NewImage", self.new), ("OldImage", self.old)] {
            if let Some(image) = image {
                record.insert(name.to_owned(), image);
            }
        }
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
pub(super) fn item_size(item: &Value) -> usize {
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
