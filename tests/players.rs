//! The Rust client keeps its promises against the real thing.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use muster_client::{Client, ConnectError, Event, Events, Options, RequestError, Token, protocol::Code};

use crate::harness::{LocalStack, PATIENCE, Stack, eventually};

async fn connect(stack: &Stack, name: &str) -> (Client, Events) {
    Client::connect(Options::new(stack.url(), stack.token(name).await)).await.unwrap()
}

/// The first event for which `wanted` has an answer.
async fn event<T>(events: &mut Events, wanted: impl Fn(&Event) -> Option<T>) -> T {
    tokio::time::timeout(PATIENCE, async {
        loop {
            let event = events.next().await.expect("the client goes on");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    })
    .await
    .expect("the event in time")
}

fn text(event: &Event) -> Option<String> {
    if let Event::Message(message) = event { Some(message.message.clone()) } else { None }
}

#[tokio::test]
async fn a_hundred_requests_at_once_each_get_their_own_reply() {
    let stack = Stack::start().await;
    let ((alice, _alices), (_bob, mut bobs)) = (connect(&stack, "alice").await, connect(&stack, "bob").await);
    let bob = [stack.player("bob")];
    let texts: Vec<String> = (0..100).map(|number| format!("message {number}")).collect();
    let sent = join_all(texts.iter().map(|text| alice.send_message(&bob, text))).await;
    let mut expected: Vec<(String, String)> =
        sent.into_iter().zip(&texts).map(|(sent, text)| (sent.unwrap().message_ids[&bob[0]].clone(), text.clone())).collect();
    let mut received = Vec::new();
    for _ in 0..100 {
        received.push(
            event(&mut bobs, |event| if let Event::Message(it) = event { Some((it.message_id.clone(), it.message.clone())) } else { None })
                .await,
        );
    }
    // Requests that do not wait for each other may be handled in any order.
    expected.sort();
    received.sort();
    assert_eq!(received, expected, "each reply names the message that its request sent");
}

#[tokio::test]
async fn a_rejection_is_an_error_that_names_the_field() {
    let stack = Stack::start().await;
    let (alice, _events) = connect(&stack, "alice").await;
    let error = alice.send_message(&["bob"], "").await.unwrap_err();
    let RequestError::Rejected(rejection) = error else { panic!("{error:?}") };
    assert_eq!((rejection.code, rejection.message.as_str()), (Code::BadRequest, "body.message: 1 to 4096 bytes, not 0"));
    assert!(alice.ping().await.unwrap().round_trip < PATIENCE);
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why() {
    let stack = LocalStack::start(&[]).await;
    let refused = Client::connect(Options::new(&stack.addresses.url, "no.real.token")).await;
    assert!(matches!(refused, Err(ConnectError::Forbidden)), "{refused:?}");
    let url = stack.addresses.url.clone();
    drop(stack);
    let nobody = eventually("the stack is gone", || async {
        let nobody = Client::connect(Options::new(&url, "token")).await.err();
        nobody.filter(|error| matches!(error, ConnectError::NoListener { .. }))
    })
    .await;
    assert!(!nobody.is_refusal());
}

#[tokio::test]
async fn a_client_comes_back_with_a_new_token_when_its_stack_does() {
    let first = LocalStack::start(&[]).await;
    let (url, port) = (first.addresses.url.clone(), first.port());
    let issuer = first.addresses.issuer.clone();
    let asked = Arc::new(AtomicUsize::new(0));
    let token = Token::renewed({
        let asked = Arc::clone(&asked);
        move || {
            let url = format!("{issuer}/token?player=alice");
            asked.fetch_add(1, Ordering::SeqCst);
            async move {
                // Until the new stack is there, nobody issues tokens.
                let answer = reqwest::get(url).await?;
                let answer: serde_json::Value = answer.json().await?;
                Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
            }
        }
    });
    let (alice, mut events) = Client::connect(Options::new(&url, token)).await.unwrap();
    drop(first);
    event(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
    let _second = LocalStack::start_on(port, &[]).await;
    event(&mut events, |event| matches!(event, Event::Connected { .. }).then_some(())).await;
    assert!(asked.load(Ordering::SeqCst) >= 2, "the second stack's issuer has another key");
    alice.send_message(&["alice"], "back again").await.unwrap();
    assert_eq!(event(&mut events, text).await, "back again");
}

#[tokio::test]
async fn a_request_whose_function_dies_is_the_gateways_error() {
    let stack = LocalStack::start(&[]).await;
    let (alice, mut events) = Client::connect(Options::new(&stack.addresses.url, stack.token("alice").await)).await.unwrap();
    alice.ping().await.unwrap();
    let processes: Vec<String> = stack.processes("ping").await.iter().map(u32::to_string).collect();
    let signal = |name: &str| assert!(Command::new("kill").arg(name).args(&processes).status().unwrap().success());
    signal("-STOP");
    let (died, ()) = tokio::join!(alice.ping(), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        signal("-KILL");
    });
    assert_eq!(died.unwrap_err(), RequestError::Gateway("Internal server error".to_owned()));
    event(&mut events, |event| matches!(event, Event::Gateway(_)).then_some(())).await;
    alice.ping().await.unwrap();
}
