//! One message: sent, received, hidden and deleted, alone and in batches; what a queue tells of itself, and what AWS would bill.

use super::*;
use crate::{
    meter::{Item, Meter},
    sqs::LARGEST_MESSAGE,
};

#[tokio::test]
async fn a_message_is_received_hidden_and_deleted() {
    let (sqs, clock) = start();
    let sent = send(&sqs, "work", "This is a test message").await;
    assert_eq!(sent["MD5OfMessageBody"], "fafb00f5732ab283681e124bf8747ed1");
    clock.advance(Duration::from_millis(5));
    let message = &receive(&sqs, "work").await[0];
    assert_eq!((&message["MessageId"], &message["Body"]), (&sent["MessageId"], &json!("This is a test message")));
    assert_eq!(message["MD5OfBody"], sent["MD5OfMessageBody"]);
    let attributes = json!({
        "ApproximateReceiveCount": "1", "SentTimestamp": START.to_string(), "SenderId": crate::account::ACCOUNT,
        "ApproximateFirstReceiveTimestamp": (START + 5).to_string(),
    });
    assert_eq!(message["Attributes"], attributes);
    clock.advance(Duration::from_millis(29_999));
    assert!(receive(&sqs, "work").await.is_empty());
    clock.advance(Duration::from_millis(1));
    let again = ok(&sqs, "ReceiveMessage", json!({"MessageSystemAttributeNames": ["ApproximateReceiveCount"]})).await;
    assert_eq!(again["Messages"][0]["Attributes"], json!({"ApproximateReceiveCount": "2"}));
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    assert_eq!(counts(&sqs, "work"), [0, 1, 0], "an old receipt deletes nothing");
    clock.advance(Duration::from_secs(31));
    assert_eq!(counts(&sqs, "work"), [1, 0, 0]);
    for _ in 0..2 {
        ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": again["Messages"][0]["ReceiptHandle"]})).await;
        assert_eq!(counts(&sqs, "work"), [0, 0, 0], "the latest one deletes it, though it is visible again");
    }
}

#[tokio::test]
async fn a_message_is_gone_after_its_retention_and_not_there_during_its_delay() {
    let (sqs, clock) = start();
    ok(&sqs, "SendMessage", json!({"MessageBody": "later", "DelaySeconds": 900})).await;
    assert!(receive(&sqs, "work").await.is_empty());
    clock.advance(Duration::from_secs(899));
    assert_eq!((counts(&sqs, "work"), sqs.messages("work")), ([0, 0, 1], 0));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({"VisibilityTimeout": 0})).await["Messages"][0]["Body"], "later");
    assert_eq!(counts(&sqs, "work"), [1, 0, 0], "a message without a visibility timeout is visible at once");
    clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(counts(&sqs, "work"), [0, 0, 0]);
}

#[tokio::test]
async fn each_entry_of_a_batch_succeeds_or_fails_by_itself() {
    let (sqs, _) = start();
    let entries = json!([
        {"Id": "well", "MessageBody": "a"}, {"Id": "empty"}, {"Id": "late", "MessageBody": "b", "DelaySeconds": 901},
        {"Id": "odd", "MessageBody": "\u{0}"}, {"Id": "more", "MessageBody": "x", "MessageGroupId": "y"},
        {"Id": "delayed", "MessageBody": "c", "DelaySeconds": 900},
    ]);
    let answer = ok(&sqs, "SendMessageBatch", json!({"Entries": entries})).await;
    let listed = |list: &Value, member: &str| list.as_array().unwrap().iter().map(|entry| entry[member].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&answer["Successful"], "Id"), ["well", "delayed"]);
    assert_eq!(answer["Successful"][0]["MD5OfMessageBody"], "0cc175b9c0f1b6a831c399e269772661");
    assert_eq!(listed(&answer["Failed"], "Id"), ["empty", "late", "odd", "more"]);
    let codes = ["MissingParameter", "InvalidParameterValue", "InvalidMessageContents", "AWS.SimpleQueueService.UnsupportedOperation"];
    assert_eq!(listed(&answer["Failed"], "Code"), codes);
    assert_eq!(counts(&sqs, "work"), [1, 0, 1]);
    let handle = &receive(&sqs, "work").await[0]["ReceiptHandle"];
    let entries = json!([{"Id": "a", "ReceiptHandle": handle}, {"Id": "b", "ReceiptHandle": "nonsense"}, {"Id": "c"}]);
    let answer = ok(&sqs, "DeleteMessageBatch", json!({"Entries": entries})).await;
    assert_eq!(answer["Successful"], json!([{"Id": "a"}]));
    assert_eq!(listed(&answer["Failed"], "Code"), ["ReceiptHandleIsInvalid", "MissingParameter"]);
    assert_eq!(counts(&sqs, "work"), [0, 0, 1]);
}

