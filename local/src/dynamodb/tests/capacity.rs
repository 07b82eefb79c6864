//! What requests use up, by DynamoDB's guide, on both ways to the engine.

use super::*;
use crate::meter::Item;

struct Table {
    db: DynamoDb,
    meter: Meter,
    /// A text by which a request takes the way through the engine's own server, for an ARN may be in need of translation.
    detour: &'static str,
}

const DETOUR: &str = "arn:aws:dynamodb:";
/// In process, and through the engine's own server.
const WAYS: [&str; 2] = ["", DETOUR];

impl Table {
    async fn start(detour: &'static str) -> Table {
        let meter = Meter::default();
        let db = DynamoDb::start(DynamoDbOptions { meter: meter.clone(), ..DynamoDbOptions::default() }).await.unwrap();
        db.create_table(&config("messages", StreamViewType::NewAndOldImages)).await.unwrap();
        Table { db, meter, detour }
    }

    /// The key of an item, and with the attribute `x`, an item of so many bytes.
    fn item(&self, id: &str, bytes: usize) -> Value {
        let id = format!("{}{id}", self.detour);
        let key = "recipientId".len() + "a".len() + "messageId".len() + id.len();
        let mut item = json!({"recipientId": {"S": "a"}, "messageId": {"S": id}});
        if bytes > 0 {
            item["x"] = json!({"S": "x".repeat(bytes - key - 1)});
        }
        item
    }

    /// Write and read units of the request, and its answer.
    async fn units(&self, operation: &str, mut body: Value) -> ([f64; 2], Value) {
        if body.get("RequestItems").is_none() && body.get("TransactItems").is_none() && body.get("Statement").is_none() {
            body["TableName"] = json!("messages");
        }
        let used = || [Item::WriteUnits, Item::ReadUnits].map(|item| self.meter.usage(Vec::new()).quantity(item));
        let before = used();
        let answer = call(&self.db.endpoint(), &format!("DynamoDB_20120810.{operation}"), &body).await;
        let after = used();
        ([after[0] - before[0], after[1] - before[1]], answer)
    }

    async fn put(&self, id: &str, bytes: usize) -> f64 {
        let ([write, read], answer) = self.units("PutItem", json!({"Item": self.item(id, bytes)})).await;
        assert_eq!((answer, read), (json!({}), 0.0), "nothing was asked for");
        write
    }
}

#[tokio::test]
async fn write_units_are_those_of_the_guide() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        assert_eq!(table.put("1", 1024).await, 1.0);
        assert_eq!(table.put("2", 1025).await, 2.0);
        assert_eq!(table.put("2", 100).await, 2.0, "it was larger before");
        assert_eq!(table.put("2", 100).await, 1.0);
        assert_eq!(table.put("3", 5000).await, 5.0);
        let update = json!({
            "Key": table.item("2", 0), "UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"S": "y".repeat(3000)}},
        });
        assert_eq!(table.units("UpdateItem", update).await.0, [4.0, 0.0], "3,101 bytes afterwards");
        assert_eq!(table.units("DeleteItem", json!({"Key": table.item("3", 0)})).await.0, [5.0, 0.0]);
        assert_eq!(table.units("DeleteItem", json!({"Key": table.item("3", 0)})).await.0, [1.0, 0.0], "it is gone");
    }
}

