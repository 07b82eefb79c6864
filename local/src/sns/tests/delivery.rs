//! What becomes of a published message.

use super::*;
use crate::meter::{Item, Meter};

#[tokio::test]
async fn a_message_is_an_event_of_the_function_in_aws_own_shape() {
    let stack = Stack::start().await;
    let attributes = MessageAttributes::from([
        ("kind".to_owned(), AttributeValue::Text("String".to_owned(), "placed".to_owned())),
        ("raw".to_owned(), AttributeValue::Binary("Binary.png".to_owned(), vec![0, 255])),
    ]);
    let id = stack.sns.publish(TOPIC, r#"{"detail":{}}"#.to_owned(), attributes).unwrap();
    assert_eq!(stack.lambda.stats()["test"].busy, 1, "from the answer on it is under way");
    let subscription = stack.sns.topics[TOPIC].subscriptions[0].arn.clone();
    assert_eq!((subscription.len(), subscription.starts_with(TOPIC)), (TOPIC.len() + 1 + 36, true));
    let expected = json!({"Records": [{
        "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Subject": null, "Message": r#"{"detail":{}}"#,
            "Timestamp": "2023-11-14T22:13:20.123Z", "SignatureVersion": "1", "Signature": "bm90IHNpZ25lZA==",
            "SigningCertUrl":
                "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
            "UnsubscribeUrl": format!("https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}"),
            "MessageAttributes": {"kind": {"Type": "String", "Value": "placed"}, "raw": {"Type": "Binary.png", "Value": "AP8="}},
        },
    }]});
    assert_eq!(stack.events().await, [expected]);
    assert_eq!(stack.lambda.stats()["test"].busy, 0);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn every_subscription_of_the_topic_and_no_other_gets_the_message() {
    let elsewhere = SubscriptionConfig { topic_arn: crate::account::arn("sns", "alarms"), ..subscription("TestAlarm", "test") };
    let named = SubscriptionConfig { function_arn: "test".to_owned(), ..subscription("Again", "test") };
    let stack = Stack::start_with(vec![subscription("TestPlaced", "test"), named, elsewhere], |_| ()).await;
    stack.sns.publish(TOPIC, "hello".to_owned(), MessageAttributes::new()).unwrap();
    let events = stack.events().await;
    let mut arns: Vec<_> = events.iter().map(|event| event["Records"][0]["EventSubscriptionArn"].as_str().unwrap()).collect();
    arns.sort_unstable();
    arns.dedup();
    assert_eq!((events.len(), arns.len()), (2, 2));
    assert_eq!(events[0]["Records"][0]["Sns"]["MessageId"], events[1]["Records"][0]["Sns"]["MessageId"]);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn what_no_function_takes_is_a_dead_letter_of_the_subscription() {
    let stack = Stack::start_with(vec![subscription("Gone", "gone"), subscription("TestPlaced", "test")], |_| ()).await;
    let publish = [("Action", "Publish"), ("TopicArn", TOPIC), ("Message", "a\"ü"), ("Subject", "news")];
    let id = inside(&ask(&stack.sns, &publish).await.1, "MessageId").to_owned();
    stack.sns.publish(TOPIC, "bare".to_owned(), MessageAttributes::new()).unwrap();
    assert_eq!(stack.events().await.len(), 2, "another subscription has its own");
    let letters = stack.letters("letters").await;
    let gone = &stack.sns.topics[TOPIC].subscriptions[0].arn;
    let expected = format!(
        concat!(
            r#"{{"Type":"Notification","MessageId":"{}","TopicArn":"arn:aws:sns:eu-central-1:123456789012:placements","Subject":"news","#,
            r#""Message":"a\"ü","Timestamp":"2023-11-14T22:13:20.123Z","SignatureVersion":"1","Signature":"bm90IHNpZ25lZA==","#,
            r#""SigningCertURL":"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem","#,
            r#""UnsubscribeURL":"https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={}"}}"#,
        ),
        id, gone
    );
    assert_eq!(letters[0], expected);
    let bare: Value = serde_json::from_str(&letters[1]).unwrap();
    assert!(bare.get("Subject").is_none() && bare.get("MessageAttributes").is_none(), "{bare}");
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_failure_of_the_function_is_lambdas_to_tell_and_no_dead_letter_of_the_subscription() {
    let stack = Stack::start_with(vec![subscription("TestPlaced", "test")], |function| {
        function.environment.insert("TEST_FUNCTION_INIT".to_owned(), "error".to_owned());
        function.event_invoke.maximum_retry_attempts = 0;
        function.event_invoke.on_failure_queue = Some(queue_arn("failures"));
    })
    .await;
    let id = stack.sns.publish(TOPIC, "hello".to_owned(), MessageAttributes::new()).unwrap();
    stack.events().await;
    assert!(stack.letters("letters").await.is_empty());
    let record: Value = serde_json::from_str(&stack.letters("failures").await[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestPayload"]["Records"][0]["Sns"]["MessageId"], json!(id));
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_message_that_nobody_hears_or_takes_is_published_all_the_same() {
    let lost = SubscriptionConfig { dead_letter_queue_arn: None, ..subscription("Lost", "gone") };
    let nowhere = SubscriptionConfig { dead_letter_queue_arn: Some(queue_arn("gone")), ..subscription("Nowhere", "gone") };
    let stack = Stack::start_with(vec![lost, nowhere], |_| ()).await;
    for topic in ["placements", "alarms"] {
        stack.sns.publish(&crate::account::arn("sns", topic), "hello".to_owned(), MessageAttributes::new()).unwrap();
    }
    assert!(stack.events().await.is_empty() && stack.letters("letters").await.is_empty());
}

#[tokio::test]
async fn what_comes_as_the_stack_stops_is_a_dead_letter() {
    let stack = Stack::start().await;
    stack.lambda.shutdown().await;
    stack.sns.publish(TOPIC, "late".to_owned(), MessageAttributes::new()).unwrap();
    assert_eq!(stack.letters("letters").await.len(), 1);
}

#[tokio::test]
async fn another_service_is_refused_as_a_client_is() {
    let stack = Stack::start().await;
    let publish = |topic: &str, message: String| stack.sns.publish(topic, message, MessageAttributes::new()).unwrap_err();
    assert_eq!(publish(&crate::account::arn("sns", "gone"), "x".to_owned()).to_string(), "NotFound: Topic does not exist");
    assert_eq!(publish("placements", "x".to_owned()).code(), "InvalidParameter");
    assert_eq!(publish(TOPIC, String::new()).to_string(), "InvalidParameter: Invalid parameter: Empty message");
    assert_eq!(publish(TOPIC, "x".repeat(LARGEST_MESSAGE + 1)).to_string(), "InvalidParameter: Invalid parameter: Message too long");
}

#[tokio::test]
async fn publishes_are_counted_by_their_size_and_a_batch_as_one() {
    let stack = Stack::start().await;
    let meter = Meter::default();
    let sns = stack.sns.metered(meter.clone());
    let publishes = || meter.usage(Vec::new()).quantity(Item::SnsPublishes);
    let alarms = crate::account::arn("sns", "alarms");
    sns.publish(&alarms, "x".repeat(64 * 1024), MessageAttributes::new()).unwrap();
    assert_eq!(publishes(), 1.0);
    sns.publish(&alarms, "x".repeat(64 * 1024 + 1), MessageAttributes::new()).unwrap();
    assert_eq!(publishes(), 3.0);
    let half = "x".repeat(32 * 1024);
    let batch = [
        ("Action", "PublishBatch"),
        ("TopicArn", &alarms),
        ("PublishBatchRequestEntries.member.1.Id", "a"),
        ("PublishBatchRequestEntries.member.1.Message", &half),
        ("PublishBatchRequestEntries.member.2.Id", "b"),
        ("PublishBatchRequestEntries.member.2.Message", &half),
    ];
    assert_eq!(ask(&sns, &batch).await.0, 200);
    assert_eq!(publishes(), 4.0);
    assert_eq!(ask(&sns, &[("Action", "Publish"), ("TopicArn", &alarms), ("Message", "x")]).await.0, 200);
    assert_eq!(publishes(), 5.0);
}
