//! How rows have changed, for people: from the records of streams, as plain JSON.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    DynamoDb, DynamoDbError,
    record::{SEQUENCE_NUMBER_OFFSET, Stream, StreamRecord},
    rows::Rows,
};
use crate::{events::Events, lock::lock};

/// So many changes of all tables together can be looked at again. Records of streams are kept for longer.
const REMEMBERED: i64 = 1_000;

impl Stream {
    /// Tells what was written since the last time, once, whoever asks for it.
    fn tell(&self, rows: &Rows, events: &Events) -> Result<(), DynamoDbError> {
        let mut told = lock(&self.told);
        let (records, position) = self.read(rows, (*told, rows.newest()?), REMEMBERED as usize)?;
        *told = position;
        for record in &records {
            events.tell(|| {
                let mut event = change(record);
                event["kind"] = "row".into();
                event["table"] = events.short(&self.table).into();
                event
            });
        }
        Ok(())
    }
}

impl DynamoDb {
    /// Has those who watch be told of what is written from now on. To be called before the first of them begins.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub(crate) fn begin_telling(&self) -> Result<(), DynamoDbError> {
        let newest = lock(&self.room.rows).newest()?;
        lock(&self.room.streams).values().for_each(|stream| *lock(&stream.told) = newest);
        Ok(())
    }

    /// Tells those who watch what was written since the last time.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub(crate) async fn tell_changes(&self) -> Result<(), DynamoDbError> {
        let room = Arc::clone(&self.room);
        let tell = move || {
            let streams: Vec<_> = lock(&room.streams).values().cloned().collect();
            let rows = lock(&room.rows);
            streams.iter().try_for_each(|stream| stream.tell(&rows, &room.options.events))
        };
        tokio::task::spawn_blocking(tell).await?
    }

    /// What has become of the rows of `table` with this partition key in the last 1,000 changes of all tables, the oldest first, each as
    /// `{"at", "event", "keys", "image"}`. A table without a stream has none.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub(crate) async fn history(&self, table: &str, key: &str) -> Result<Vec<Value>, DynamoDbError> {
        let Some(stream) = lock(&self.room.streams).get(table).cloned() else { return Ok(Vec::new()) };
        let (room, key) = (Arc::clone(&self.room), key.to_owned());
        let look = move || {
            let rows = lock(&room.rows);
            let newest = rows.newest()?;
            let (records, _) = stream.read(&rows, (newest - REMEMBERED, newest), REMEMBERED as usize)?;
            let changes = records.iter().map(change).filter(|change| change["keys"][&stream.hash_key] == *key);
            Ok(changes.collect())
        };
        tokio::task::spawn_blocking(look).await?
    }
}

/// A record for people. The engine numbers records by its clock, in microseconds.
fn change(record: &StreamRecord) -> Value {
    let (event, number) = (&record.event, record.sequence_number.parse::<i128>().unwrap_or_default());
    let at = u64::try_from((number - SEQUENCE_NUMBER_OFFSET) / 1_000).unwrap_or_default();
    let images = &event["dynamodb"];
    json!({"at": at, "event": event["eventName"], "keys": plain_row(&images["Keys"]), "image": plain_row(&images["NewImage"])})
}

/// A row without DynamoDB's types; null if there is none.
fn plain_row(row: &Value) -> Value {
    row.as_object().map_or(Value::Null, |row| row.iter().map(|(name, attribute)| (name.clone(), plain(attribute))).collect())
}

/// An attribute without its type. What is binary stays Base64.
fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|typed| typed.iter().next()) else { return Value::Null };
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or_else(|_| value.clone()),
        ("M", row) => plain_row(row),
        ("L", Value::Array(elements)) => elements.iter().map(plain).collect(),
        ("NULL", _) => Value::Null,
        _ => value.clone(),
    }
}
