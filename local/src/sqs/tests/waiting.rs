//! Long polls: over as soon as there is something, and not before.

use tokio::task::JoinHandle;

use super::*;

/// A receiver that waits by now.
async fn receiver(sqs: &Sqs, clock: &Clock, request: Value) -> JoinHandle<Value> {
    let (sqs, before) = (sqs.clone(), clock.waiting());
    let receiver = tokio::spawn(async move { ok(&sqs, "ReceiveMessage", request).await });
    while clock.waiting() == before {
        tokio::task::yield_now().await;
    }
    receiver
}

async fn answer(receiver: JoinHandle<Value>) -> Value {
    tokio::time::timeout(Duration::from_secs(5), receiver).await.expect("woken at once").unwrap()
}

#[tokio::test]
async fn a_waiting_receiver_gets_what_arrives() {
    let (sqs, clock) = start();
    let receiver = receiver(&sqs, &clock, json!({"WaitTimeSeconds": 20})).await;
    let sent = send(&sqs, "work", "hello").await;
    assert_eq!(answer(receiver).await["Messages"][0]["MessageId"], sent["MessageId"]);
}

#[tokio::test]
async fn a_waiting_receiver_gets_what_becomes_visible() {
    let (sqs, clock) = start();
    ok(&sqs, "SendMessage", json!({"MessageBody": "timer", "DelaySeconds": 7})).await;
    let first = receiver(&sqs, &clock, json!({"WaitTimeSeconds": 20, "VisibilityTimeout": 10})).await;
    clock.advance(Duration::from_millis(6_999));
    tokio::task::yield_now().await;
    assert!(!first.is_finished());
    clock.advance(Duration::from_millis(1));
    assert_eq!(answer(first).await["Messages"][0]["Body"], "timer");
    let second = receiver(&sqs, &clock, json!({"WaitTimeSeconds": 20})).await;
    clock.advance(Duration::from_millis(9_999));
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    clock.advance(Duration::from_millis(1));
    assert_eq!(answer(second).await["Messages"][0]["Attributes"], Value::Null);
}

#[tokio::test]
async fn a_receiver_goes_away_empty_when_its_wait_is_over() {
    let (sqs, clock) = start();
    let receiver = receiver(&sqs, &clock, json!({"WaitTimeSeconds": 20})).await;
    clock.advance(Duration::from_millis(19_999));
    tokio::task::yield_now().await;
    assert!(!receiver.is_finished());
    clock.advance(Duration::from_millis(1));
    assert_eq!(answer(receiver).await, json!({}));
    assert_eq!(ok(&sqs, "ReceiveMessage", json!({"WaitTimeSeconds": 0})).await, json!({}));
}

#[tokio::test]
async fn a_dead_letter_wakes_who_waits_for_it() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 1), queue("dead-letters")]);
    let receiver = receiver(&sqs, &clock, json!({"QueueUrl": sqs.url("dead-letters"), "WaitTimeSeconds": 20})).await;
    send(&sqs, "work", "poison").await;
    let request = json!({"VisibilityTimeout": 0});
    assert_eq!(ok(&sqs, "ReceiveMessage", request.clone()).await["Messages"][0]["Body"], "poison");
    assert!(!receiver.is_finished());
    assert_eq!(ok(&sqs, "ReceiveMessage", request).await, json!({}));
    assert_eq!(answer(receiver).await["Messages"][0]["Body"], "poison");
}

#[tokio::test]
async fn a_message_has_one_receiver_of_many() {
    let (sqs, clock) = start();
    let mut receivers = Vec::new();
    for _ in 0..8 {
        receivers.push(receiver(&sqs, &clock, json!({"WaitTimeSeconds": 20, "MaxNumberOfMessages": 1})).await);
    }
    for number in 0..8 {
        send(&sqs, "work", &number.to_string()).await;
    }
    let mut bodies = Vec::new();
    for receiver in receivers {
        bodies.push(answer(receiver).await["Messages"][0]["Body"].as_str().unwrap().to_owned());
    }
    bodies.sort();
    assert_eq!(bodies, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn on_the_clock_of_the_machine_a_timer_is_not_a_second_late() {
    let sqs = Sqs::new(vec![queue("work")], "http://127.0.0.1:7000", Keep::default());
    ok(&sqs, "SendMessage", json!({"MessageBody": "timer", "DelaySeconds": 1})).await;
    let sent = std::time::Instant::now();
    ok(&sqs, "ReceiveMessage", json!({"WaitTimeSeconds": 20})).await["Messages"][0].as_object().unwrap();
    let waited = sent.elapsed();
    assert!(waited >= Duration::from_millis(990) && waited < Duration::from_millis(1_900), "{waited:?}");
}
