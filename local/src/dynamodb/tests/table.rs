//! Creating tables.

use super::*;

#[tokio::test]
async fn a_durable_table_is_there_again_and_creating_it_once_more_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    for round in 0..2 {
        let db = DynamoDb::start(durable(path.clone())).await.unwrap();
        db.create_table(&config("messages", StreamViewType::NewImage)).await.unwrap();
        let scan = call(&db.endpoint(), "DynamoDB_20120810.Scan", &json!({"TableName": "messages"})).await;
        assert_eq!(scan["Count"], round);
        put(&db, "alice", "1", json!({})).await;
        db.shutdown().await;
    }
}

#[tokio::test]
async fn a_table_of_that_name_with_another_shape_is_an_error_that_says_how() {
    let db = start().await;
    let mut other = config("messages", StreamViewType::NewImage);
    let error = db.create_table(&other).await.unwrap_err().to_string();
    assert!(error.contains("messages") && error.contains("StreamSpecification") && error.contains("NEW_IMAGE"), "{error}");
    other = config("messages", StreamViewType::NewAndOldImages);
    other.range_key = None;
    let error = db.create_table(&other).await.unwrap_err().to_string();
    assert!(error.contains("KeySchema"), "{error}");
}

#[tokio::test]
async fn the_expiry_attribute_can_change() {
    let db = start().await;
    let mut table = config("messages", StreamViewType::NewAndOldImages);
    for attribute in [Some("endsAt"), None] {
        table.ttl_attribute = attribute.map(str::to_owned);
        db.create_table(&table).await.unwrap();
        let answer = call(&db.endpoint(), "DynamoDB_20120810.DescribeTimeToLive", &json!({"TableName": "messages"})).await;
        assert_eq!(answer["TimeToLiveDescription"]["AttributeName"].as_str(), attribute);
    }
}
