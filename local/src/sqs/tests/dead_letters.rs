//! Dead letters of queues.

use super::*;

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
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 1), queue("dead-letters")]);
    send(&sqs, "work", "x").await;
    assert_eq!(receive(&sqs, "work").await.len(), 1);
    clock.advance(Duration::from_secs(4 * 86_400 - 1));
    assert!(receive(&sqs, "work").await.is_empty());
    assert_eq!(counts(&sqs, "dead-letters"), [1, 0, 0]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(counts(&sqs, "dead-letters"), [0, 0, 0]);
}
