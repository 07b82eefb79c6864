//! Move tasks: dead letters on their way back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ask, counts, feeding_dead_letters, ok, queue, receive, refused, send, start_with};
use crate::{account::queue_arn, clock::Clock, sqs::Sqs};

/// `work` and `more`, both feeding `dead-letters`, and two queues beside them.
fn start() -> (Sqs, Clock) {
    let fed = vec![feeding_dead_letters("work", 1), feeding_dead_letters("more", 1), queue("dead-letters")];
    start_with(fed.into_iter().chain([queue("other"), queue("of-lambda")]).collect())
}

/// Makes dead letters of these messages.
async fn kill(sqs: &Sqs, clock: &Clock, queue: &str, bodies: &[&str]) {
    for body in bodies {
        send(sqs, queue, body).await;
    }
    while counts(sqs, queue).await != [0, 0, 0] {
        receive(sqs, queue).await;
        clock.advance(Duration::from_secs(30));
    }
}

async fn newest(sqs: &Sqs) -> Value {
    ok(sqs, "ListMessageMoveTasks", json!({"SourceArn": queue_arn("dead-letters")})).await["Results"][0].clone()
}

/// Waits until the newest task has moved so many messages.
async fn moved(sqs: &Sqs, messages: u64) -> Value {
    loop {
        let task = newest(sqs).await;
        if task["ApproximateNumberOfMessagesMoved"] == messages {
            return task;
        }
        tokio::task::yield_now().await;
    }
}

