//! Items past their time.

use super::*;

#[tokio::test]
async fn an_expired_item_is_removed_by_the_service() {
    let options = DynamoDbOptions { expiry_interval: Duration::from_millis(20), ..DynamoDbOptions::default() };
    let db = DynamoDb::start(options).await.unwrap();
    db.create_table(&config("messages", StreamViewType::NewAndOldImages)).await.unwrap();
    let mut reader = db.stream("messages", "test", StartingPosition::TrimHorizon).unwrap();
    put(&db, "alice", "1", json!({"expiresAt": {"N": "1000"}})).await;
    put(&db, "alice", "2", json!({"expiresAt": {"N": "9999999999"}})).await;
    let records = take(&mut reader, 3).await;
    let removal = records.iter().find(|record| record.event["eventName"] == "REMOVE").expect("a removal");
    assert_eq!(removal.event["userIdentity"], json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
    assert_eq!(removal.event["dynamodb"]["OldImage"]["messageId"]["S"], "1");
    assert!(records.iter().filter(|record| record.event["eventName"] == "INSERT").all(|record| record.event.get("userIdentity").is_none()));
}
