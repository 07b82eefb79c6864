//! What requests use up, by DynamoDB's guide.

use super::*;
use crate::meter::Item;

struct Metered {
    db: DynamoDb,
    meter: Meter,
}

/// The key of an item, and with the attribute `x`, an item of so many bytes.
fn item(id: &str, bytes: usize) -> Value {
    let mut item = key("a", id);
    if bytes > 0 {
        let key = "recipientId".len() + "a".len() + "messageId".len() + id.len();
        item["x"] = json!({"S": "x".repeat(bytes - key - 1)});
    }
    item
}

impl Metered {
    async fn start() -> Metered {
        let meter = Meter::default();
        Metered { db: start(DynamoDbOptions { meter: meter.clone(), ..DynamoDbOptions::default() }).await, meter }
    }

    /// Write and read units of the request, and its answer.
    async fn units(&self, operation: &str, mut body: Value) -> ([f64; 2], Value) {
        if body.get("RequestItems").is_none() && body.get("TransactItems").is_none() {
            body["TableName"] = json!("messages");
        }
        let used = || [Item::WriteUnits, Item::ReadUnits].map(|item| self.meter.usage(Vec::new()).quantity(item));
        let before = used();
        let answer = call(&self.db, operation, &body).await;
        let after = used();
        ([after[0] - before[0], after[1] - before[1]], answer)
    }

    async fn put(&self, id: &str, bytes: usize) -> f64 {
        let ([write, read], answer) = self.units("PutItem", json!({"Item": item(id, bytes)})).await;
        assert_eq!((answer, read), (json!({}), 0.0), "nothing was asked for");
        write
    }
}

#[tokio::test]
async fn write_units_are_those_of_the_guide() {
    let table = Metered::start().await;
    assert_eq!(table.put("1", 1024).await, 1.0);
    assert_eq!(table.put("2", 1025).await, 2.0);
    assert_eq!(table.put("2", 100).await, 2.0, "it was larger before");
    assert_eq!(table.put("2", 100).await, 1.0);
    assert_eq!(table.put("3", 5000).await, 5.0);
    let update = json!({
        "Key": item("2", 0), "UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"S": "y".repeat(3000)}},
    });
    assert_eq!(table.units("UpdateItem", update).await.0, [4.0, 0.0], "3,101 bytes afterwards");
    assert_eq!(table.units("DeleteItem", json!({"Key": item("3", 0)})).await.0, [5.0, 0.0]);
    assert_eq!(table.units("DeleteItem", json!({"Key": item("3", 0)})).await.0, [1.0, 0.0], "it is gone");
}

#[tokio::test]
async fn read_units_are_those_of_the_guide() {
    let table = Metered::start().await;
    table.put("1", 4096).await;
    table.put("2", 4097).await;
    let get = async |id: &str, consistent: bool| table.units("GetItem", json!({"Key": item(id, 0), "ConsistentRead": consistent})).await.0;
    assert_eq!([get("1", true).await, get("1", false).await], [[0.0, 1.0], [0.0, 0.5]]);
    assert_eq!([get("2", true).await, get("2", false).await], [[0.0, 2.0], [0.0, 1.0]]);
    assert_eq!([get("absent", true).await, get("absent", false).await], [[0.0, 1.0], [0.0, 0.5]]);
    let query = |player: &str| json!({"KeyConditionExpression": "recipientId = :r", "ExpressionAttributeValues": {":r": {"S": player}}});
    let values_of = |answer: &Value| answer["Items"].as_array().map_or(0, Vec::len);
    let (units, answer) = table.units("Query", query("a")).await;
    assert_eq!((units, values_of(&answer)), ([0.0, 1.5], 2), "8,193 bytes together, half of three");
    assert_eq!(table.units("Query", query("nobody")).await.0, [0.0, 0.5]);
    let (units, answer) = table.units("Scan", json!({"ConsistentRead": true})).await;
    assert_eq!((units, values_of(&answer)), ([0.0, 3.0], 2));
}

