//! A table that is throttled or away.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::harness::{Call, Player, Proxy, Treatment, message_to};

/// Refuses the first `count` calls of `operation`.
fn refuse_first(count: usize, operation: &'static str, status: u16, kind: &'static str) -> impl Fn(&Call) -> Treatment {
    let refused = AtomicUsize::new(0);
    move |call| {
        let refuse = call.operation == operation && refused.fetch_add(1, Ordering::Relaxed) < count;
        if refuse { Treatment::Refuse(status, kind) } else { Treatment::Pass }
    }
}

#[tokio::test]
async fn a_throttled_inbox_is_written_later_and_the_reply_says_so() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    proxy.treat(refuse_first(5, "BatchWriteItem", 400, "ProvisionedThroughputExceededException"));
    alice.send(&["bob"], "hi").await;
    assert_eq!(bob.texts(1).await, ["hi"]);
    assert_eq!(proxy.answered("BatchWriteItem", 400), 5);
}

#[tokio::test]
async fn an_inbox_that_cannot_be_written_is_our_fault_and_the_next_request_is_served() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    proxy.treat(refuse_first(1, "BatchWriteItem", 400, "ResourceNotFoundException"));
    let answer = alice.ask(&message_to(&["bob"], "lost")).await;
    assert_eq!((&answer["type"], &answer["code"], &answer["requestId"]), (&json!("rejection"), &json!("internal"), &json!("lost")));
    assert!(stack.inbox("bob").await.is_empty(), "what the player is told is true");
    alice.send(&["bob"], "hi").await;
    assert_eq!(bob.texts(1).await, ["hi"]);
}

#[tokio::test]
async fn a_consumer_that_cannot_read_who_is_connected_is_invoked_again() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    // More than the SDK's three attempts.
    proxy.treat(refuse_first(7, "Query", 500, "InternalServerError"));
    for text in ["one", "two"] {
        alice.send(&["bob"], text).await;
    }
    assert_eq!(bob.texts(2).await, ["one", "two"]);
    assert_eq!(proxy.answered("Query", 500), 7);
}
