//! What goes wrong on purpose.

use std::time::Instant;

use super::*;
use crate::meter::Item;

const REFUSED: &str = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";

async fn start_with(odds: Odds) -> DynamoDb {
    start(DynamoDbOptions { weather: Weather::new(odds), ..DynamoDbOptions::default() }).await
}

async fn get(db: &DynamoDb, consistent: bool) -> Value {
    let get = json!({"TableName": "messages", "Key": key("a", "1"), "ConsistentRead": consistent, "ProjectionExpression": "n"});
    call(db, "GetItem", &get).await["Item"]["n"]["N"].take()
}

#[tokio::test]
async fn a_conditional_write_that_conflicts_is_refused_without_effect() {
    let db = start_with(Odds { conflict: 1.0, ..Odds::default() }).await;
    put(&db, "a", "1", json!({"n": {"N": "1"}})).await;
    let condition = "attribute_exists(messageId)";
    let delete = json!({"TableName": "messages", "Key": key("a", "1"), "ConditionExpression": condition});
    let mut update = delete.clone();
    update["UpdateExpression"] = json!("REMOVE n");
    let put = json!({"TableName": "messages", "Item": key("a", "1"), "ConditionExpression": condition});
    for (operation, body) in [("PutItem", put), ("UpdateItem", update), ("DeleteItem", delete)] {
        let answer = call(&db, operation, &body).await;
        assert_eq!(answer, json!({"__type": REFUSED, "message": "Transaction is ongoing for the item"}));
    }
    assert_eq!((get(&db, true).await, count_rows(&db)), (json!("1"), 1));
}

#[tokio::test]
async fn a_transaction_that_conflicts_is_cancelled_without_effect() {
    let meter = Meter::default();
    let weather = Weather::new(Odds { conflict: 0.5, ..Odds::default() });
    let db = start(DynamoDbOptions { weather, meter: meter.clone(), ..DynamoDbOptions::default() }).await;
    let (mut conflicts, mut done) = (0, 0);
    for number in 0..40 {
        let put = |recipient: &str| json!({"Put": {"TableName": "messages", "Item": key(recipient, &number.to_string())}});
        let answer = call(&db, "TransactWriteItems", &json!({"TransactItems": [put("a"), put("b"), put("c")]})).await;
        if answer == json!({}) {
            done += 1;
            continue;
        }
        conflicts += 1;
        assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");
        let reasons = answer["CancellationReasons"].as_array().unwrap();
        let of = |code: &str| reasons.iter().filter(|reason| reason["Code"] == code).count();
        assert_eq!((of("TransactionConflict"), of("None")), (1, 2), "{answer}");
        let codes: Vec<_> = reasons.iter().map(|reason| reason["Code"].as_str().unwrap()).collect();
        assert!(answer["Message"].as_str().unwrap().ends_with(&format!("[{}]", codes.join(", "))), "{answer}");
    }
    assert!(conflicts > 5 && done > 5, "{conflicts} of 40");
    assert_eq!(count_rows(&db), 3 * done);
    assert_eq!(meter.usage(Vec::new()).quantity(Item::WriteUnits), 40.0 * 6.0, "a transaction that is cancelled is billed");
}

#[tokio::test]
async fn an_eventually_consistent_read_is_behind_for_a_while_and_no_longer() {
    const MOST: u64 = 400;
    let db = start_with(Odds { stale_ms: MOST, ..Odds::default() }).await;
    let query = json!({
        "TableName": "messages", "KeyConditionExpression": "recipientId = :r", "ExpressionAttributeValues": {":r": {"S": "a"}},
    });
    let began = Instant::now();
    put(&db, "a", "1", json!({"n": {"N": "1"}})).await;
    let (mut items, mut found) = ((0, 0), 0);
    // The item has just come to be, so that nearly every read is of before.
    for _ in 0..20 {
        items.0 += usize::from(get(&db, false).await.is_null());
        items.1 += usize::from(call(&db, "Query", &query).await["Count"] == 0);
        found += usize::from(get(&db, true).await == json!("1"));
    }
    if began.elapsed() < Duration::from_millis(MOST / 2) {
        assert!(items.0 > 0 && items.1 > 0, "{items:?}");
    }
    assert_eq!(found, 20, "a consistent read sees what was written");
    let update = json!({
        "TableName": "messages", "Key": key("a", "1"), "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}},
    });
    tokio::time::sleep(Duration::from_millis(MOST + 50)).await;
    call(&db, "UpdateItem", &update).await;
    let written = Instant::now();
    let mut seen = Vec::new();
    while written.elapsed() < Duration::from_millis(MOST) {
        seen.push(get(&db, false).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(seen.contains(&json!("1")) && seen.contains(&json!("2")) && seen.len() > 10, "{seen:?}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..20 {
        assert_eq!(get(&db, false).await, "2", "it is as old as it can be");
    }
    call(&db, "DeleteItem", &json!({"TableName": "messages", "Key": key("a", "1")})).await;
    tokio::time::sleep(Duration::from_millis(MOST + 50)).await;
    assert_eq!((get(&db, false).await, call(&db, "Query", &query).await["Count"].take()), (Value::Null, json!(0)));
}

#[tokio::test]
async fn what_was_kept_is_read_also_in_weather() {
    let directory = tempfile::tempdir().unwrap();
    let db = start(durable(directory.path())).await;
    put(&db, "a", "1", json!({"n": {"N": "1"}})).await;
    drop(db);
    let weather = Weather::new(Odds { stale_ms: 50, ..Odds::default() });
    let db = start(DynamoDbOptions { weather, ..durable(directory.path()) }).await;
    assert_eq!(get(&db, false).await, "1");
}
