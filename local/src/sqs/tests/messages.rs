//! One message: sent, received, hidden, deleted, and what it carries.

use std::time::Duration;

use serde_json::{Value, json};

use super::{super::*, START, ask, counts, ok, queue, receive, refused, send, start, start_with};
use crate::account::queue_arn;

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
        "ApproximateReceiveCount": "1", "SentTimestamp": START.to_string(), "SenderId": "123456789012",
        "ApproximateFirstReceiveTimestamp": (START + 5).to_string(),
    });
    assert_eq!(message["Attributes"], attributes);
    clock.advance(Duration::from_millis(29_999));
    assert!(receive(&sqs, "work").await.is_empty());
    clock.advance(Duration::from_millis(1));
    let again = ok(&sqs, "ReceiveMessage", json!({"MessageSystemAttributeNames": ["ApproximateReceiveCount"]})).await;
    assert_eq!(again["Messages"][0]["Attributes"], json!({"ApproximateReceiveCount": "2"}));
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    assert_eq!(counts(&sqs, "work").await, [0, 1, 0], "an old receipt deletes nothing");
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": again["Messages"][0]["ReceiptHandle"]})).await;
    assert_eq!(counts(&sqs, "work").await, [0, 0, 0]);
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": again["Messages"][0]["ReceiptHandle"]})).await;
}

#[tokio::test]
async fn a_message_that_is_visible_again_is_deleted_by_its_latest_receipt() {
    let (sqs, clock) = start();
    send(&sqs, "work", "x").await;
    let message = &receive(&sqs, "work").await[0];
    clock.advance(Duration::from_secs(31));
    assert_eq!(counts(&sqs, "work").await, [1, 0, 0]);
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    assert_eq!(counts(&sqs, "work").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_message_is_gone_after_its_retention_and_not_there_during_its_delay() {
    let (sqs, clock) = start();
    ok(&sqs, "SendMessage", json!({"MessageBody": "later", "DelaySeconds": 900})).await;
    assert!(receive(&sqs, "work").await.is_empty());
    assert_eq!(counts(&sqs, "work").await, [0, 0, 1]);
    clock.advance(Duration::from_secs(900));
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({"VisibilityTimeout": 0})).await["Messages"][0]["Body"], "later");
    assert_eq!(counts(&sqs, "work").await, [1, 0, 0], "a message without a visibility timeout is visible at once");
    clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(counts(&sqs, "work").await, [0, 0, 0]);
}

#[tokio::test]
async fn the_delay_of_a_message_replaces_that_of_its_queue() {
    let (sqs, clock) = start_with(vec![QueueConfig { delay: Duration::from_secs(5), ..queue("work") }]);
    send(&sqs, "work", "delayed").await;
    ok(&sqs, "SendMessage", json!({"MessageBody": "at once", "DelaySeconds": 0})).await;
    assert_eq!(receive(&sqs, "work").await[0]["Body"], "at once");
    clock.advance(Duration::from_millis(4_999));
    assert!(receive(&sqs, "work").await.is_empty());
    clock.advance(Duration::from_millis(1));
    assert_eq!(receive(&sqs, "work").await[0]["Body"], "delayed");
}

