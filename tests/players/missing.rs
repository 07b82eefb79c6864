//! What is sent to a player whose connection is gone is handed out when it is back, once, without anybody asking for it.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use futures_util::future::join;
use muster_client::{
    Client, Event,
    games::{self, SecretRounds},
    protocol::{MatchEnding, MatchState, routes::JoinPool},
};
use serde_json::json;
use tokio::time::timeout;

use super::{message, next, options, resumed};
use crate::harness::{Gate, LocalStack, Network, PATIENCE, Player, Proxy, Treatment, eventually};

/// How many messages come while bob has no network.
const MISSED: usize = 300;

#[tokio::test]
async fn three_hundred_missed_messages_come_by_themselves_once_and_in_order_while_more_arrive() {
    let stack = LocalStack::start(&[]).await;
    let network = Network::to(&stack.addresses.url).await;
    let bobs = options(&network.url(&stack.addresses.url), stack.token("bob").await);
    let (_bob, mut events) = Client::connect(bobs).await.unwrap();
    let mut alice = Player::connect(&stack, "alice").await;
    resumed(&mut events).await;
    network.cut();
    eventually("the stack notices", || async { stack.connections("bob").await.is_empty().then_some(()) }).await;
    let mut expected: BTreeSet<String> = (0..MISSED).map(|number| format!("missed {number}")).collect();
    for text in &expected {
        alice.send(&["bob"], text).await;
    }

    network.mend();
    let caught_up = AtomicBool::new(false);
    let sending = async {
        let mut sent = BTreeSet::new();
        while !caught_up.load(Relaxed) {
            let text = format!("meanwhile {}", sent.len());
            alice.send(&["bob"], &text).await;
            sent.insert(text);
        }
        alice.send(&["bob"], "at last").await;
        sent
    };
    let receiving = async {
        let mut received = Vec::new();
        loop {
            let message = match next(&mut events).await {
                Event::Message(message) => message.push,
                Event::Disconnected { .. } | Event::ConnectFailed { .. } | Event::Connected { .. } => continue,
                other => panic!("{other:?}"),
            };
            caught_up.fetch_or(received.len() > MISSED, Relaxed);
            let is_last = message.message == "at last";
            received.push(message);
            if is_last {
                return received;
            }
        }
    };
    let (meanwhile, received) = join(sending, receiving).await;
    expected.extend(meanwhile);
    expected.insert("at last".to_owned());
    let texts: BTreeSet<String> = received.iter().map(|message| message.message.clone()).collect();
    assert_eq!(texts, expected);
    assert_eq!(received.len(), texts.len(), "each comes once");
    assert!(received.is_sorted_by_key(|message| message.sent_at), "what is older comes first");
}

#[tokio::test]
async fn a_client_whose_connection_is_closed_because_it_refuses_catches_up_by_itself() {
    let (stack, proxy) = Proxy::between(&["apigatewaymanagementapi"], &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let (_bob, mut events) = Client::connect(options(&stack.addresses.url, stack.token("bob").await)).await.unwrap();
    resumed(&mut events).await;
    proxy.throttle_posts_to(&stack.connections("bob").await[0]);
    alice.send(&["bob"], "refused").await;
    let ended = next(&mut events).await;
    assert!(matches!(&ended, Event::Disconnected { reason, .. } if reason.contains("1000")), "{ended:?}");
    let again = next(&mut events).await;
    assert!(matches!(again, Event::Connected { .. }), "{again:?}");
    let Event::Message(caught_up) = next(&mut events).await else { panic!("no message") };
    assert!(caught_up.missed && caught_up.message == "refused", "{caught_up:?}");
    alice.send(&["bob"], "again").await;
    assert_eq!(message(&mut events).await.message, "again");
}

#[tokio::test]
async fn a_push_that_was_given_up_before_the_socket_was_open_comes_by_itself() {
    let (stack, proxy) = Proxy::between(&["dynamodb", "apigatewaymanagementapi"], &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.treat(move |call| if call.operation == "PutItem" { Treatment::HoldAnswer(held.clone()) } else { Treatment::Pass });
    let connecting = Client::connect(options(&stack.addresses.url, stack.token("bob").await));
    let sending = async {
        eventually("bob's row is there", || async { (stack.connections("bob").await.len() == 1).then_some(()) }).await;
        alice.send(&["bob"], "early").await;
        let given_up = || async { stack.output().contains("the connection is not open yet").then_some(()) };
        eventually("the push is given up", given_up).await;
        gate.open();
    };
    let (connected, ()) = join(connecting, sending).await;
    let (_bob, mut events) = connected.unwrap();
    assert_eq!(message(&mut events).await.message, "early");
}

#[tokio::test]
async fn who_has_no_network_at_the_end_of_its_match_is_told_how_it_ended() {
    let stack = LocalStack::start(&[]).await;
    let network = Network::to(&stack.addresses.url).await;
    let bobs = options(&network.url(&stack.addresses.url), stack.token("bob").await);
    let (bob, mut events) = Client::connect(bobs).await.unwrap();
    let mut alice = Player::connect(&stack, "alice").await;
    resumed(&mut events).await;
    bob.join_pool(&JoinPool { mode: "rpsls".into(), skill: None, latencies: Vec::new() }).await.unwrap();
    alice.ask(&json!({"route": "joinPool", "requestId": "0", "body": {"mode": "rpsls"}})).await;
    for round in 1..=3 {
        let Event::Match(view) = next(&mut events).await else { panic!("no match") };
        let shown = games::view::<SecretRounds>(&view).expect("what its game shows");
        assert_eq!((shown.round, view.state, shown.their_score), (round, MatchState::Playing, round - 1));
        if round == 3 {
            network.cut();
            eventually("the stack notices", || async { stack.connections("bob").await.is_empty().then_some(()) }).await;
        } else {
            // It is acknowledged by the push that resolves the round.
            let (bob, match_id) = (bob.clone(), view.match_id.clone());
            tokio::spawn(async move { bob.play(&match_id, "scissors").await });
        }
        let play = json!({"matchId": view.match_id, "action": "rock"});
        let answer = alice.ask(&json!({"route": "play", "requestId": round.to_string(), "body": play})).await;
        assert_eq!(answer["type"], "reply", "{answer}");
    }
    while alice.news().await["state"] != "over" {}
    network.mend();
    let mut ends = Vec::new();
    loop {
        match timeout(PATIENCE, events.next()).await.expect("an event in time").expect("a client that has not given up") {
            Event::Match(view) => {
                let shown = games::view::<SecretRounds>(&view).expect("what its game shows");
                ends.push((view.state, view.outcome.map(|outcome| outcome.ending), shown.winner, shown.their_score));
            }
            Event::Resumed { seats, .. } => {
                assert_eq!(seats, []);
                break;
            }
            _ => {}
        }
    }
    assert_eq!(ends, [(MatchState::Over, Some(MatchEnding::Won), Some("them".to_owned()), 3)]);
}
