//! The room as its callers see it: over HTTP, and as a stream.

mod capacity;
mod expiry;
mod http;
mod schema;
mod stream;
mod table;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

/// A table with a stream of `view`, a sort key and expiry.
fn config(name: &str, view: StreamViewType) -> TableConfig {
    TableConfig {
        name: name.to_owned(),
        hash_key: string_key("recipientId"),
        range_key: Some(string_key("messageId")),
        stream: Some(view),
        ttl_attribute: Some("expiresAt".to_owned()),
    }
}

fn string_key(name: &str) -> KeyAttribute {
    KeyAttribute { name: name.to_owned(), kind: AttributeType::String }
}

/// Kept in the file `path`.
fn durable(path: PathBuf) -> DynamoDbOptions {
    DynamoDbOptions { path: Some(path), ..DynamoDbOptions::default() }
}

async fn start() -> DynamoDb {
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewAndOldImages)).await.unwrap();
    db
}

/// Calls the engine, or what stands before it, at `endpoint`.
async fn call(endpoint: &str, target: &str, body: &Value) -> Value {
    let request = reqwest::Client::new().post(endpoint).header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
    let authorization = "AWS4-HMAC-SHA256 Credential=test/20261121/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
    let request = request.header("authorization", authorization).header("x-amz-date", "20261121T000000Z");
    let response = request.body(body.to_string()).send().await.unwrap();
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Writes an item.
async fn put(db: &DynamoDb, recipient: &str, message: &str, more: Value) {
    let mut item = json!({"recipientId": {"S": recipient}, "messageId": {"S": message}});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = call(&db.endpoint(), "DynamoDB_20120810.PutItem", &json!({"TableName": "messages", "Item": item})).await;
    assert_eq!(answer, json!({}));
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

/// What the second connection sees of the stream rows.
fn count_rows(db: &DynamoDb) -> i64 {
    let connection = rusqlite::Connection::open(&db.inner.file).unwrap();
    connection.query_row("SELECT COUNT(*) FROM _stream_records", [], |row| row.get(0)).unwrap()
}
