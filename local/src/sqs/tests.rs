//! The room as its callers see it.

use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The queue `dead-letters` with AWS's defaults, and the time, which stands still until it is changed.
fn start() -> (Sqs, Arc<AtomicU64>) {
    let time = Arc::new(AtomicU64::new(1_700_000_000_000));
    let clock = Arc::clone(&time);
    let queue = QueueConfig {
        name: "dead-letters".to_owned(),
        visibility_timeout: Duration::from_secs(30),
        retention: Duration::from_secs(4 * 86_400),
    };
    (Sqs::with_clock(vec![queue], "http://127.0.0.1:7000/", Arc::new(move || clock.load(Ordering::SeqCst))), time)
}

/// The answer to `action` on `dead-letters`: status, query error and body.
async fn ask(sqs: &Sqs, action: &str, mut request: Value) -> (u16, Option<String>, Value) {
    if request.get("QueueUrl").is_none() {
        request["QueueUrl"] = sqs.url("dead-letters").into();
    }
    let response = sqs.handle(action, request.to_string().as_bytes()).await;
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    let query_error = response.headers().get("x-amzn-query-error").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, query_error, serde_json::from_slice(&body).unwrap())
}

async fn ok(sqs: &Sqs, action: &str, request: Value) -> Value {
    let (status, _, body) = ask(sqs, action, request).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn a_message_is_received_hidden_and_deleted() {
    let (sqs, time) = start();
    let sent = ok(&sqs, "SendMessage", json!({"MessageBody": "This is a test message"})).await;
    assert_eq!(sent["MD5OfMessageBody"], "fafb00f5732ab283681e124bf8747ed1");
    let received = ok(&sqs, "ReceiveMessage", json!({"AttributeNames": ["All"]})).await;
    let message = &received["Messages"][0];
    assert_eq!((&message["MessageId"], &message["Body"]), (&sent["MessageId"], &json!("This is a test message")));
    assert_eq!(message["MD5OfBody"], sent["MD5OfMessageBody"]);
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(message["Attributes"]["SentTimestamp"], "1700000000000");
    time.fetch_add(29_999, Ordering::SeqCst);
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
    time.fetch_add(1, Ordering::SeqCst);
    let again = ok(&sqs, "ReceiveMessage", json!({"MessageSystemAttributeNames": ["ApproximateReceiveCount"]})).await;
    assert_eq!(again["Messages"][0]["Attributes"], json!({"ApproximateReceiveCount": "2"}));
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    let count = ok(&sqs, "GetQueueAttributes", json!({"AttributeNames": ["All"]})).await;
    assert_eq!(count["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "1", "an old receipt deletes nothing");
    ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": again["Messages"][0]["ReceiptHandle"]})).await;
    time.fetch_add(30_000, Ordering::SeqCst);
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_message_is_gone_after_its_retention_and_not_there_during_its_delay() {
    let (sqs, time) = start();
    ok(&sqs, "SendMessage", json!({"MessageBody": "later", "DelaySeconds": 900})).await;
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
    let attributes = json!({"AttributeNames": ["ApproximateNumberOfMessagesDelayed", "QueueArn"]});
    let expected = json!({"ApproximateNumberOfMessagesDelayed": "1", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:dead-letters"});
    assert_eq!(ok(&sqs, "GetQueueAttributes", attributes).await["Attributes"], expected);
    time.fetch_add(900_000, Ordering::SeqCst);
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({"VisibilityTimeout": 0})).await["Messages"][0]["Body"], "later");
    time.fetch_add(4 * 86_400_000, Ordering::SeqCst);
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_waiting_receiver_gets_what_arrives() {
    let (sqs, _) = start();
    let receiver = {
        let sqs = sqs.clone();
        tokio::spawn(async move { ok(&sqs, "ReceiveMessage", json!({"WaitTimeSeconds": 20})).await })
    };
    let arrivals = &sqs.queues["dead-letters"].arrivals;
    while arrivals.receiver_count() == 0 {
        tokio::task::yield_now().await;
    }
    let id = sqs.send(&queue_arn("dead-letters"), "hello".to_owned(), MessageAttributes::new()).unwrap();
    let received = tokio::time::timeout(Duration::from_secs(5), receiver).await.expect("woken at once").unwrap();
    assert_eq!(received["Messages"][0]["MessageId"], id.as_str());
}

#[tokio::test]
async fn errors_have_the_names_of_both_protocols() {
    let (sqs, _) = start();
    let url = json!({"QueueUrl": "http://localhost:6878/000000000000/absent"});
    let (status, query_error, body) = ask(&sqs, "ReceiveMessage", url).await;
    assert_eq!((status, query_error.as_deref()), (400, Some("AWS.SimpleQueueService.NonExistentQueue;Sender")));
    let expected = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."});
    assert_eq!(body, expected);
    let cases = [
        ("CreateQueue", json!({"QueueName": "x"}), "UnsupportedOperation", "CreateQueue"),
        ("StartMessageMoveTask", json!({}), "UnsupportedOperation", "StartMessageMoveTask"),
        ("SendMessage", json!({}), "MissingParameter", "MessageBody"),
        ("SendMessage", json!({"MessageBody": "x", "DelaySeconds": 901}), "InvalidParameterValue", "DelaySeconds"),
        ("SendMessage", json!({"MessageBody": "x".repeat(1024 * 1024 + 1)}), "InvalidParameterValue", "shorter"),
        ("SendMessage", json!({"MessageBody": "x", "MessageGroupId": "g"}), "InvalidParameterValue", "MessageGroupId"),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), "InvalidParameterValue", "MaxNumberOfMessages"),
        ("DeleteMessage", json!({"ReceiptHandle": "x"}), "ReceiptHandleIsInvalid", "x"),
        ("GetQueueAttributes", json!({"AttributeNames": ["Size"]}), "InvalidAttributeName", "Size"),
        ("GetQueueUrl", json!({"QueueName": "absent"}), "QueueDoesNotExist", "queue"),
    ];
    for (action, request, code, word) in cases {
        let (status, _, body) = ask(&sqs, action, request).await;
        assert_eq!(status, 400);
        assert_eq!(body["__type"], format!("com.amazonaws.sqs#{code}"), "{action}");
        assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    }
    let response = sqs.handle("ListQueues", b"{").await;
    assert_eq!(response.status(), 400);
    assert_eq!(
        sqs.send("arn:aws:sqs:us-east-1:000000000000:x", String::new(), MessageAttributes::new()).unwrap_err().to_string(),
        "there is no queue arn:aws:sqs:us-east-1:000000000000:x"
    );
}

#[tokio::test]
async fn queues_are_listed_and_purged() {
    let (sqs, _) = start();
    let url = "http://127.0.0.1:7000/000000000000/dead-letters";
    assert_eq!(ok(&sqs, "ListQueues", json!({})).await, json!({"QueueUrls": [url]}));
    assert_eq!(ok(&sqs, "ListQueues", json!({"QueueNamePrefix": "x"})).await, json!({"QueueUrls": []}));
    assert_eq!(ok(&sqs, "GetQueueUrl", json!({"QueueName": "dead-letters"})).await, json!({"QueueUrl": url}));
    ok(&sqs, "SendMessage", json!({"MessageBody": "x"})).await;
    ok(&sqs, "PurgeQueue", json!({})).await;
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({})).await, json!({}));
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
async fn message_attributes_come_back_with_their_checksum() {
    let (sqs, _) = start();
    let attributes = json!({
        "A": {"DataType": "String", "StringValue": "v"}, "B": {"DataType": "Binary", "BinaryValue": "AAEC"},
        "Attempts": {"DataType": "Number", "StringValue": "3"},
    });
    let sent = ok(&sqs, "SendMessage", json!({"MessageBody": "x", "MessageAttributes": attributes})).await;
    let receive = |names: Value| ok(&sqs, "ReceiveMessage", json!({"MessageAttributeNames": names, "VisibilityTimeout": 0}));
    let all = receive(json!(["All"])).await;
    assert_eq!(all["Messages"][0]["MessageAttributes"], attributes);
    assert_eq!(all["Messages"][0]["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    let some = receive(json!(["A", "B"])).await;
    assert_eq!(some["Messages"][0]["MessageAttributes"].as_object().unwrap().len(), 2);
    assert!(receive(json!([])).await["Messages"][0].get("MessageAttributes").is_none());
}

proptest! {
    /// Whatever is sent and received, each message is either visible, in flight or deleted.
    #[test]
    fn no_message_is_lost_or_doubled(operations in prop::collection::vec((0u8..3, 0u64..40), 0..60)) {
        let mut queue = Queue::new(u64::MAX);
        let (mut now, mut alive, mut receipts) = (0, 0usize, Vec::new());
        for (operation, number) in operations {
            now += number;
            match operation {
                0 => {
                    queue.send(String::new(), MessageAttributes::new(), number, now);
                    alive += 1;
                }
                1 => {
                    let received = queue.receive(3, 30, now);
                    prop_assert!(queue.receive(usize::MAX, 30, now).iter().all(|message| received.iter().all(|other| other.id != message.id)));
                    receipts.extend(received.into_iter().filter_map(|message| message.receipt));
                }
                _ => if let Some(receipt) = receipts.pop() {
                    let before = queue.counts(now);
                    queue.delete(receipt);
                    let after = queue.counts(now);
                    let sum = |counts: &queue::Counts| counts.visible + counts.in_flight + counts.delayed;
                    alive -= sum(&before) - sum(&after);
                },
            }
            let counts = queue.counts(now);
            prop_assert_eq!(counts.visible + counts.in_flight + counts.delayed, alive);
        }
    }
}