#[tokio::test]
async fn read_units_are_those_of_the_guide() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        table.put("1", 4096).await;
        table.put("2", 4097).await;
        let get = async |id: &str, consistent: bool| {
            table.units("GetItem", json!({"Key": table.item(id, 0), "ConsistentRead": consistent})).await.0
        };
        assert_eq!([get("1", true).await, get("1", false).await], [[0.0, 1.0], [0.0, 0.5]]);
        assert_eq!([get("2", true).await, get("2", false).await], [[0.0, 2.0], [0.0, 1.0]]);
        assert_eq!([get("absent", true).await, get("absent", false).await], [[0.0, 1.0], [0.0, 0.5]]);
        let query = |player: &str| {
            let values = json!({":r": {"S": player}, ":z": {"S": detour}});
            json!({
                "KeyConditionExpression": "recipientId = :r AND messageId >= :z", "ExpressionAttributeValues": values,
            })
        };
        let values_of = |answer: &Value| answer["Items"].as_array().map_or(0, Vec::len);
        let (units, answer) = table.units("Query", query("a")).await;
        assert_eq!((units, values_of(&answer)), ([0.0, 1.5], 2), "8,193 bytes together, half of three");
        assert_eq!(table.units("Query", query("nobody")).await.0, [0.0, 0.5]);
        let (units, answer) = table.units("Scan", json!({"ConsistentRead": true})).await;
        assert_eq!((units, values_of(&answer)), ([0.0, 3.0], 2));
    }
}

#[tokio::test]
async fn batches_and_transactions_count_each_item() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        let puts: Vec<_> = (0..25).map(|n| json!({"PutRequest": {"Item": table.item(&n.to_string(), 1025)}})).collect();
        let (units, answer) = table.units("BatchWriteItem", json!({"RequestItems": {"messages": puts}})).await;
        assert_eq!((units, answer), ([50.0, 0.0], json!({"UnprocessedItems": {}})));
        let keys: Vec<_> = (0..3).map(|n| table.item(&n.to_string(), 0)).collect();
        let (units, _) = table.units("BatchGetItem", json!({"RequestItems": {"messages": {"Keys": keys}}})).await;
        assert_eq!(units, [0.0, 1.5]);
        let put = |id: &str, bytes| json!({"Put": {"TableName": "messages", "Item": table.item(id, bytes)}});
        let written = json!({"TransactItems": [put("a", 1000), put("b", 1025)], "ClientRequestToken": "once"});
        assert_eq!(table.units("TransactWriteItems", written.clone()).await, ([6.0, 0.0], json!({})));
        assert_eq!(table.units("TransactWriteItems", written).await.0, [0.0, 4.0], "the same again with the same token only reads");
        let gets = json!({"TransactItems": [{"Get": {"TableName": "messages", "Key": table.item("a", 0)}}]});
        assert_eq!(table.units("TransactGetItems", gets).await.0, [0.0, 2.0]);
        let mut refused = put("b", 100);
        refused["Put"]["ConditionExpression"] = json!("attribute_not_exists(messageId)");
        let (units, answer) = table.units("TransactWriteItems", json!({"TransactItems": [put("c", 100), refused]})).await;
        assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");
        assert_eq!(units, [4.0, 0.0]);
    }
}

#[tokio::test]
async fn a_refused_write_uses_up_capacity() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        table.put("1", 3000).await;
        let put = |id: &str, condition: &str| json!({"Item": table.item(id, 5000), "ConditionExpression": condition});
        let refusal = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "The conditional request failed",
        });
        let fresh = "attribute_not_exists(messageId)";
        assert_eq!(table.units("PutItem", put("1", fresh)).await, ([3.0, 0.0], refusal.clone()), "nobody asked for the item");
        assert_eq!(table.units("PutItem", put("2", "attribute_exists(messageId)")).await, ([1.0, 0.0], refusal.clone()));
        let mut asking = put("1", fresh);
        asking["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        let (units, answer) = table.units("PutItem", asking).await;
        assert_eq!((units, &answer["Item"]), ([3.0, 0.0], &table.item("1", 3000)));
        let delete = json!({
            "Key": table.item("1", 0), "ConditionExpression": "connectedAt = :x", "ExpressionAttributeValues": {":x": {"N": "1"}},
            "ReturnValuesOnConditionCheckFailure": "NONE",
        });
        assert_eq!(table.units("DeleteItem", delete).await, ([3.0, 0.0], refusal));
        assert_eq!(table.units("PutItem", put("2", fresh)).await, ([5.0, 0.0], json!({})));
    }
}

