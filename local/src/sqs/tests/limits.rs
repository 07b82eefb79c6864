//! What is refused, by the names of both protocols.

use serde_json::json;

use super::{ask, ok, queue, receive, refused, start, start_with};
use crate::sqs::QueueConfig;

#[tokio::test]
async fn errors_have_the_names_of_both_protocols() {
    let (sqs, _) = start();
    let url = json!({"QueueUrl": "http://localhost:6878/123456789012/absent"});
    let (status, query_error, body) = ask(&sqs, "ReceiveMessage", url).await;
    assert_eq!((status, query_error.as_deref()), (400, Some("AWS.SimpleQueueService.NonExistentQueue;Sender")));
    let expected = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."});
    assert_eq!(body, expected);
    let invalid = "com.amazon.coral.service#InvalidParameterValueException";
    let cases = [
        ("CreateQueue", json!({"QueueName": "x"}), "com.amazonaws.sqs#UnsupportedOperation", "CreateQueue"),
        ("TagQueue", json!({}), "com.amazonaws.sqs#UnsupportedOperation", "TagQueue"),
        ("SendMessage", json!({}), "com.amazon.coral.service#MissingRequiredParameterException", "MessageBody"),
        ("SendMessage", json!({"MessageBody": "\u{1}"}), "com.amazonaws.sqs#InvalidMessageContents", "Invalid characters"),
        ("SendMessage", json!({"MessageBody": "\u{fffe}"}), "com.amazonaws.sqs#InvalidMessageContents", "Invalid characters"),
        ("SendMessage", json!({"MessageBody": "x", "DelaySeconds": 901}), invalid, "Value 901 for parameter DelaySeconds is invalid."),
        ("SendMessage", json!({"MessageBody": "x", "MessageDeduplicationId": "d"}), invalid, "MessageDeduplicationId"),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), invalid, "Must be between 1 and 10, if provided."),
        ("ReceiveMessage", json!({"WaitTimeSeconds": 21}), invalid, "WaitTimeSeconds"),
        ("ReceiveMessage", json!({"VisibilityTimeout": "soon"}), invalid, "VisibilityTimeout"),
        ("ReceiveMessage", json!({"AttributeNames": ["Size"]}), "com.amazonaws.sqs#InvalidAttributeName", "Unknown Attribute Size."),
        ("DeleteMessage", json!({"ReceiptHandle": "x"}), "com.amazonaws.sqs#ReceiptHandleIsInvalid", "\"x\" is not a valid receipt handle"),
        ("GetQueueAttributes", json!({"AttributeNames": ["Size"]}), "com.amazonaws.sqs#InvalidAttributeName", "Unknown Attribute Size."),
        ("GetQueueUrl", json!({"QueueName": "absent"}), "com.amazonaws.sqs#QueueDoesNotExist", "queue"),
        ("ListQueues", json!({"MaxResults": 0}), invalid, "MaxResults"),
    ];
    for (action, request, kind, word) in cases {
        let (status, _, body) = ask(&sqs, action, request).await;
        assert_eq!(status, 400);
        assert_eq!(body["__type"], kind, "{action}");
        assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    }
    let response = sqs.handle("ListQueues", b"{").await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_handle_of_another_queue_is_none() {
    let (sqs, _) = start_with(vec![queue("work"), queue("other")]);
    super::send(&sqs, "other", "x").await;
    let handle = receive(&sqs, "other").await[0]["ReceiptHandle"].clone();
    for action in ["DeleteMessage", "ChangeMessageVisibility"] {
        let request = json!({"ReceiptHandle": handle, "VisibilityTimeout": 0});
        assert_eq!(refused(&sqs, action, request).await.0, "ReceiptHandleIsInvalid");
    }
}

#[tokio::test]
async fn the_size_of_a_message_counts_its_attributes() {
    let (sqs, _) = start_with(vec![QueueConfig { maximum_message_bytes: 1_024, ..queue("work") }]);
    let attributes = json!({"abc": {"DataType": "String", "StringValue": "defg"}});
    let request = |bytes: usize| json!({"MessageBody": "é".repeat(bytes / 2), "MessageAttributes": attributes});
    ok(&sqs, "SendMessage", request(1_024 - 13)).await;
    let (code, message) = refused(&sqs, "SendMessage", request(1_024 - 11)).await;
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(message, "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.");
}

#[tokio::test]
async fn attributes_that_aws_would_not_take_are_refused_by_name() {
    let (sqs, _) = start();
    let string = json!({"DataType": "String", "StringValue": "v"});
    let cases = [
        (json!({"AWS.x": string}), "'AWS.x' has an invalid name"),
        (json!({".x": string}), "'.x' has an invalid name"),
        (json!({"x..y": string}), "'x..y' has an invalid name"),
        (json!({"x y": string}), "'x y' has an invalid name"),
        (json!({"x": {"DataType": "String", "StringValue": ""}}), "'x' must contain a non-empty value of type 'String'."),
        (json!({"x": {"DataType": "Number", "StringValue": "many"}}), "must be a number"),
        (json!({"x": {"DataType": "Binary", "BinaryValue": "%"}}), "non-empty value of type 'Binary'"),
        (json!({"x": {"DataType": "Date", "StringValue": "v"}}), "invalid message attribute type"),
        (json!({"x": {"StringValue": "v"}}), "DataType"),
        ((0..11).map(|number| (format!("a{number}"), string.clone())).collect::<serde_json::Map<_, _>>().into(), "maximum [10]"),
    ];
    for (attributes, word) in cases {
        let (code, message) = refused(&sqs, "SendMessage", json!({"MessageBody": "x", "MessageAttributes": attributes})).await;
        assert!(code == "InvalidParameterValue" && message.contains(word), "{attributes}: {message}");
    }
    let system = json!({"MessageBody": "x", "MessageSystemAttributes": {"Other": string}});
    assert!(refused(&sqs, "SendMessage", system).await.1.contains("'Other'"));
}

#[tokio::test]
async fn too_many_messages_in_flight_are_over_the_limit_of_a_short_poll() {
    let (sqs, clock) = start();
    for number in 0..=120_000 {
        let content = crate::sqs::message::Content { body: number.to_string(), ..Default::default() };
        sqs.queues().send("work", content, None, clock.now()).unwrap();
    }
    assert_eq!(sqs.queues().receive("work", usize::MAX, 30_000, clock.now()).unwrap().messages.len(), 120_000);
    let (status, query_error, _) = ask(&sqs, "ReceiveMessage", json!({})).await;
    assert_eq!((status, query_error.as_deref()), (403, Some("OverLimit;Sender")));
    let long_poll = {
        let sqs = sqs.clone();
        tokio::spawn(async move { ok(&sqs, "ReceiveMessage", json!({"WaitTimeSeconds": 20})).await })
    };
    while clock.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(std::time::Duration::from_secs(20));
    assert_eq!(long_poll.await.unwrap(), json!({}));
}
