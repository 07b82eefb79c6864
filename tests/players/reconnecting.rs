//! Connections that end: because the stack dies, because the token expires, because the gateway has had enough of them.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use futures_util::future::{join, join3};
use muster_client::{Client, ConnectError, Event, Events, RequestError, Token, protocol::Code};

use super::{message, next, options, told};
use crate::harness::{LocalStack, eventually, free_port, token_of};

/// Tokens for `name` of the issuer at `issuer`; and how often one was given out. The first holds for `seconds`, the others for an hour.
fn tokens(issuer: &str, name: &'static str, seconds: i64) -> (Token, Arc<AtomicU32>) {
    let given = Arc::new(AtomicU32::new(0));
    let (issuer, count) = (issuer.to_owned(), Arc::clone(&given));
    let token = Token::renewed(move || {
        let (issuer, count) = (issuer.clone(), Arc::clone(&count));
        async move {
            let seconds = if count.load(Relaxed) == 0 { seconds } else { 3_600 };
            let token = token_of(&issuer, name, seconds).await?;
            count.fetch_add(1, Relaxed);
            Ok(token)
        }
    });
    (token, given)
}

/// A client whose token holds for a few seconds: for as few as this machine, which may be busy, needs to connect.
async fn connect_briefly(url: &str, mut token: impl AsyncFnMut(i64) -> Token) -> (Client, Events) {
    for seconds in [2, 4, 6] {
        match Client::connect(options(url, token(seconds).await)).await {
            Ok(connected) => return connected,
            Err(error) => assert!(error.is_refusal(), "{error:?}"),
        }
    }
    panic!("a token of 6 seconds expires before this machine has connected");
}

/// Passes over attempts that fail, up to the one that does not; how many there were in all.
async fn connected(events: &mut Events) -> u32 {
    let mut failed = 0;
    loop {
        match next(events).await {
            Event::ConnectFailed { retry_in: Some(_), .. } => failed += 1,
            Event::Connected { attempts } => {
                assert_eq!(attempts, failed + 1);
                return attempts;
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn disconnected(events: &mut Events) -> String {
    match next(events).await {
        Event::Disconnected { reason, retry_in: Some(_) } => reason,
        other => panic!("{other:?}"),
    }
}

/// Asks until the server says that the token has expired.
async fn expired(client: &Client) {
    eventually("the token expires", || async {
        match client.ping().await {
            Ok(_) => None,
            Err(RequestError::Rejected(rejection)) => {
                assert_eq!(rejection.code, Code::TokenExpired);
                Some(())
            }
            Err(other) => panic!("{other:?}"),
        }
    })
    .await;
}

async fn told_of_the_expiry(events: &mut Events) {
    let event = next(events).await;
    assert!(matches!(event, Event::TokenExpired), "{event:?}");
}

#[tokio::test]
async fn clients_survive_the_death_of_the_stack() {
    let port = free_port();
    let mut stack = LocalStack::start_on(port, &[]).await;
    let (url, issuer) = (stack.addresses.url.clone(), stack.addresses.issuer.clone());
    let ((alices, given), (bobs, _)) = (tokens(&issuer, "alice", 3_600), tokens(&issuer, "bob", 3_600));
    let connected_both = join(Client::connect(options(&url, alices)), Client::connect(options(&url, bobs))).await;
    let ((alice, mut alice_events), (_bob, mut bob_events)) = (connected_both.0.unwrap(), connected_both.1.unwrap());
    alice.send_message(&["bob"], "before").await.unwrap();
    assert_eq!(message(&mut bob_events).await.message, "before");

    stack.process.kill().await.unwrap();
    disconnected(&mut alice_events).await;
    disconnected(&mut bob_events).await;
    assert_eq!(given.load(Relaxed), 1, "a token for each connection");
    // What is asked for now waits for the next connection.
    let asked = tokio::spawn({
        let alice = alice.clone();
        async move { alice.ping().await }
    });
    match next(&mut alice_events).await {
        Event::ConnectFailed { error: ConnectError::Token(_), retry_in: Some(_) } => {}
        other => panic!("the issuer is dead, too, but: {other:?}"),
    }
    drop(stack);
    let stack = LocalStack::start_on(port, &[]).await;
    assert_eq!(stack.addresses.url, url);
    let again = async { while !matches!(next(&mut alice_events).await, Event::Connected { .. }) {} };
    let ((), _, asked) = join3(again, connected(&mut bob_events), asked).await;
    asked.unwrap().unwrap();
    assert_eq!(given.load(Relaxed), 2, "a token for each connection");
    alice.send_message(&["bob"], "after").await.unwrap();
    assert_eq!(message(&mut bob_events).await.message, "after");
}

#[tokio::test]
async fn an_expired_token_is_renewed_by_connecting_again() {
    let stack = LocalStack::start(&[]).await;
    let mut given = Arc::default();
    let (alice, mut events) = connect_briefly(&stack.addresses.url, async |seconds| {
        let (token, count) = tokens(&stack.addresses.issuer, "alice", seconds);
        given = count;
        token
    })
    .await;
    expired(&alice).await;
    told_of_the_expiry(&mut events).await;
    assert_eq!(disconnected(&mut events).await, "the token has expired");
    assert_eq!(connected(&mut events).await, 1);
    alice.send_message(&["alice"], "still here").await.unwrap();
    assert_eq!(message(&mut events).await.message, "still here");
    assert_eq!(given.load(Relaxed), 2);
}

#[tokio::test]
async fn an_expired_token_that_cannot_be_renewed_ends_with_its_connection() {
    // The connection outlives the longest token by enough to be asked something.
    let stack = LocalStack::start(&["--lifetime", "9"]).await;
    let token = async |seconds| stack.token_for("alice", seconds).await.into();
    let (alice, mut events) = connect_briefly(&stack.addresses.url, token).await;
    expired(&alice).await;
    told_of_the_expiry(&mut events).await;
    // The connection stays: there is no better one to be had. What it is asked is refused.
    let refused = alice.send_message(&["alice"], "hi").await.unwrap_err();
    assert!(matches!(&refused, RequestError::Rejected(rejection) if rejection.code == Code::TokenExpired), "{refused:?}");
    assert!(disconnected(&mut events).await.contains("1001"));
    match next(&mut events).await {
        Event::ConnectFailed { error: ConnectError::TokenExpired, retry_in: None } => {}
        other => panic!("{other:?}"),
    }
    let end = told(&mut events).await;
    assert!(end.is_none(), "{end:?}");
    assert_eq!(alice.ping().await.unwrap_err(), RequestError::Closed { sent: false });
}