#[tokio::test]
async fn consumed_capacity_is_answered_to_those_who_ask() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        for (asked, consumed) in [
            (json!("TOTAL"), json!({"TableName": "messages", "CapacityUnits": 1.0})),
            (json!("INDEXES"), json!({"TableName": "messages", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}})),
            (json!("NONE"), Value::Null),
        ] {
            let put = json!({"Item": table.item("1", 100), "ReturnConsumedCapacity": asked});
            let (units, answer) = table.units("PutItem", put).await;
            assert_eq!((units, &answer["ConsumedCapacity"]), ([1.0, 0.0], &consumed));
        }
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_uses_up_nothing() {
    for detour in WAYS {
        let table = Table::start(detour).await;
        for (operation, body, kind) in [
            ("GetItem", json!({"Key": {"recipientId": {"S": detour}}}), "com.amazon.coral.validate#ValidationException"),
            ("PutItem", json!({"Item": table.item("1", 500_000)}), "com.amazon.coral.validate#ValidationException"),
            ("Query", json!({"KeyConditionExpression": 5, "x": detour}), "com.amazon.coral.service#SerializationException"),
            (
                "PutItem",
                json!({"Item": table.item("1", 0), "ReturnConsumedCapacity": "ALL"}),
                "com.amazon.coral.validate#ValidationException",
            ),
        ] {
            let (units, answer) = table.units(operation, body).await;
            assert_eq!((units, answer["__type"].as_str()), ([0.0, 0.0], Some(kind)), "{operation}: {answer}");
        }
    }
}

#[tokio::test]
async fn statements_are_counted_too() {
    let table = Table::start("").await;
    let insert = json!({"Statement": "INSERT INTO messages VALUE {'recipientId': 'a', 'messageId': '1'}"});
    assert_eq!(table.units("ExecuteStatement", insert).await.0, [1.0, 0.0]);
    let select = json!({"Statement": "select * from messages where recipientId = 'a'"});
    let ([write, read], answer) = table.units("ExecuteStatement", select).await;
    assert!(write == 0.0 && read > 0.0, "{write} {read} {answer}");
    assert!(answer.get("ConsumedCapacity").is_none(), "{answer}");
}

#[tokio::test]
async fn answers_have_the_headers_of_dynamodb_on_both_ways() {
    let table = Table::start("").await;
    for detour in WAYS {
        let item = json!({"TableName": "messages", "Key": {"recipientId": {"S": "a"}, "messageId": {"S": format!("{detour}1")}}});
        let request = reqwest::Client::new().post(table.db.endpoint()).header("x-amz-target", "DynamoDB_20120810.GetItem");
        let authorization =
            "AWS4-HMAC-SHA256 Credential=test/20261121/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
        let request = request.header("authorization", authorization).header("x-amz-date", "20261121T000000Z");
        let response = request.header("content-type", "application/x-amz-json-1.0").body(item.to_string()).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/x-amz-json-1.0");
        assert_eq!(header("x-amzn-requestid").len(), 52);
        let checksum = header("x-amz-crc32");
        assert_eq!(checksum, crc32fast::hash(&response.bytes().await.unwrap()).to_string());
    }
}

#[tokio::test]
async fn records_are_unfinished_from_the_write_until_the_reader_says_so() {
    let table = Table::start("").await;
    let mut reader = table.db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    assert!(!table.db.has_unfinished_records().await.unwrap());
    table.put("1", 100).await;
    table.put("2", 100).await;
    assert!(table.db.has_unfinished_records().await.unwrap(), "without a pause");
    table.put("2", 100).await;
    let records = take(&mut reader, 2).await;
    reader.checkpoint().finish(records[0].position);
    assert!(table.db.has_unfinished_records().await.unwrap());
    reader.checkpoint().finish(records[1].position);
    assert!(!table.db.has_unfinished_records().await.unwrap(), "a write that changes nothing has no record");
}