#[tokio::test]
async fn a_receiver_changes_for_how_long_a_message_is_hidden() {
    let (sqs, clock) = start();
    send(&sqs, "work", "x").await;
    let first = receive(&sqs, "work").await[0]["ReceiptHandle"].clone();
    let change = |handle: &Value, seconds: u64| json!({"ReceiptHandle": handle, "VisibilityTimeout": seconds});
    clock.advance(Duration::from_secs(10));
    ok(&sqs, "ChangeMessageVisibility", change(&first, 100)).await;
    clock.advance(Duration::from_secs(99));
    assert_eq!(counts(&sqs, "work").await, [0, 1, 0]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(counts(&sqs, "work").await, [1, 0, 0]);
    // Nobody has received it since, so that it can be hidden once more.
    ok(&sqs, "ChangeMessageVisibility", change(&first, 100)).await;
    assert_eq!(counts(&sqs, "work").await, [0, 1, 0]);
    ok(&sqs, "ChangeMessageVisibility", change(&first, 0)).await;
    let second = receive(&sqs, "work").await[0]["ReceiptHandle"].clone();
    let (code, message) = refused(&sqs, "ChangeMessageVisibility", change(&first, 0)).await;
    assert_eq!(code, "InvalidParameterValue");
    let reason = "Reason: Message does not exist or is not available for visibility timeout change.";
    assert_eq!(message, format!("Value {} for parameter ReceiptHandle is invalid. {reason}", first.as_str().unwrap()));
    // Twelve hours in all, counted from when it was received.
    clock.advance(Duration::from_secs(3_600));
    let (_, message) = refused(&sqs, "ChangeMessageVisibility", change(&second, 39_601)).await;
    let reason = "Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    assert_eq!(message, format!("Value 39601 for parameter VisibilityTimeout is invalid. {reason}"));
    ok(&sqs, "ChangeMessageVisibility", change(&second, 39_600)).await;
    refused(&sqs, "ChangeMessageVisibility", change(&second, 43_201)).await;
    assert_eq!(refused(&sqs, "ChangeMessageVisibility", json!({"ReceiptHandle": second})).await.0, "MissingParameter");
}

#[tokio::test]
async fn message_attributes_come_back_with_their_checksum() {
    let (sqs, _) = start();
    let attributes = json!({
        "A": {"DataType": "String", "StringValue": "v"}, "B": {"DataType": "Binary", "BinaryValue": "AAEC"},
        "Attempts": {"DataType": "Number", "StringValue": "3"}, "A.b": {"DataType": "String.label", "StringValue": "w"},
    });
    let sent = ok(&sqs, "SendMessage", json!({"MessageBody": "x", "MessageAttributes": attributes})).await;
    let receive = |names: Value| ok(&sqs, "ReceiveMessage", json!({"MessageAttributeNames": names, "VisibilityTimeout": 0}));
    let all = receive(json!(["All"])).await;
    assert_eq!(all["Messages"][0]["MessageAttributes"], attributes);
    assert_eq!(all["Messages"][0]["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    let names = |answer: Value| answer["Messages"][0]["MessageAttributes"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(receive(json!([".*"])).await).len(), 4);
    assert_eq!(names(receive(json!(["A", "B", "C"])).await), ["A", "B"]);
    assert_eq!(names(receive(json!(["A.*"])).await), ["A", "A.b", "Attempts"]);
    assert!(receive(json!([])).await["Messages"][0].get("MessageAttributes").is_none());
}

#[tokio::test]
async fn attributes_of_the_system_come_back() {
    let (sqs, _) = start();
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let system = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": header}});
    let request = json!({"MessageBody": "x", "MessageSystemAttributes": system, "MessageGroupId": "tenant-1"});
    let sent = ok(&sqs, "SendMessage", request).await;
    assert_eq!(sent["MD5OfMessageSystemAttributes"].as_str().unwrap().len(), 32);
    let attributes = &receive(&sqs, "work").await[0]["Attributes"];
    assert_eq!((&attributes["AWSTraceHeader"], &attributes["MessageGroupId"]), (&json!(header), &json!("tenant-1")));
}

#[test]
fn the_checksum_of_attributes_is_that_of_aws() {
    let attributes = |kind: &str| {
        let value = AttributeValue::Text(kind.to_owned(), "1493147359900".to_owned());
        attributes::attributes_md5(&MessageAttributes::from([("timestamp".to_owned(), value)]))
    };
    assert_eq!(attributes("Number").as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    assert_eq!(attributes("Number.java.lang.Long").as_deref(), Some("2e2e4876d8e0bd6b8c2c8f556831c349"));
    assert_eq!(attributes::attributes_md5(&MessageAttributes::new()), None);
}

#[tokio::test]
async fn other_rooms_send_by_arn() {
    let (sqs, _) = start();
    let attributes = MessageAttributes::from([("reason".to_owned(), AttributeValue::Text("String".to_owned(), "poison".to_owned()))]);
    let id = sqs.send(&queue_arn("work"), "hello".to_owned(), attributes).unwrap();
    let message = &receive(&sqs, "work").await[0];
    assert_eq!((&message["MessageId"], &message["Body"]), (&json!(id), &json!("hello")));
    assert_eq!(message["MessageAttributes"]["reason"]["StringValue"], "poison");
    let absent = sqs.send("arn:aws:sqs:eu-central-1:123456789012:x", "x".to_owned(), MessageAttributes::new()).unwrap_err();
    assert_eq!(absent.to_string(), "there is no queue arn:aws:sqs:eu-central-1:123456789012:x");
    let large = sqs.send(&queue_arn("work"), "x".repeat(LARGEST_MESSAGE + 1), MessageAttributes::new()).unwrap_err();
    assert!(large.to_string().contains("Message must be shorter than 1048576 bytes."), "{large}");
}

#[tokio::test]
async fn queues_are_described_and_listed_in_pages() {
    let (sqs, _) = start_with(["work", "work-2", "work-3", "other"].map(queue).into());
    let url = |name: &str| format!("http://127.0.0.1:7000/123456789012/{name}");
    assert_eq!(ok(&sqs, "GetQueueUrl", json!({"QueueName": "work"})).await, json!({"QueueUrl": url("work")}));
    let expected = json!({
        "QueueArn": "arn:aws:sqs:eu-central-1:123456789012:work", "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0", "VisibilityTimeout": "30",
        "MessageRetentionPeriod": "345600", "MaximumMessageSize": "1048576", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0",
        "CreatedTimestamp": (START / 1000).to_string(), "LastModifiedTimestamp": (START / 1000).to_string(),
    });
    assert_eq!(ok(&sqs, "GetQueueAttributes", json!({"AttributeNames": ["All"]})).await["Attributes"], expected);
    assert_eq!(ok(&sqs, "GetQueueAttributes", json!({})).await, json!({}));
    assert_eq!(ok(&sqs, "GetQueueAttributes", json!({"AttributeNames": ["RedrivePolicy"]})).await, json!({}));
    assert_eq!(ok(&sqs, "ListQueues", json!({})).await["QueueUrls"].as_array().unwrap().len(), 4);
    let first = ok(&sqs, "ListQueues", json!({"QueueNamePrefix": "work", "MaxResults": 2})).await;
    assert_eq!(first["QueueUrls"], json!([url("work"), url("work-2")]));
    let request = json!({"QueueNamePrefix": "work", "MaxResults": 2, "NextToken": first["NextToken"]});
    assert_eq!(ok(&sqs, "ListQueues", request).await, json!({"QueueUrls": [url("work-3")]}));
}

#[tokio::test]
async fn a_queue_is_purged_once_a_minute() {
    let (sqs, clock) = start();
    for _ in 0..3 {
        send(&sqs, "work", "x").await;
    }
    ok(&sqs, "ReceiveMessage", json!({})).await;
    ok(&sqs, "SendMessage", json!({"MessageBody": "x", "DelaySeconds": 5})).await;
    assert_eq!(counts(&sqs, "work").await, [2, 1, 1]);
    ok(&sqs, "PurgeQueue", json!({})).await;
    assert_eq!(counts(&sqs, "work").await, [0, 0, 0]);
    clock.advance(Duration::from_millis(59_999));
    let (status, query_error, body) = ask(&sqs, "PurgeQueue", json!({})).await;
    assert_eq!((status, query_error.as_deref()), (403, Some("AWS.SimpleQueueService.PurgeQueueInProgress;Sender")));
    assert_eq!(body["message"], "Only one PurgeQueue operation on work is allowed every 60 seconds.");
    clock.advance(Duration::from_millis(1));
    ok(&sqs, "PurgeQueue", json!({})).await;
}
