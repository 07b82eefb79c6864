//! Batches, whose entries succeed and fail one by one.

use serde_json::{Value, json};

use super::{counts, ok, queue, receive, refused, start, start_with};
use crate::sqs::QueueConfig;

#[tokio::test]
async fn each_entry_of_a_batch_succeeds_or_fails_by_itself() {
    let (sqs, _) = start_with(vec![QueueConfig { maximum_message_bytes: 1_024, ..queue("work") }]);
    let entries = json!([
        {"Id": "well", "MessageBody": "a"}, {"Id": "empty"}, {"Id": "large", "MessageBody": "x".repeat(1_025)},
        {"Id": "late", "MessageBody": "b", "DelaySeconds": 901}, {"Id": "odd", "MessageBody": "\u{0}"},
        {"Id": "delayed", "MessageBody": "c", "DelaySeconds": 900},
    ]);
    let answer = ok(&sqs, "SendMessageBatch", json!({"Entries": entries})).await;
    let ids = |list: &Value| list.as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&answer["Successful"]), ["well", "delayed"]);
    assert_eq!(answer["Successful"][0]["MD5OfMessageBody"], "0cc175b9c0f1b6a831c399e269772661");
    let failed: Vec<_> = answer["Failed"].as_array().unwrap().iter().map(|entry| (entry["Id"].clone(), entry["Code"].clone())).collect();
    let expected = [
        ("empty", "MissingParameter"),
        ("large", "InvalidParameterValue"),
        ("late", "InvalidParameterValue"),
        ("odd", "InvalidMessageContents"),
    ];
    assert_eq!(failed, expected.map(|(id, code)| (json!(id), json!(code))));
    assert_eq!(answer["Failed"][0]["SenderFault"], true);
    assert_eq!(counts(&sqs, "work").await, [1, 0, 1]);
}

#[tokio::test]
async fn messages_are_deleted_and_hidden_in_batches() {
    let (sqs, _) = start();
    for _ in 0..3 {
        super::send(&sqs, "work", "x").await;
    }
    let messages = receive(&sqs, "work").await;
    let handle = |index: usize| messages[index]["ReceiptHandle"].clone();
    let entries = json!([
        {"Id": "0", "ReceiptHandle": handle(0), "VisibilityTimeout": 0}, {"Id": "1", "ReceiptHandle": handle(1), "VisibilityTimeout": 43_201},
        {"Id": "2", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0},
    ]);
    let answer = ok(&sqs, "ChangeMessageVisibilityBatch", json!({"Entries": entries})).await;
    assert_eq!(answer["Successful"], json!([{"Id": "0"}]));
    assert_eq!(
        (&answer["Failed"][0]["Code"], &answer["Failed"][1]["Code"]),
        (&json!("InvalidParameterValue"), &json!("ReceiptHandleIsInvalid"))
    );
    assert_eq!(counts(&sqs, "work").await, [1, 2, 0]);
    let entries = json!([{"Id": "a", "ReceiptHandle": handle(0)}, {"Id": "b", "ReceiptHandle": handle(1)}, {"Id": "c"}]);
    let answer = ok(&sqs, "DeleteMessageBatch", json!({"Entries": entries})).await;
    assert_eq!(answer["Successful"], json!([{"Id": "a"}, {"Id": "b"}]));
    assert_eq!(answer["Failed"][0]["Code"], "MissingParameter");
    assert_eq!(counts(&sqs, "work").await, [0, 1, 0]);
}

#[tokio::test]
async fn a_batch_that_is_wrong_as_a_whole_is_refused() {
    let (sqs, _) = start();
    let entry = |id: &str| json!({"Id": id, "MessageBody": "x", "ReceiptHandle": "x", "VisibilityTimeout": 0});
    let cases = [
        (json!([]), "EmptyBatchRequest", "There should be at least one"),
        ((0..11).map(|id| entry(&id.to_string())).collect(), "TooManyEntriesInBatchRequest", "are 10. You have sent 11."),
        (json!([entry("a"), entry("a")]), "BatchEntryIdsNotDistinct", "Id a repeated."),
        (json!([entry("a:b")]), "InvalidBatchEntryId", "at most 80 letters long"),
        (json!([entry("")]), "InvalidBatchEntryId", "at most 80 letters long"),
        (json!([entry(&"i".repeat(81))]), "InvalidBatchEntryId", "at most 80 letters long"),
    ];
    for (entries, code, word) in cases {
        for action in ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"] {
            let (found, message) = refused(&sqs, action, json!({"Entries": entries})).await;
            assert_eq!(found, format!("AWS.SimpleQueueService.{code}"), "{action}");
            assert!(message.contains(word), "{message}");
        }
    }
    let entries: Value = (0..2).map(|id| json!({"Id": id.to_string(), "MessageBody": "x".repeat(524_289)})).collect();
    let (code, message) = refused(&sqs, "SendMessageBatch", json!({"Entries": entries})).await;
    assert_eq!(code, "AWS.SimpleQueueService.BatchRequestTooLong");
    assert_eq!(message, "Batch requests cannot be longer than 1048576 bytes. You have sent 1048578 bytes.");
    assert_eq!(counts(&sqs, "work").await, [0, 0, 0]);
    let absent = json!({"QueueUrl": "http://h/0/absent", "Entries": [entry("a")]});
    assert_eq!(refused(&sqs, "DeleteMessageBatch", absent).await.0, "AWS.SimpleQueueService.NonExistentQueue");
}
