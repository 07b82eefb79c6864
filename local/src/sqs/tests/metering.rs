//! What AWS would bill.

use super::*;
use crate::meter::{Item, Meter};

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
    assert_eq!(sqs.messages("work"), 3);
    let received = ok(&sqs, "ReceiveMessage", json!({"MaxNumberOfMessages": 10})).await;
    assert_eq!(requests(), 4.0 + 3.0, "164 KB");
    assert_eq!(sqs.messages("work"), 3, "they are hidden");
    for message in received["Messages"].as_array().unwrap() {
        ok(&sqs, "DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    }
    assert_eq!((requests(), sqs.messages("work")), (7.0 + 3.0, 0));
    assert_eq!(ask(&sqs, "SendMessage", json!({})).await.0, 400);
    sqs.send(&queue_arn("work"), "from another room".to_owned(), Default::default()).unwrap();
    assert_eq!(requests(), 10.0 + 2.0, "a refused request is one, too");
}
