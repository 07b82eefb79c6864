//! The room as its callers see it: by its protocols, and as a stream.

mod capacity;
mod protocol;
mod schema;
mod stream;
mod streams_api;
mod table;
mod weather;

use axum::http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;
use crate::weather::Odds;

/// A table with a stream, a sort key and expiry.
fn table(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        hash_key: "recipientId".to_owned(),
        range_key: Some("messageId".to_owned()),
        stream: true,
        ttl_attribute: Some("expiresAt".to_owned()),
    }
}

/// Kept in `directory`.
fn durable(directory: &std::path::Path) -> DynamoDbOptions {
    let keep = Keep::open(&directory.join("kept")).unwrap();
    DynamoDbOptions { path: Some(directory.join("data")), keep, ..DynamoDbOptions::default() }
}

/// The room with a table `messages`.
async fn start(options: DynamoDbOptions) -> DynamoDb {
    let db = DynamoDb::start(options).unwrap();
    db.create_table(&table("messages")).unwrap();
    db
}

async fn respond(db: &DynamoDb, target: &str, body: &Value) -> Response {
    let headers = HeaderMap::from_iter([("x-amz-target".parse().unwrap(), HeaderValue::from_str(target).unwrap())]);
    db.handle(headers, body.to_string().into()).await
}

/// Calls an operation, such as `GetItem`, or one of the streams' protocol.
async fn call(db: &DynamoDb, operation: &str, body: &Value) -> Value {
    let streams = ["GetShardIterator", "GetRecords"].contains(&operation);
    let protocol = if streams { "DynamoDBStreams_20120810" } else { "DynamoDB_20120810" };
    let response = respond(db, &format!("{protocol}.{operation}"), body).await;
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn key(recipient: &str, message: &str) -> Value {
    json!({"recipientId": {"S": recipient}, "messageId": {"S": message}})
}

/// Writes an item.
async fn put(db: &DynamoDb, recipient: &str, message: &str, more: Value) {
    let mut item = key(recipient, message);
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(call(db, "PutItem", &json!({"TableName": "messages", "Item": item})).await, json!({}));
}

/// The one shard of `messages`.
fn open(db: &DynamoDb, consumer: &str) -> StreamReader {
    let [shard] = <[_; 1]>::try_from(db.stream("messages", consumer).unwrap()).unwrap_or_else(|_| panic!("there is one shard"));
    shard
}

/// The next `count` records.
async fn take(reader: &mut StreamReader, count: usize) -> Vec<StreamRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(5), reader.next(count - records.len())).await;
        records.extend(next.expect("records within five seconds").unwrap());
    }
    records
}

/// The `messageId` of each record.
fn message_ids(records: &[StreamRecord]) -> Vec<&str> {
    records.iter().map(|record| record.event["dynamodb"]["Keys"]["messageId"]["S"].as_str().unwrap()).collect()
}

/// What the second connection sees of the stream rows.
fn count_rows(db: &DynamoDb) -> i64 {
    let connection = rusqlite::Connection::open(&db.room.file).unwrap();
    connection.query_row("SELECT COUNT(*) FROM _stream_records", [], |row| row.get(0)).unwrap()
}

/// Waits until the stream has so many rows.
async fn until_rows(db: &DynamoDb, count: i64) {
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while count_rows(db) != count {
        assert!(std::time::Instant::now() < until, "{} rows", count_rows(db));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