#[tokio::test]
async fn batches_and_transactions_count_each_item() {
    let table = Metered::start().await;
    let puts: Vec<_> = (0..25).map(|n| json!({"PutRequest": {"Item": item(&n.to_string(), 1025)}})).collect();
    let (units, answer) = table.units("BatchWriteItem", json!({"RequestItems": {"messages": puts}})).await;
    assert_eq!((units, answer), ([50.0, 0.0], json!({"UnprocessedItems": {}})));
    let put = |id: &str, bytes| json!({"Put": {"TableName": "messages", "Item": item(id, bytes)}});
    let written = json!({"TransactItems": [put("a", 1000), put("b", 1025)], "ClientRequestToken": "once"});
    assert_eq!(table.units("TransactWriteItems", written.clone()).await, ([6.0, 0.0], json!({})));
    assert_eq!(table.units("TransactWriteItems", written).await.0, [0.0, 4.0], "the same again with the same token only reads");
    let mut refused = put("b", 100);
    refused["Put"]["ConditionExpression"] = json!("attribute_not_exists(messageId)");
    let (units, answer) = table.units("TransactWriteItems", json!({"TransactItems": [put("c", 100), refused]})).await;
    assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");
    assert_eq!(units, [4.0, 0.0]);
}

#[tokio::test]
async fn a_refused_write_uses_up_capacity() {
    let table = Metered::start().await;
    table.put("1", 3000).await;
    let put = |id: &str, condition: &str| json!({"Item": item(id, 5000), "ConditionExpression": condition});
    let refusal = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "The conditional request failed",
    });
    let fresh = "attribute_not_exists(messageId)";
    assert_eq!(table.units("PutItem", put("1", fresh)).await, ([3.0, 0.0], refusal.clone()), "nobody asked for the item");
    assert_eq!(table.units("PutItem", put("2", "attribute_exists(messageId)")).await, ([1.0, 0.0], refusal.clone()));
    let mut asking = put("1", fresh);
    asking["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let (units, answer) = table.units("PutItem", asking).await;
    assert_eq!((units, &answer["Item"]), ([3.0, 0.0], &item("1", 3000)));
    let delete = json!({
        "Key": item("1", 0), "ConditionExpression": "connectedAt = :x", "ExpressionAttributeValues": {":x": {"N": "1"}},
        "ReturnValuesOnConditionCheckFailure": "NONE",
    });
    assert_eq!(table.units("DeleteItem", delete).await, ([3.0, 0.0], refusal));
    assert_eq!(table.units("PutItem", put("2", fresh)).await, ([5.0, 0.0], json!({})));
}

#[tokio::test]
async fn consumed_capacity_is_answered_to_those_who_ask() {
    let table = Metered::start().await;
    for (asked, consumed) in [
        (json!("TOTAL"), json!({"TableName": "messages", "CapacityUnits": 1.0})),
        (json!("INDEXES"), json!({"TableName": "messages", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}})),
        (json!("NONE"), Value::Null),
    ] {
        let put = json!({"Item": item("1", 100), "ReturnConsumedCapacity": asked});
        let (units, answer) = table.units("PutItem", put).await;
        assert_eq!((units, &answer["ConsumedCapacity"]), ([1.0, 0.0], &consumed));
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_uses_up_nothing() {
    let table = Metered::start().await;
    for (operation, body, kind) in [
        ("GetItem", json!({"Key": {"recipientId": {"S": "a"}}}), "com.amazon.coral.validate#ValidationException"),
        ("PutItem", json!({"Item": item("1", 500_000)}), "com.amazon.coral.validate#ValidationException"),
        ("Query", json!({"KeyConditionExpression": 5}), "com.amazon.coral.service#SerializationException"),
        ("PutItem", json!({"Item": item("1", 0), "ReturnConsumedCapacity": "ALL"}), "com.amazon.coral.validate#ValidationException"),
    ] {
        let (units, answer) = table.units(operation, body).await;
        assert_eq!((units, answer["__type"].as_str()), ([0.0, 0.0], Some(kind)), "{operation}: {answer}");
    }
}
