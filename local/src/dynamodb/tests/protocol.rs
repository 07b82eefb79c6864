//! How requests are answered.

use super::*;

#[tokio::test]
async fn answers_have_the_headers_of_dynamodb() {
    let db = start(DynamoDbOptions::default()).await;
    let response = respond(&db, "DynamoDB_20120810.GetItem", &json!({"TableName": "messages", "Key": key("a", "1")})).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type").as_str(), header("x-amzn-requestid").len()), ("application/x-amz-json-1.0", 52));
    let checksum = header("x-amz-crc32");
    assert_eq!(checksum, crc32fast::hash(&response.into_body().collect().await.unwrap().to_bytes()).to_string());
}

#[tokio::test]
async fn items_pass_as_they_are_even_if_they_speak_of_arns() {
    let db = start(DynamoDbOptions::default()).await;
    let text = "arn:aws:dynamodb:dynoxide:123456789012:table/x and NEW_AND_OLD_IMAGES";
    let more = json!({"TableName": {"S": text}, "tableArn": {"M": {"Arn": {"S": text}, "awsRegion": {"S": "dynoxide"}}}});
    put(&db, "alice", "1", more.clone()).await;
    let answer = call(&db, "GetItem", &json!({"TableName": "messages", "Key": key("alice", "1")})).await;
    assert_eq!((&answer["Item"]["TableName"], &answer["Item"]["tableArn"]), (&more["TableName"], &more["tableArn"]));
}

#[tokio::test]
async fn errors_of_the_engine_arrive_as_they_are() {
    let db = start(DynamoDbOptions::default()).await;
    let answer = call(&db, "GetItem", &json!({"TableName": "absent", "Key": {"id": {"S": "1"}}})).await;
    assert_eq!(answer["__type"], "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");
    put(&db, "a", "1", json!({})).await;
    let check = |message: &str| {
        json!({"ConditionCheck": {
            "TableName": "messages", "Key": key("a", message), "ConditionExpression": "attribute_not_exists(messageId)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }})
    };
    let answer = call(&db, "TransactWriteItems", &json!({"TransactItems": [check("1"), check("2")]})).await;
    let reasons = json!([
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": key("a", "1")}, {"Code": "None"},
    ]);
    assert_eq!(answer["CancellationReasons"], reasons, "{answer}");
}

#[tokio::test]
async fn an_operation_that_nobody_uses_is_refused_by_name() {
    let db = start(DynamoDbOptions::default()).await;
    for operation in ["DeleteTable", "ExecuteStatement", "UpdateTimeToLive", "BatchGetItem"] {
        let answer = call(&db, operation, &json!({"TableName": "messages"})).await;
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(operation) && message.contains("those of its template"), "{answer}");
    }
    assert_eq!(call(&db, "ListTables", &json!({})).await, json!({"TableNames": ["messages"]}));
}

#[tokio::test]
async fn a_call_after_the_end_of_the_last_reader_still_writes() {
    let db = start(DynamoDbOptions::default()).await;
    drop(open(&db, "gone"));
    put(&db, "a", "1", json!({})).await;
    assert!(!db.has_unfinished_records().await.unwrap(), "nobody reads");
}
