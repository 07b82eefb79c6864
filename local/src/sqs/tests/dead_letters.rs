//! Dead letters of queues, and their way back.

use super::*;

/// `work` and `more`, both feeding `dead-letters`, and a queue beside them.
fn start() -> (Sqs, Clock) {
    start_with(vec![feeding_dead_letters("work", 1), feeding_dead_letters("more", 1), queue("dead-letters"), queue("of-lambda")])
}

/// Makes a dead letter of this message.
async fn kill(sqs: &Sqs, clock: &Clock, queue: &str, body: &str) {
    send(sqs, queue, body).await;
    assert_eq!(receive(sqs, queue).await.len(), 1);
    clock.advance(HALF_A_MINUTE);
    assert!(receive(sqs, queue).await.is_empty());
}

/// Moves the dead letters back and answers with the task.
async fn moved(sqs: &Sqs) -> Value {
    let source = json!({"SourceArn": queue_arn("dead-letters")});
    assert!(ok(sqs, "StartMessageMoveTask", source.clone()).await["TaskHandle"].is_string());
    ok(sqs, "ListMessageMoveTasks", source).await["Results"].take()
}

#[tokio::test]
async fn a_message_received_too_often_becomes_a_dead_letter_with_all_it_has() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 2), queue("dead-letters")]);
    let sent = send(&sqs, "work", "poison").await;
    for _ in 0..2 {
        assert_eq!(receive(&sqs, "work").await.len(), 1);
        clock.advance(HALF_A_MINUTE);
    }
    assert_eq!((counts(&sqs, "work"), counts(&sqs, "dead-letters")), ([1, 0, 0], [0, 0, 0]), "nobody has asked a third time");
    send(&sqs, "work", "well").await;
    let messages = receive(&sqs, "work").await;
    assert_eq!((messages.len(), &messages[0]["Body"]), (1, &json!("well")));
    assert_eq!((counts(&sqs, "work"), counts(&sqs, "dead-letters")), ([0, 1, 0], [1, 0, 0]));
    assert_is_letter(&receive(&sqs, "dead-letters").await[0], &sent, "poison", 3);
    assert_eq!(counts(&sqs, "dead-letters"), [0, 1, 0]);
}

#[tokio::test]
async fn a_dead_letter_is_as_old_as_its_message() {
    let (sqs, clock) = start();
    send(&sqs, "work", "x").await;
    assert_eq!(receive(&sqs, "work").await.len(), 1);
    clock.advance(Duration::from_secs(4 * 86_400 - 1));
    assert!(receive(&sqs, "work").await.is_empty());
    assert_eq!(counts(&sqs, "dead-letters"), [1, 0, 0]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(counts(&sqs, "dead-letters"), [0, 0, 0]);
}

#[tokio::test]
async fn dead_letters_go_back_to_the_queues_they_came_from_as_new_messages() {
    let (sqs, clock) = start();
    kill(&sqs, &clock, "work", "a").await;
    kill(&sqs, &clock, "more", "b").await;
    let letter = receive(&sqs, "dead-letters").await.remove(0);
    clock.advance(Duration::from_secs(3_600));
    let task = json!({
        "Status": "COMPLETED", "SourceArn": queue_arn("dead-letters"), "StartedTimestamp": clock.now(),
        "ApproximateNumberOfMessagesMoved": 2, "ApproximateNumberOfMessagesToMove": 2,
    });
    assert_eq!(moved(&sqs).await, json!([task]));
    let message = &receive(&sqs, "work").await[0];
    assert_eq!(message["Body"], "a");
    assert_ne!(message["MessageId"], letter["MessageId"]);
    assert_eq!(message["Attributes"]["SentTimestamp"], clock.now().to_string());
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert!(message["Attributes"].get("DeadLetterQueueSourceArn").is_none());
    assert_eq!(receive(&sqs, "more").await[0]["Body"], "b");
    assert_eq!(counts(&sqs, "dead-letters"), [0, 0, 0]);
}

#[tokio::test]
async fn a_message_that_came_from_no_queue_stops_the_task() {
    let (sqs, clock) = start();
    kill(&sqs, &clock, "work", "a").await;
    send(&sqs, "dead-letters", "a function's own").await;
    let task = &moved(&sqs).await[0];
    assert_eq!((&task["Status"], &task["FailureReason"]), (&json!("FAILED"), &json!("CouldNotDetermineMessageSource")));
    assert_eq!((&task["ApproximateNumberOfMessagesMoved"], &task["ApproximateNumberOfMessagesToMove"]), (&json!(1), &json!(2)));
    assert_eq!((counts(&sqs, "dead-letters"), counts(&sqs, "work")), ([1, 0, 0], [1, 0, 0]));
}

#[tokio::test]
async fn only_dead_letters_of_queues_are_moved() {
    let (sqs, _) = start();
    let absent = "The resource that you specified for the SourceArn parameter doesn't exist.";
    let cases = [
        (queue_arn("of-lambda"), 400, "Source queue must be configured as a Dead Letter Queue."),
        (queue_arn("x"), 404, absent),
        ("dead-letters".to_owned(), 404, absent),
    ];
    for (arn, status, message) in cases {
        let (found, _, body) = ask(&sqs, "StartMessageMoveTask", json!({"SourceArn": arn})).await;
        assert_eq!((found, &body["message"]), (status, &json!(message)));
    }
    assert_eq!(ask(&sqs, "ListMessageMoveTasks", json!({"SourceArn": queue_arn("x")})).await.0, 404);
    let none = ok(&sqs, "ListMessageMoveTasks", json!({"SourceArn": queue_arn("dead-letters")})).await;
    assert_eq!(none, json!({"Results": []}));
}