#[tokio::test]
async fn queues_are_described_and_listed() {
    let (sqs, _) = start_with(vec![feeding_dead_letters("work", 5), queue("dead-letters")]);
    assert_eq!(ok(&sqs, "GetQueueUrl", json!({"QueueName": "work"})).await, json!({"QueueUrl": sqs.url("work")}));
    assert_eq!(ok(&sqs, "ListQueues", json!({})).await, json!({"QueueUrls": [sqs.url("dead-letters"), sqs.url("work")]}));
    let policy = json!({"deadLetterTargetArn": queue_arn("dead-letters"), "maxReceiveCount": 5});
    let expected = json!({
        "QueueArn": queue_arn("work"), "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0", "VisibilityTimeout": "30", "MessageRetentionPeriod": "345600",
        "RedrivePolicy": policy.to_string(),
    });
    assert_eq!(ok(&sqs, "GetQueueAttributes", json!({"AttributeNames": ["All"]})).await["Attributes"], expected);
    let arn = ok(&sqs, "GetQueueAttributes", json!({"AttributeNames": ["QueueArn"]})).await;
    assert_eq!(arn["Attributes"], json!({"QueueArn": queue_arn("work")}));
    assert_eq!(ok(&sqs, "GetQueueAttributes", json!({})).await, json!({}));
}

#[tokio::test]
async fn other_rooms_send_by_arn() {
    let (sqs, _) = start();
    let id = sqs.send(&queue_arn("work"), "hello".to_owned()).unwrap();
    let message = &receive(&sqs, "work").await[0];
    assert_eq!((&message["MessageId"], &message["Body"]), (&json!(id), &json!("hello")));
    let absent = sqs.send(&queue_arn("x"), "x".to_owned()).unwrap_err().to_string();
    assert_eq!(absent, "AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist.");
    let large = sqs.send(&queue_arn("work"), "x".repeat(LARGEST_MESSAGE + 1)).unwrap_err().to_string();
    assert!(large.contains("Message must be shorter than 1048576 bytes."), "{large}");
    sqs.send(&queue_arn("work"), "x".repeat(LARGEST_MESSAGE)).unwrap();
}

#[tokio::test]
async fn requests_are_counted_by_their_payload() {
    let meter = Meter::default();
    let sqs = start().0.metered(meter.clone());
    let requests = || meter.usage(Vec::new()).quantity(Item::SqsRequests);
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
    assert_eq!(requests(), 1.0, "nothing was found");
    ok(&sqs, "SendMessage", json!({"MessageBody": "x".repeat(64 * 1024)})).await;
    assert_eq!(requests(), 2.0);
    let entry = |id: &str| json!({"Id": id, "MessageBody": "x".repeat(50 * 1024)});
    ok(&sqs, "SendMessageBatch", json!({"Entries": [entry("1"), entry("2")]})).await;
    assert_eq!(requests(), 2.0 + 2.0, "100 KB together");
    let received = ok(&sqs, "ReceiveMessage", json!({"MaxNumberOfMessages": 10})).await;
    assert_eq!(requests(), 4.0 + 3.0, "164 KB");
    assert_eq!(sqs.messages("work"), 3, "they are hidden");
    for message in received["Messages"].as_array().unwrap() {
        ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    }
    assert_eq!((requests(), sqs.messages("work")), (7.0 + 3.0, 0));
    assert_eq!(ask(&sqs, "SendMessage", json!({})).await.0, 400);
    sqs.send(&queue_arn("work"), "from another room".to_owned()).unwrap();
    assert_eq!(requests(), 10.0 + 2.0, "a refused request is one, too");
}