async fn ended(sqs: &Sqs) -> Value {
    loop {
        let task = newest(sqs).await;
        if task["Status"] != "RUNNING" {
            return task;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dead_letters_go_back_to_the_queues_they_came_from_as_new_messages() {
    let (sqs, clock) = start();
    let attributes = json!({"A": {"DataType": "String", "StringValue": "v"}});
    let sent = ok(&sqs, "SendMessage", json!({"MessageBody": "a", "MessageAttributes": attributes})).await;
    kill(&sqs, &clock, "work", &[]).await;
    kill(&sqs, &clock, "more", &["b"]).await;
    assert_eq!(counts(&sqs, "dead-letters").await, [2, 0, 0]);
    clock.advance(Duration::from_secs(3_600));
    let started = clock.now();
    ok(&sqs, "StartMessageMoveTask", json!({"SourceArn": queue_arn("dead-letters")})).await;
    let expected = json!({
        "Status": "COMPLETED", "SourceArn": queue_arn("dead-letters"), "StartedTimestamp": started,
        "ApproximateNumberOfMessagesMoved": 2, "ApproximateNumberOfMessagesToMove": 2,
    });
    assert_eq!(ended(&sqs).await, expected);
    let message = &receive(&sqs, "work").await[0];
    assert_eq!((&message["Body"], &message["MessageAttributes"]), (&json!("a"), &attributes));
    assert_ne!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["Attributes"]["SentTimestamp"], started.to_string());
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert!(message["Attributes"].get("DeadLetterQueueSourceArn").is_none());
    assert_eq!(receive(&sqs, "more").await[0]["Body"], "b");
}

#[tokio::test]
async fn a_rate_is_kept_and_a_task_can_be_cancelled() {
    let (sqs, clock) = start();
    kill(&sqs, &clock, "work", &["0", "1", "2", "3", "4", "5"]).await;
    let request = json!({"SourceArn": queue_arn("dead-letters"), "DestinationArn": queue_arn("other"), "MaxNumberOfMessagesPerSecond": 2});
    let handle = ok(&sqs, "StartMessageMoveTask", request.clone()).await["TaskHandle"].clone();
    let task = moved(&sqs, 1).await;
    assert_eq!((&task["Status"], &task["TaskHandle"]), (&json!("RUNNING"), &handle));
    assert_eq!((&task["DestinationArn"], &task["MaxNumberOfMessagesPerSecond"]), (&json!(queue_arn("other")), &json!(2)));
    let (code, message) = refused(&sqs, "StartMessageMoveTask", request).await;
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.starts_with("There is already a task running."), "{message}");
    for messages in 2..=4 {
        clock.advance(Duration::from_millis(499));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(newest(&sqs).await["ApproximateNumberOfMessagesMoved"], messages - 1);
        clock.advance(Duration::from_millis(1));
        moved(&sqs, messages).await;
    }
    // What comes after the task began is not its business.
    send(&sqs, "dead-letters", "late").await;
    let cancelled = ok(&sqs, "CancelMessageMoveTask", json!({"TaskHandle": handle})).await;
    assert_eq!(cancelled, json!({"ApproximateNumberOfMessagesMoved": 4}));
    let task = newest(&sqs).await;
    assert_eq!((&task["Status"], task.get("TaskHandle")), (&json!("CANCELLED"), None));
    clock.advance(Duration::from_secs(60));
    assert_eq!((counts(&sqs, "dead-letters").await, counts(&sqs, "other").await), ([3, 0, 0], [4, 0, 0]));
    assert!(refused(&sqs, "CancelMessageMoveTask", json!({"TaskHandle": handle})).await.1.contains("Only active"));
}

#[tokio::test]
async fn what_comes_after_a_task_began_stays() {
    let (sqs, clock) = start();
    kill(&sqs, &clock, "work", &["a", "b"]).await;
    let request = json!({"SourceArn": queue_arn("dead-letters"), "MaxNumberOfMessagesPerSecond": 1});
    ok(&sqs, "StartMessageMoveTask", request).await;
    moved(&sqs, 1).await;
    send(&sqs, "dead-letters", "late").await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(ended(&sqs).await["Status"], "COMPLETED");
    assert_eq!(receive(&sqs, "dead-letters").await[0]["Body"], "late");
}

#[tokio::test]
async fn a_message_that_came_from_no_queue_needs_a_destination() {
    let (sqs, _) = start();
    send(&sqs, "dead-letters", "from a stream").await;
    ok(&sqs, "StartMessageMoveTask", json!({"SourceArn": queue_arn("dead-letters")})).await;
    let task = ended(&sqs).await;
    assert_eq!((&task["Status"], &task["FailureReason"]), (&json!("FAILED"), &json!("CouldNotDetermineMessageSource")));
    assert_eq!(counts(&sqs, "dead-letters").await, [1, 0, 0]);
    ok(&sqs, "StartMessageMoveTask", json!({"SourceArn": queue_arn("dead-letters"), "DestinationArn": queue_arn("other")})).await;
    assert_eq!(ended(&sqs).await["Status"], "COMPLETED");
    let both = ok(&sqs, "ListMessageMoveTasks", json!({"SourceArn": queue_arn("dead-letters"), "MaxResults": 10})).await;
    let statuses: Vec<_> = both["Results"].as_array().unwrap().iter().map(|task| task["Status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["COMPLETED", "FAILED"]);
}

#[tokio::test]
async fn only_dead_letters_of_queues_are_moved() {
    let (sqs, _) = start();
    let dead = queue_arn("dead-letters");
    let invalid = "InvalidParameterValue";
    let absent = "ResourceNotFoundException";
    let cases = [
        (json!({}), "MissingParameter", "SourceArn"),
        (json!({"SourceArn": queue_arn("of-lambda")}), invalid, "Source queue must be configured as a Dead Letter Queue."),
        (json!({"SourceArn": queue_arn("x")}), absent, "The resource that you specified for the SourceArn parameter doesn't exist."),
        (json!({"SourceArn": "dead-letters"}), absent, "SourceArn"),
        (json!({"SourceArn": dead, "DestinationArn": queue_arn("x")}), absent, "specified for the DestinationArn parameter doesn't exist."),
        (json!({"SourceArn": dead, "DestinationArn": dead}), invalid, "cannot be the same"),
        (json!({"SourceArn": dead, "MaxNumberOfMessagesPerSecond": 501}), invalid, "MaxNumberOfMessagesPerSecond"),
    ];
    for (request, code, word) in cases {
        let (found, message) = refused(&sqs, "StartMessageMoveTask", request).await;
        assert!(found == code && message.contains(word), "{found}: {message}");
    }
    assert_eq!(ask(&sqs, "ListMessageMoveTasks", json!({"SourceArn": queue_arn("x")})).await.0, 404);
    let handle = |queue: &str| crate::sqs::move_task::handle(uuid::Uuid::new_v4(), queue);
    for (handle, code, message) in [
        ("foobared".to_owned(), invalid, "Value for parameter TaskHandle is invalid."),
        (handle("x"), absent, "The resource that you specified for the SourceArn parameter doesn't exist."),
        (handle("dead-letters"), absent, "Task does not exist."),
    ] {
        let refused = refused(&sqs, "CancelMessageMoveTask", json!({"TaskHandle": handle})).await;
        assert_eq!(refused, (code.to_owned(), message.to_owned()));
    }
}
