//! Dead letters of queues.

use std::time::Duration;

use serde_json::json;

use super::{START, counts, feeding_dead_letters, ok, queue, receive, start_with};
use crate::{
    account::queue_arn,
    sqs::{QueueConfig, RedriveConfig},
};

#[tokio::test]
async fn a_message_received_too_often_becomes_a_dead_letter_with_all_it_has() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 2), queue("dead-letters")]);
    let attributes = json!({"A": {"DataType": "String", "StringValue": "v"}});
    let sent = ok(&sqs, "SendMessage", json!({"MessageBody": "poison", "MessageAttributes": attributes})).await;
    for _ in 0..2 {
        assert_eq!(receive(&sqs, "work").await.len(), 1);
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!((counts(&sqs, "work").await, counts(&sqs, "dead-letters").await), ([1, 0, 0], [0, 0, 0]), "nobody has asked a third time");
    super::send(&sqs, "work", "well").await;
    let messages = receive(&sqs, "work").await;
    assert_eq!((messages.len(), &messages[0]["Body"]), (1, &json!("well")));
    assert_eq!((counts(&sqs, "work").await, counts(&sqs, "dead-letters").await), ([0, 1, 0], [1, 0, 0]));
    let letter = &receive(&sqs, "dead-letters").await[0];
    assert_eq!((&letter["MessageId"], &letter["Body"]), (&sent["MessageId"], &json!("poison")));
    assert_eq!(letter["MessageAttributes"], attributes);
    let system = json!({
        "ApproximateReceiveCount": "3", "ApproximateFirstReceiveTimestamp": START.to_string(), "SentTimestamp": START.to_string(),
        "SenderId": "123456789012", "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-central-1:123456789012:work",
    });
    assert_eq!(letter["Attributes"], system);
}

#[tokio::test]
async fn a_dead_letter_is_as_old_as_its_message() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 1), queue("dead-letters")]);
    super::send(&sqs, "work", "x").await;
    assert_eq!(receive(&sqs, "work").await.len(), 1);
    clock.advance(Duration::from_secs(4 * 86_400 - 1));
    assert!(receive(&sqs, "work").await.is_empty());
    assert_eq!(counts(&sqs, "dead-letters").await, [1, 0, 0]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(counts(&sqs, "dead-letters").await, [0, 0, 0]);
}

#[tokio::test]
async fn receipts_in_the_queue_before_do_not_count_for_the_next_one() {
    let redrive = RedriveConfig { dead_letter_queue_arn: queue_arn("last"), maximum_receive_count: 1 };
    let chain = QueueConfig { redrive: Some(redrive), ..queue("dead-letters") };
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 3), chain, queue("last")]);
    super::send(&sqs, "work", "x").await;
    for _ in 0..4 {
        receive(&sqs, "work").await;
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!(receive(&sqs, "dead-letters").await.len(), 1);
    clock.advance(Duration::from_secs(30));
    assert!(receive(&sqs, "dead-letters").await.is_empty());
    let message = &receive(&sqs, "last").await[0];
    assert_eq!(message["Attributes"]["DeadLetterQueueSourceArn"], "arn:aws:sqs:eu-central-1:123456789012:dead-letters");
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_message_stays() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 1)]);
    super::send(&sqs, "work", "x").await;
    for _ in 0..3 {
        assert_eq!(receive(&sqs, "work").await.len(), 1);
        clock.advance(Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_queue_tells_its_policies_and_whose_dead_letters_it_has() {
    let allow = QueueConfig { redrive_allow_policy: Some("{\"redrivePermission\":\"allowAll\"}".to_owned()), ..queue("dead-letters") };
    let (sqs, _) = start_with(vec![feeding_dead_letters("work", 5), feeding_dead_letters("work-2", 5), allow]);
    let policy = |name: &str| {
        ok(&sqs, "GetQueueAttributes", json!({"QueueUrl": sqs.url(name), "AttributeNames": ["RedrivePolicy", "RedriveAllowPolicy"]}))
    };
    let expected = r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead-letters","maxReceiveCount":5}"#;
    assert_eq!(policy("work").await["Attributes"], json!({"RedrivePolicy": expected}));
    assert_eq!(policy("dead-letters").await["Attributes"], json!({"RedriveAllowPolicy": "{\"redrivePermission\":\"allowAll\"}"}));
    let sources = ok(&sqs, "ListDeadLetterSourceQueues", json!({"QueueUrl": sqs.url("dead-letters"), "MaxResults": 1})).await;
    assert_eq!(sources["queueUrls"], json!([sqs.url("work")]));
    let request = json!({"QueueUrl": sqs.url("dead-letters"), "MaxResults": 1, "NextToken": sources["NextToken"]});
    assert_eq!(ok(&sqs, "ListDeadLetterSourceQueues", request).await, json!({"queueUrls": [sqs.url("work-2")]}));
    assert_eq!(ok(&sqs, "ListDeadLetterSourceQueues", json!({})).await, json!({"queueUrls": []}));
}
