//! What becomes of a published message.

use super::*;
use crate::{account::REGION, meter::Item};

#[tokio::test]
async fn a_message_is_an_event_of_the_function_in_aws_own_shape() {
    let stack = Stack::start().await;
    let id = stack.sns.publish(&topic(), r#"{"detail":{}}"#.to_owned()).unwrap();
    assert_eq!(stack.lambda.stats()["test"].busy, 1, "from the answer on it is under way");
    let subscription = stack.sns.topics[&topic()][0].arn.clone();
    assert_eq!((subscription.len(), subscription.starts_with(&topic())), (topic().len() + 1 + 36, true));
    let expected = json!({"Records": [{
        "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": "Notification", "MessageId": id, "TopicArn": topic(), "Subject": null, "Message": r#"{"detail":{}}"#,
            "Timestamp": "2023-11-14T22:13:20.123Z", "SignatureVersion": "1", "Signature": "bm90IHNpZ25lZA==",
            "SigningCertUrl":
                format!("https://sns.{REGION}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem"),
            "UnsubscribeUrl": format!("https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}"),
            "MessageAttributes": {},
        },
    }]});
    assert_eq!(stack.events().await, [expected]);
    assert_eq!(stack.lambda.stats()["test"].busy, 0);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn every_subscription_of_the_topic_and_no_other_gets_the_message() {
    let elsewhere = TopicSubscription { topic_arn: arn("sns", "alarms"), ..subscription("TestAlarm", "test") };
    let named = TopicSubscription { function_arn: "test".to_owned(), ..subscription("Again", "test") };
    let stack = Stack::start_with(vec![subscription("TestPlaced", "test"), named, elsewhere], |_| ()).await;
    stack.sns.publish(&topic(), "hello".to_owned()).unwrap();
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
    let publish = [("Action", "Publish"), ("TopicArn", &topic()), ("Message", "a\"ü")];
    let id = inside(&ask(&stack.sns, &publish).await.1, "MessageId").to_owned();
    assert_eq!(stack.events().await.len(), 1, "another subscription has its own");
    let letters = stack.letters("letters").await;
    let gone = &stack.sns.topics[&topic()][0].arn;
    let host = format!("https://sns.{REGION}.amazonaws.com");
    let expected = json!({
        "Type": "Notification", "MessageId": id, "TopicArn": topic(), "Message": "a\"ü", "Timestamp": "2023-11-14T22:13:20.123Z",
        "SignatureVersion": "1", "Signature": "bm90IHNpZ25lZA==",
        "SigningCertURL": format!("{host}/SimpleNotificationService-00000000000000000000000000000000.pem"),
        "UnsubscribeURL": format!("{host}/?Action=Unsubscribe&SubscriptionArn={gone}"),
    });
    assert_eq!(serde_json::from_str::<Value>(&letters[0]).unwrap(), expected);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_failure_of_the_function_is_lambdas_to_tell_and_no_dead_letter_of_the_subscription() {
    let stack = Stack::start_with(vec![subscription("TestPlaced", "test")], |function| {
        function.environment.insert("TEST_FUNCTION_INIT".to_owned(), "error".to_owned());
        function.event_invoke.maximum_retry_attempts = 0;
        function.event_invoke.on_failure_queue_arn = Some(queue_arn("failures"));
    })
    .await;
    let id = stack.sns.publish(&topic(), "hello".to_owned()).unwrap();
    stack.events().await;
    assert!(stack.letters("letters").await.is_empty());
    let record: Value = serde_json::from_str(&stack.letters("failures").await[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestPayload"]["Records"][0]["Sns"]["MessageId"], json!(id));
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_message_that_nobody_hears_or_takes_is_published_all_the_same() {
    let lost = TopicSubscription { dead_letter_queue_arn: None, ..subscription("Lost", "gone") };
    let nowhere = TopicSubscription { dead_letter_queue_arn: Some(queue_arn("gone")), ..subscription("Nowhere", "gone") };
    let stack = Stack::start_with(vec![lost, nowhere], |_| ()).await;
    for topic in ["placements", "alarms"] {
        stack.sns.publish(&arn("sns", topic), "hello".to_owned()).unwrap();
    }
    assert!(stack.events().await.is_empty() && stack.letters("letters").await.is_empty());
}

#[tokio::test]
async fn what_comes_as_the_stack_stops_is_a_dead_letter() {
    let stack = Stack::start().await;
    stack.lambda.shutdown().await;
    stack.sns.publish(&topic(), "late".to_owned()).unwrap();
    assert_eq!(stack.letters("letters").await.len(), 1);
}

#[tokio::test]
async fn another_service_is_refused_as_a_client_is() {
    let stack = Stack::start().await;
    let publish = |topic: &str, message: String| stack.sns.publish(topic, message).unwrap_err();
    assert_eq!(publish(&arn("sns", "gone"), "x".to_owned()).to_string(), "NotFound: Topic does not exist");
    assert_eq!(publish(&topic(), String::new()).to_string(), "InvalidParameter: Invalid parameter: Empty message");
    assert_eq!(publish(&topic(), "x".repeat(LARGEST_MESSAGE + 1)).to_string(), "InvalidParameter: Invalid parameter: Message too long");
}

#[tokio::test]
async fn publishes_are_counted_by_their_size() {
    let stack = Stack::start().await;
    let meter = Meter::default();
    let sns = stack.sns.metered(meter.clone());
    let publishes = || meter.usage(Vec::new()).quantity(Item::SnsPublishes);
    let alarms = arn("sns", "alarms");
    sns.publish(&alarms, "x".repeat(64 * 1024)).unwrap();
    assert_eq!(publishes(), 1.0);
    sns.publish(&alarms, "x".repeat(64 * 1024 + 1)).unwrap();
    assert_eq!(publishes(), 3.0);
    assert_eq!(ask(&sns, &[("Action", "Publish"), ("TopicArn", &alarms), ("Message", "x")]).await.0, 200);
    assert_eq!(publishes(), 4.0);
}
