//! What outlives the process under `--data`.

use std::path::Path;

use super::*;

/// A room at this time on this file, as the next process opens it.
fn open(file: &Path, time: u64) -> (Sqs, Clock) {
    let clock = Clock::standing_at(time);
    let queues = vec![feeding_dead_letters("work", 1), queue("dead-letters")];
    (Sqs::open(queues, "http://127.0.0.1:7000", Keep::open(file).unwrap(), clock.clone()), clock)
}

#[tokio::test]
async fn messages_outlive_the_process_with_all_they_have() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept");
    let (first, clock) = open(&file, START);
    let poison = send(&first, "work", "poison").await;
    assert_eq!(receive(&first, "work").await.len(), 1);
    clock.advance(HALF_A_MINUTE);
    assert!(receive(&first, "work").await.is_empty(), "it is a dead letter");
    send(&first, "work", "in flight").await;
    send(&first, "work", "deleted").await;
    let [in_flight, deleted] = receive(&first, "work").await.try_into().unwrap();
    ok(&first, "DeleteMessage", json!({"ReceiptHandle": deleted["ReceiptHandle"]})).await;
    ok(&first, "SendMessage", json!({"MessageBody": "timer", "DelaySeconds": 60})).await;
    for body in ["visible", "visible, too"] {
        send(&first, "work", body).await;
    }
    drop(first);

    let (second, clock) = open(&file, clock.now());
    assert_eq!((counts(&second, "work"), counts(&second, "dead-letters")), ([2, 1, 1], [1, 0, 0]));
    assert_is_letter(&receive(&second, "dead-letters").await[0], &poison, "poison", 2);
    let bodies: Vec<_> = receive(&second, "work").await.iter().map(|message| message["Body"].clone()).collect();
    assert_eq!(bodies, ["visible", "visible, too"], "in the order of sending");
    ok(&second, "DeleteMessage", json!({"ReceiptHandle": in_flight["ReceiptHandle"]})).await;
    assert_eq!(counts(&second, "work"), [0, 2, 1], "receipts are still good");
    clock.advance(Duration::from_secs(60));
    assert_eq!(receive(&second, "work").await[0]["Body"], "timer");
}

#[tokio::test]
async fn what_was_in_flight_when_the_process_died_is_visible_at_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept");
    let (first, _) = open(&file, START);
    send(&first, "work", "x").await;
    ok(&first, "ReceiveMessage", json!({"VisibilityTimeout": 100})).await;
    // A receiver still waits in the first room when it ends.
    let waiting = {
        let first = first.clone();
        tokio::spawn(async move { ok(&first, "ReceiveMessage", json!({"WaitTimeSeconds": 20})).await })
    };
    tokio::task::yield_now().await;
    waiting.abort();
    drop(first);
    let (second, clock) = open(&file, START + 99_999);
    assert_eq!(counts(&second, "work"), [0, 1, 0]);
    clock.advance(Duration::from_millis(1));
    assert!(receive(&second, "work").await.is_empty(), "that would be one receipt too many");
    assert_eq!(counts(&second, "dead-letters"), [1, 0, 0]);
    drop(second);
    let (third, clock) = open(&file, START + 100_000);
    assert_eq!((counts(&third, "work"), counts(&third, "dead-letters")), ([0, 0, 0], [1, 0, 0]));
    clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(counts(&third, "dead-letters"), [0, 0, 0], "it has expired");
    assert_eq!(counts(&open(&file, START).0, "dead-letters"), [0, 0, 0]);
}

#[tokio::test]
async fn a_process_that_ends_while_it_moves_a_message_leaves_one_dead_letter() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept");
    let (first, clock) = open(&file, START);
    send(&first, "work", "x").await;
    receive(&first, "work").await;
    let keep = Keep::open(&file).unwrap();
    let [(key, message)] = keep.all::<Value>("sqs").try_into().unwrap();
    clock.advance(HALF_A_MINUTE);
    assert!(receive(&first, "work").await.is_empty());
    // The dead letter was written, and the message not deleted yet.
    keep.put("sqs", &key, &message);
    let (second, clock) = open(&file, clock.now());
    assert_eq!((counts(&second, "work"), counts(&second, "dead-letters")), ([1, 0, 0], [1, 0, 0]));
    assert_eq!(receive(&second, "dead-letters").await.len(), 1);
    assert!(receive(&second, "work").await.is_empty());
    assert_eq!((counts(&second, "work"), counts(&second, "dead-letters")), ([0, 0, 0], [1, 0, 0]));
    clock.advance(HALF_A_MINUTE);
    assert_eq!((receive(&second, "dead-letters").await.len(), keep.all::<Value>("sqs").len()), (1, 1));
}
