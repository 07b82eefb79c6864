//! Sockets that open slowly, close late, or outlive their tokens.

use serde_json::json;

use crate::harness::{Call, Gate, LocalStack, Player, Proxy, Socket, Treatment, eventually};

const BOTH: [&str; 2] = ["dynamodb", "apigatewaymanagementapi"];

/// Begins to open bob's socket, and holds it there: its row is written, and `$connect` does not hear of it until the gate opens.
async fn opening(stack: &LocalStack, proxy: &Proxy) -> (Gate, tokio::task::JoinHandle<Player>) {
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.treat(move |call| if call.operation == "PutItem" { Treatment::HoldAnswer(held.clone()) } else { Treatment::Pass });
    let (url, token) = (stack.addresses.url.clone(), stack.token("bob").await);
    let bob = tokio::spawn(async move { Player::of(Socket::with_token(&url, &token).await.unwrap()) });
    eventually("bob's row is there", || async { (stack.connections("bob").await.len() == 1).then_some(()) }).await;
    (gate, bob)
}

#[tokio::test]
async fn a_push_that_comes_while_the_socket_is_opening_waits_for_it_or_is_in_the_inbox() {
    let (stack, proxy) = Proxy::between(&BOTH, &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let (gate, bob) = opening(&stack, &proxy).await;
    alice.send(&["bob"], "early").await;
    eventually("the push finds no socket", || async { (proxy.answered("PostToConnection", 410) > 0).then_some(()) }).await;
    assert!(!bob.is_finished(), "the upgrade is pending");
    gate.open();
    let mut bob = bob.await.unwrap();
    // Either the function is still trying, or it has put up with the last 410.
    alice.send(&["bob"], "late").await;
    let mut pushed = bob.texts(1).await;
    if pushed == ["early"] {
        pushed.extend(bob.texts(1).await);
    }
    assert!(pushed == ["early", "late"] || pushed == ["late"] && bob.missed(None).await == ["early", "late"], "{pushed:?}");
}

#[tokio::test]
async fn a_push_that_was_given_up_while_the_socket_was_opening_does_not_silence_it() {
    let (stack, proxy) = Proxy::between(&BOTH, &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut carol = Player::connect(&stack, "carol").await;
    let (gate, bob) = opening(&stack, &proxy).await;
    alice.send(&["bob"], "early").await;
    let given_up = || async { stack.output().contains("the connection is not open yet").then_some(()) };
    eventually("the push is given up", given_up).await;
    // The stream has moved on, so that nobody tries it any more.
    alice.send(&["carol"], "next").await;
    assert_eq!(carol.texts(1).await, ["next"]);
    gate.open();
    let mut bob = bob.await.unwrap();
    alice.send(&["bob"], "late").await;
    assert_eq!(bob.texts(1).await, ["late"]);
    assert_eq!(bob.missed(None).await, ["early", "late"]);
}

#[tokio::test]
async fn a_disconnect_that_comes_after_the_player_is_back_does_not_silence_it() {
    let (stack, proxy) = Proxy::between(&BOTH, &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.treat(move |call: &Call| if call.operation == "DeleteItem" { Treatment::HoldCall(held.clone()) } else { Treatment::Pass });
    let first = Player::connect(&stack, "bob").await;
    let old = stack.connections("bob").await;
    first.socket.vanish();
    proxy.sees("DeleteItem", 1).await;

    let mut bob = Player::connect(&stack, "bob").await;
    assert_eq!(stack.connections("bob").await.len(), 2, "the old connection's end is still under way");
    alice.send(&["bob"], "meanwhile").await;
    assert_eq!(bob.texts(1).await, ["meanwhile"]);
    gate.open();
    let left = eventually("the old connection is forgotten", || async {
        let left = stack.connections("bob").await;
        (left.len() == 1).then_some(left)
    })
    .await;
    assert_ne!(left, old);
    alice.send(&["bob"], "afterwards").await;
    assert_eq!(bob.texts(1).await, ["afterwards"]);
}

#[tokio::test]
async fn a_socket_whose_token_has_expired_gets_no_more_pushes_and_is_closed_while_the_players_others_go_on() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut old = Player::connect(&stack, "bob").await;
    let [row] = stack.connections("bob").await.try_into().unwrap();
    let mut new = Player::connect(&stack, "bob").await;
    alice.send(&["bob"], "both").await;
    assert_eq!((old.texts(1).await, new.texts(1).await), (vec!["both".to_owned()], vec!["both".to_owned()]));

    // Its time is over, and DynamoDB may take days with the row. Here it is a second, so that the push may come too late to see it.
    let mut sent = 0;
    while stack.is_open(&row).await {
        let expired = json!({
            "playerId": {"S": "bob"}, "item": {"S": row}, "cause": {"S": "test"}, "connectedAt": {"N": "1"}, "expiresAt": {"N": "2"}
        });
        stack.put("muster-dev-players", &expired).await;
        alice.send(&["bob"], "after").await;
        sent += 1;
        assert_eq!(new.texts(1).await, ["after"]);
        let left = eventually("the expired row is gone", || async {
            let left = stack.connections("bob").await;
            (!left.contains(&row)).then_some(left)
        })
        .await;
        assert_eq!(left.len(), 1, "the player's other connection stays");
        assert!(sent < 20, "the socket was never closed");
    }
    assert_eq!(old.socket.closed().await.map(|frame| u16::from(frame.code)), Some(1000), "it is told to come again");
    // With a new token it gets what it did not hear.
    let mut old = Player::connect(&stack, "bob").await;
    assert_eq!(old.missed(None).await.len(), 1 + sent, "nothing is lost");
}
