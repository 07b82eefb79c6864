//! The management API is throttled, fails, is slow or goes away in mid-call.

use std::time::Duration;

use crate::harness::{Call, LocalStack, Player, Proxy, Treatment, eventually};

const API: [&str; 1] = ["apigatewaymanagementapi"];

async fn players(stack: &LocalStack) -> (Player, Player) {
    (Player::connect(stack, "alice").await, Player::connect(stack, "bob").await)
}

/// Sends `count` messages, one after another, while posts are treated as `rule` says, and checks that bob gets every one, in order.
async fn in_order_in_spite_of(count: usize, rule: impl Fn(&Call) -> Treatment + Send + Sync + 'static) -> (LocalStack, Proxy, Player) {
    let (stack, proxy) = Proxy::between(&API, &[]).await;
    let (mut alice, mut bob) = players(&stack).await;
    proxy.treat(move |call| if call.operation == "PostToConnection" { rule(call) } else { Treatment::Pass });
    let texts: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    for text in &texts {
        alice.send(&["bob"], text).await;
    }
    assert_eq!(bob.texts(count).await, texts);
    assert_eq!(stack.connections("bob").await.len(), 1, "the connection was not given up");
    (stack, proxy, bob)
}

#[tokio::test]
async fn a_push_that_is_throttled_comes_later_and_once() {
    let rule = |call: &Call| if call.number.is_multiple_of(3) { Treatment::Pass } else { Treatment::Refuse(429, "LimitExceededException") };
    let (_stack, proxy, mut bob) = in_order_in_spite_of(20, rule).await;
    assert_eq!(proxy.answered("PostToConnection", 429), 40);
    assert!(bob.hears_nothing(Duration::from_millis(100)).await);
    assert_eq!(bob.repeated, 0);
}

#[tokio::test]
async fn pushes_that_fail_are_tried_again_by_the_function_and_then_by_the_stream() {
    // More failures in a row than the function tries a push: from then on it is the stream that repeats.
    let rule = |call: &Call| if call.number <= 10 { Treatment::Refuse(500, "InternalServerErrorException") } else { Treatment::Pass };
    let (_stack, proxy, _) = in_order_in_spite_of(20, rule).await;
    assert_eq!(proxy.answered("PostToConnection", 500), 10);
}

#[tokio::test]
async fn a_call_that_is_reset_is_made_again_and_one_whose_answer_is_lost_repeats_the_push() {
    let rule = |call: &Call| match call.number % 4 {
        1 => Treatment::Reset,
        3 => Treatment::LoseAnswer,
        _ => Treatment::Pass,
    };
    let (_stack, proxy, bob) = in_order_in_spite_of(20, rule).await;
    assert!(proxy.answered("PostToConnection", 0) >= 20);
    assert!(bob.repeated >= 9, "a push whose answer is lost comes again under its id: {}", bob.repeated);
}

#[tokio::test]
async fn slow_answers_cost_time_and_nothing_else() {
    let rule = |call: &Call| Treatment::Delay(Duration::from_millis(if call.number.is_multiple_of(5) { 300 } else { 20 }));
    let (_stack, _, mut bob) = in_order_in_spite_of(20, rule).await;
    assert!(bob.hears_nothing(Duration::from_millis(100)).await);
    assert_eq!(bob.repeated, 0);
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_in_time_and_asked_again() {
    // Longer than a function waits for one answer.
    let rule = |call: &Call| if call.number == 1 { Treatment::Delay(Duration::from_secs(60)) } else { Treatment::Pass };
    let (_stack, proxy, _) = in_order_in_spite_of(3, rule).await;
    assert!(proxy.called("PostToConnection") >= 4);
}

#[tokio::test]
async fn a_connection_that_keeps_refusing_is_closed_and_its_messages_are_in_the_inbox() {
    let (stack, proxy) = Proxy::between(&API, &[]).await;
    let (mut alice, mut bob) = players(&stack).await;
    let mut carol = Player::connect(&stack, "carol").await;
    alice.send(&["bob", "carol"], "before").await;
    assert_eq!((bob.texts(1).await, carol.texts(1).await), (vec!["before".to_owned()], vec!["before".to_owned()]));
    let (_, after) = bob.resume(None, 100).await;
    proxy.throttle_posts_to(&stack.connections("bob").await[0]);
    let id = alice.send(&["bob", "carol"], "refused").await["bob"].clone();
    assert_eq!(carol.texts(1).await, ["refused"]);
    assert_eq!(bob.socket.closed().await.map(|frame| u16::from(frame.code)), Some(1000), "bob is told to come again");
    assert_eq!(proxy.called("DeleteConnection"), 1);
    assert_eq!(stack.inbox("bob").await.last().unwrap()["messageId"]["S"], id);

    // The refusals were the old connection's.
    let mut bob = Player::connect(&stack, "bob").await;
    assert_eq!(bob.missed(Some(&after)).await, ["before", "refused"], "it catches up");
    alice.send(&["bob"], "again").await;
    assert_eq!(bob.texts(1).await, ["again"]);
    eventually("the old connection is forgotten", || async { (stack.connections("bob").await.len() == 1).then_some(()) }).await;
}
