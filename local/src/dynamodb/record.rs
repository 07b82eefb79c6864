//! A table's stream, and its rows as the records that Lambda hands to a function.

use std::sync::Mutex;

use dynoxide::{Item, TableMetadata, types::item_size};
use rusqlite::Row;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{DynamoDbError, rows::Rows};
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
    pub(super) shard: u32,
    /// Its sequence number, 21 digits.
    pub sequence_number: String,
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
    pub(super) hash_key: String,
    pub(super) shards: u32,
    /// Is told of each write to the table.
    pub(super) written: watch::Sender<()>,
    /// Up to which position those who watch have been told.
    pub(super) told: Mutex<i64>,
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
            shards: shards.max(1),
            written: watch::Sender::new(()),
            told: Mutex::default(),
        })
    }

    pub(super) fn shard_id(&self, shard: u32) -> String {
        format!("shardId-{shard:020}-{:08x}", crc32fast::hash(self.arn.as_bytes()))
    }

    /// Reads up to `limit` rows after the first position and up to the second. Answers the records and the position that it has come to.
    pub(super) fn read(&self, rows: &Rows, range: (i64, i64), limit: usize) -> Result<(Vec<StreamRecord>, i64), DynamoDbError> {
        let read = rows.read(&self.table, range, limit, |row| Ok((row.get("id")?, self.record(row)?)))?;
        let position = read.last().filter(|_| read.len() == limit).map_or(range.1, |(id, _)| *id);
        Ok((read.into_iter().filter_map(|(_, record)| record).collect(), position))
    }

    /// The record of a row; none if the write changed nothing, for which AWS has no record.
    fn record(&self, row: &Row<'_>) -> Result<Option<StreamRecord>, DynamoDbError> {
        let text = |column: &str| row.get::<_, Option<String>>(column);
        let image = |column| text(column)?.map_or(Ok(None), |text| Ok::<_, DynamoDbError>(serde_json::from_str::<Option<Item>>(&text)?));
        let (keys, new, old) = (image("keys_json")?.unwrap_or_default(), image("new_image")?, image("old_image")?);
        if new == old {
            return Ok(None);
        }
        let written_at = row.get("created_at")?;
        let sequence_number = (SEQUENCE_NUMBER_OFFSET + i128::from(row.get::<_, i64>("number")?)).to_string();
        let mut event = json!({
            "eventID": text("event_id")?, "eventName": text("event_name")?, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": REGION, "eventSourceARN": self.arn,
            "dynamodb": {
                "ApproximateCreationDateTime": written_at, "SequenceNumber": sequence_number, "StreamViewType": VIEW_TYPE,
                "SizeBytes": item_size(&keys) + new.as_ref().map_or(0, item_size), "Keys": keys,
            },
        });
        if let Some(image) = new {
            event["dynamodb"]["NewImage"] = json!(image);
        }
        if let Some(identity) = text("user_identity")? {
            event["userIdentity"] = serde_json::from_str(&identity)?;
        }
        let partition = event["dynamodb"]["Keys"][&self.hash_key]["S"].as_str().unwrap_or_default();
        let shard = crc32fast::hash(partition.as_bytes()) % self.shards;
        Ok(Some(StreamRecord { position: row.get("id")?, shard, sequence_number, written_at, event }))
    }
}
