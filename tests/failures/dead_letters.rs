//! Rows that cannot be delivered. They become dead letters, and nobody else's messages wait for them longer than they must.

use std::{cell::RefCell, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{LocalStack, Player, Proxy, Treatment, eventually};

/// Rows that are no messages, or fit into no frame. They have a messageId, so that the mapping's filter lets them pass.
fn poison() -> [(Value, &'static str); 4] {
    let row = |id: &str, sent_at: Value, message: Value| {
        json!({
            "recipientId": {"S": "bob"}, "messageId": {"S": id}, "senderId": {"S": "alice"}, "requestId": {"S": "r1"}, "message": message,
            "sentAt": sent_at, "expiresAt": {"N": "9999999999"}, "cause": {"S": format!("cause of {id}")}
        })
    };
    let mut bare = row("bare", json!(null), json!(null));
    bare.as_object_mut().unwrap().retain(|name, _| matches!(name.as_str(), "recipientId" | "messageId"));
    [
        (bare, "missing field `senderId`"),
        (row("wrong type", json!({"S": "yesterday"}), json!({"S": "hi"})), "understanding the row"),
        (row("nested", json!({"N": "1"}), json!({"M": {"text": {"S": "hi"}}})), "understanding the row"),
        (row("huge", json!({"N": "1"}), json!({"S": "x".repeat(200_000)})), "are the most"),
    ]
}

#[tokio::test]
async fn a_row_that_can_never_succeed_is_a_dead_letter_at_once_whole_with_its_reason_and_blocks_nobody() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let (mut bob, mut carol) = (Player::connect(&stack, "bob").await, Player::connect(&stack, "carol").await);
    let poison = poison();
    let mut texts = vec!["first".to_owned()];
    alice.send(&["bob", "carol"], "first").await;
    for (number, (row, _)) in poison.iter().enumerate() {
        stack.put("muster-dev-messages", row).await;
        texts.push(format!("after {number}"));
        alice.send(&["bob", "carol"], texts.last().unwrap()).await;
    }
    assert_eq!((bob.texts(texts.len()).await, carol.texts(texts.len()).await), (texts.clone(), texts));

    let letters = RefCell::new(Vec::new());
    eventually("a dead letter for each row", || async {
        let more = stack.dead_letters("messages-deliver").await;
        letters.borrow_mut().extend(more);
        (letters.borrow().len() >= poison.len()).then_some(())
    })
    .await;
    let letters = letters.into_inner();
    assert_eq!(letters.len(), poison.len(), "one for each row, and none for its neighbours: {letters:?}");
    for (letter, (row, reason)) in letters.iter().zip(&poison) {
        let of = letter["record"]["dynamodb"]["NewImage"]["messageId"]["S"].as_str().unwrap();
        assert_eq!(&letter["record"]["dynamodb"]["NewImage"], row, "the row is whole");
        assert_eq!((&letter["record"]["eventName"], &letter["version"]), (&json!("INSERT"), &json!("1")));
        assert_eq!(letter["function"], "muster-dev-messages-deliver");
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{of}: {}", letter["reason"]);
        assert_eq!(letter.get("cause"), row.get("cause").map(|cause| &cause["S"]), "{of}");
        let time = letter["time"].as_str().unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
    assert_eq!(stack.troubles().await, Vec::<String>::new(), "nothing was tried again");
    alice.send(&["bob"], "last").await;
    assert_eq!(bob.texts(1).await, ["last"]);
}

#[tokio::test]
async fn a_dead_letter_that_cannot_be_written_is_written_later_whole_and_no_row_is_lost() {
    let (stack, proxy) = Proxy::between(&["sqs"], &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let (mut bob, mut carol) = (Player::connect(&stack, "bob").await, Player::connect(&stack, "carol").await);
    // More than the SDK's three attempts, so that the stream repeats the row, and not so many that it gives it up.
    proxy.treat(|call| match call.operation.as_str() {
        "SendMessage" if call.number <= 4 => Treatment::Refuse(500, "InternalFailure"),
        _ => Treatment::Pass,
    });
    let (row, reason) = &poison()[1];
    let texts = ["before", "after", "last"].map(str::to_owned).to_vec();
    alice.send(&["bob", "carol"], &texts[0]).await;
    stack.put("muster-dev-messages", row).await;
    for text in &texts[1..] {
        alice.send(&["bob", "carol"], text).await;
    }
    assert_eq!((bob.texts(3).await, carol.texts(3).await), (texts.clone(), texts));
    let letter = eventually("a dead letter", || async { stack.dead_letters("messages-deliver").await.pop() }).await;
    assert_eq!(&letter["record"]["dynamodb"]["NewImage"], row, "the row is whole, and not a position in the stream");
    assert!(letter["reason"].as_str().unwrap().contains(reason), "{letter}");
    assert_eq!((proxy.answered("SendMessage", 500), proxy.answered("SendMessage", 200)), (4, 1));
}

#[tokio::test]
async fn a_row_that_keeps_failing_is_given_up_by_lambdas_rules_and_those_behind_it_come_in_order() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--parameter", "RetrySeconds=60"]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let (mut bob, mut carol) = (Player::connect(&stack, "bob").await, Player::connect(&stack, "carol").await);
    let denied = |body: &str| body.contains("eve");
    proxy.treat(move |call| match call.operation.as_str() {
        "Query" if denied(&call.body) => Treatment::Refuse(400, "AccessDeniedException"),
        _ => Treatment::Pass,
    });
    let mut texts = Vec::new();
    for number in 0..10 {
        alice.send(&["bob", "carol"], &number.to_string()).await;
        texts.push(number.to_string());
        if number == 4 {
            alice.send(&["eve"], "nobody knows whether she is there").await;
            // It is tried until it is a minute old, and then some seconds, since the last tries are ten apart. What is written meanwhile
            // grows old, too, so that only what is younger by more than that is still tried.
            sleep(Duration::from_secs(20)).await;
        }
    }
    sleep(Duration::from_secs(45)).await;
    assert_eq!((bob.texts(10).await, carol.texts(10).await), (texts.clone(), texts));
    let letter = eventually("a dead letter", || async { stack.dead_letters("messages-deliver").await.pop() }).await;
    assert_eq!(letter["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(letter["DDBStreamBatchInfo"]["batchSize"], 1, "it stands alone: {letter}");
    let inbox = stack.inbox("eve").await;
    assert_eq!(inbox.len(), 1, "it is in the inbox all the same");
    assert_eq!(json!(stack.dead_lettered(&letter).await), json!([inbox[0]["messageId"]["S"]]));
}
