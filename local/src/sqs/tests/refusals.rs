//! What is refused, by the names of both protocols.

use super::*;

#[tokio::test]
async fn errors_have_the_names_of_both_protocols() {
    let (sqs, _) = start();
    let (status, query_error, body) = ask(&sqs, "ReceiveMessage", json!({"QueueUrl": "http://localhost:6878/0/absent"})).await;
    assert_eq!((status, query_error.as_deref()), (400, Some("AWS.SimpleQueueService.NonExistentQueue;Sender")));
    assert_eq!(body, json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}));
    let (missing, invalid) = ("MissingParameter", "InvalidParameterValue");
    let cases = [
        ("SendMessage", json!({}), missing, "MessageBody"),
        ("SendMessage", json!({"MessageBody": "\u{1}"}), "InvalidMessageContents", "Invalid characters"),
        ("SendMessage", json!({"MessageBody": "\u{fffe}"}), "InvalidMessageContents", "Invalid characters"),
        ("ReceiveMessage", json!({"AttributeNames": "All"}), invalid, "AttributeNames is not a list of names."),
        ("SendMessage", json!({"MessageBody": "x", "DelaySeconds": 901}), invalid, "Must be between 0 and 900, if provided."),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), invalid, "Value 11 for parameter MaxNumberOfMessages"),
        ("ReceiveMessage", json!({"WaitTimeSeconds": 21}), invalid, "WaitTimeSeconds"),
        ("ReceiveMessage", json!({"VisibilityTimeout": 43_201}), invalid, "VisibilityTimeout"),
        ("ReceiveMessage", json!({"AttributeNames": ["AWSTraceHeader"]}), "InvalidAttributeName", "Unknown Attribute AWSTraceHeader."),
        ("GetQueueAttributes", json!({"AttributeNames": ["Policy"]}), "InvalidAttributeName", "Unknown Attribute Policy."),
        ("DeleteMessage", json!({"ReceiptHandle": "x"}), "ReceiptHandleIsInvalid", "The input receipt handle \"x\""),
        ("GetQueueUrl", json!({}), missing, "QueueName"),
    ];
    for (action, request, code, word) in cases {
        let (found, message) = refused(&sqs, action, request).await;
        assert!(found == code && message.contains(word), "{action}: {found}: {message}");
    }
    assert_eq!(sqs.handle("SendMessage", b"{").await.status(), 400);
    assert_eq!(counts(&sqs, "work"), [0, 0, 0]);
}

#[tokio::test]
async fn what_nothing_here_uses_is_refused_by_name() {
    let (sqs, _) = start();
    for action in ["CreateQueue", "PurgeQueue", "TagQueue", "StartMessageMoveTask", "ListMessageMoveTasks", "ListDeadLetterSourceQueues"] {
        let (code, message) = refused(&sqs, action, json!({})).await;
        assert_eq!(code, "AWS.SimpleQueueService.UnsupportedOperation");
        assert_eq!(message, format!("{action} is not implemented by this stack."));
    }
    for (action, parameter) in [
        ("SendMessage", "MessageAttributes"),
        ("SendMessage", "MessageSystemAttributes"),
        ("SendMessage", "MessageGroupId"),
        ("ReceiveMessage", "ReceiveRequestAttemptId"),
        ("ListQueues", "NextToken"),
    ] {
        let (_, message) = refused(&sqs, action, json!({"SourceArn": queue_arn("work"), parameter: "x"})).await;
        assert_eq!(message, format!("{parameter} of {action} is not implemented by this stack."));
    }
}

#[tokio::test]
async fn a_batch_that_is_wrong_as_a_whole_is_refused() {
    let (sqs, _) = start();
    let entry = |id: &str| json!({"Id": id, "MessageBody": "x", "ReceiptHandle": "x"});
    let cases = [
        (json!([]), "EmptyBatchRequest", "There should be at least one"),
        ((0..11).map(|id| entry(&id.to_string())).collect(), "TooManyEntriesInBatchRequest", "are 10. You have sent 11."),
        (json!([entry("a"), entry("a")]), "BatchEntryIdsNotDistinct", "Id a repeated."),
    ];
    for (entries, code, word) in cases {
        for action in ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"] {
            let (found, message) = refused(&sqs, action, json!({"Entries": entries})).await;
            assert_eq!(found, format!("AWS.SimpleQueueService.{code}"), "{action}");
            assert!(message.contains(word), "{message}");
        }
    }
    let absent = json!({"QueueUrl": "http://h/0/absent", "Entries": [entry("a")]});
    assert_eq!(refused(&sqs, "DeleteMessageBatch", absent).await.0, "AWS.SimpleQueueService.NonExistentQueue");
    assert_eq!(counts(&sqs, "work"), [0, 0, 0]);
}
