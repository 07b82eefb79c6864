//! Connections that are replaced before their time is up, and tokens that expire.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::server::{Accepted, Server, event, soon};
use crate::{Client, ConnectError, Event, Events, Options, RequestError, Token, protocol::cursor::first_id_of};

/// The time of the tests, in epoch milliseconds.
const NOW: u64 = 1_700_000_000_000;

/// Options under which each connection is replaced soon.
fn rolling(server: &Server) -> Options {
    Options { resume: true, roll_over: Some(Duration::from_millis(200)), ..server.options("t") }
}

/// A JSON Web Token that expires in so many seconds, or did.
fn token(expires_in: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{}}}", now.strict_add_signed(expires_in))))
}

/// Tokens that expire in `first` seconds, and then in an hour.
fn tokens(first: i64) -> Token {
    let given = Arc::new(AtomicU32::new(0));
    Token::renewed(move || {
        let expires_in = if given.fetch_add(1, Ordering::Relaxed) == 0 { first } else { 3_600 };
        async move { Ok(token(expires_in)) }
    })
}

async fn push(accepted: &mut Accepted, n: u64) {
    let id = format!("{}{:012x}", &first_id_of(NOW + n)[..24], n);
    accepted.send(json!({"type": "message", "messageId": id, "senderId": "bob", "message": n.to_string(), "sentAt": NOW + n})).await;
}

/// Answers the next request, which must be a resume; from where it reads.
async fn resume(accepted: &mut Accepted, begun: u64) -> Value {
    let request = accepted.receive().await;
    assert_eq!(request["route"], "resume", "{request}");
    accepted.reply(&request, json!({"messages": [], "after": first_id_of(NOW + begun), "complete": true})).await;
    request["body"]["after"].clone()
}

/// The next event but those of a resume that brought nothing.
async fn telling(events: &mut Events) -> Event {
    loop {
        match event(events).await {
            Event::Resumed { missed: 0, .. } => {}
            other => return other,
        }
    }
}

#[tokio::test]
async fn a_connection_is_replaced_while_requests_and_pushes_flow() {
    let server = Server::start().await;
    let (client, mut events, mut old) = server.pair(rolling(&server)).await;
    resume(&mut old, 0).await;
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.request("slow", json!({})).await }
    });
    let asked = old.receive().await;
    push(&mut old, 1).await;
    let mut new = server.accept().await;
    // Both connections are told of what is stored from now on.
    for n in 2..=4 {
        push(&mut old, n).await;
        push(&mut new, n).await;
    }
    assert_eq!(resume(&mut new, 5).await, first_id_of(NOW).as_str());
    push(&mut new, 6).await;
    let quick = soon(async {
        tokio::join!(client.request("quick", json!({})), async {
            let request = new.receive().await;
            assert_eq!(request["route"], "quick", "new requests take the new connection");
            new.reply(&request, json!({"n": 1})).await;
        })
    })
    .await;
    assert_eq!(quick.0, Ok(json!({"n": 1})));
    push(&mut old, 7).await;
    old.reply(&asked, json!({"n": 2})).await;
    assert_eq!(soon(slow).await.unwrap(), Ok(json!({"n": 2})), "no request fails");
    old.expect_close().await;
    push(&mut new, 7).await;
    push(&mut new, 8).await;
    let (mut messages, mut rolled) = (Vec::new(), 0);
    while messages.last().is_none_or(|last| last != "8") {
        match telling(&mut events).await {
            Event::Message(message) => messages.push(message.push.message),
            Event::RolledOver => rolled += 1,
            other => panic!("{other:?}"),
        }
    }
    messages.sort();
    assert_eq!((messages, rolled), ((1..=4).chain(6..=8).map(|n| n.to_string()).collect::<Vec<_>>(), 1));
}

#[tokio::test]
async fn an_old_connection_stays_until_the_inbox_was_read_over_the_new_one() {
    let server = Server::start().await;
    let (_client, mut events, mut old) = server.pair(rolling(&server)).await;
    resume(&mut old, 0).await;
    let mut new = server.accept().await;
    let request = new.receive().await;
    // This one was on its way before the new connection was known.
    push(&mut old, 1).await;
    let closed = tokio::time::timeout(Duration::from_millis(50), old.receive()).await;
    assert!(closed.is_err(), "it is still open");
    new.reply(&request, json!({"messages": [], "after": first_id_of(NOW + 5), "complete": true})).await;
    old.expect_close().await;
    assert!(matches!(telling(&mut events).await, Event::RolledOver));
    assert!(matches!(telling(&mut events).await, Event::Message(message) if message.push.message == "1"));
}

#[tokio::test]
async fn an_answer_that_no_request_waits_for_still_comes_over_the_old_connection() {
    let server = Server::start().await;
    let (client, mut events, mut old) = server.pair(rolling(&server)).await;
    resume(&mut old, 0).await;
    client.send_raw(r#"{"route":"slow","requestId":"mine"}"#).await.unwrap();
    let asked = old.receive().await;
    let mut new = server.accept().await;
    resume(&mut new, 5).await;
    assert!(matches!(telling(&mut events).await, Event::RolledOver));
    assert!(tokio::time::timeout(Duration::from_millis(50), old.receive()).await.is_err(), "it is still open");
    old.reply(&asked, json!({})).await;
    assert!(matches!(telling(&mut events).await, Event::Answer(answer) if answer.request_id.as_deref() == Some("mine")));
}

#[tokio::test]
async fn a_request_that_is_never_answered_keeps_no_connection_open() {
    let server = Server::start().await;
    let options = Options { request_timeout: Duration::from_millis(300), ..rolling(&server) };
    let (client, _events, mut old) = server.pair(options).await;
    resume(&mut old, 0).await;
    let lost = tokio::spawn(async move { (client.request("lost", json!({})).await, client) });
    assert_eq!(old.receive().await["route"], "lost");
    let mut new = server.accept().await;
    resume(&mut new, 5).await;
    assert_eq!(soon(lost).await.unwrap().0, Err(RequestError::TimedOut));
    old.expect_close().await;
}

#[tokio::test]
async fn without_another_connection_the_old_one_goes_on() {
    let server = Server::start().await;
    let token = Token::renewed(|| async { Ok("t".to_owned()) });
    let (client, mut events, mut old) = server.pair(Options { token, ..rolling(&server) }).await;
    resume(&mut old, 0).await;
    server.refuse(500).await;
    server.refuse(403).await;
    assert!(matches!(telling(&mut events).await, Event::RollOverFailed { error: ConnectError::Status { status: 500 }, retry_in: Some(_) }));
    assert!(matches!(telling(&mut events).await, Event::RollOverFailed { error: ConnectError::Forbidden, retry_in: Some(_) }));
    let (pong, mut new) = tokio::join!(client.ping(), async {
        let ping = old.receive().await;
        old.reply(&ping, json!({"time": 1, "protocol": 1})).await;
        server.accept().await
    });
    assert!(pong.is_ok());
    resume(&mut new, 5).await;
    old.expect_close().await;
    assert!(matches!(telling(&mut events).await, Event::RolledOver));
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_not_tried_again_while_the_connection_lasts() {
    let server = Server::start().await;
    let (client, mut events, mut old) = server.pair(rolling(&server)).await;
    resume(&mut old, 0).await;
    server.refuse(403).await;
    assert!(matches!(telling(&mut events).await, Event::RollOverFailed { error: ConnectError::Forbidden, retry_in: None }));
    let (pong, ()) = tokio::join!(client.ping(), async {
        let ping = old.receive().await;
        old.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(pong.is_ok());
}

#[tokio::test]
async fn closing_closes_both_connections() {
    let server = Server::start().await;
    let (client, _events, mut old) = server.pair(rolling(&server)).await;
    resume(&mut old, 0).await;
    let mut new = server.accept().await;
    assert_eq!(new.receive().await["route"], "resume");
    soon(async { tokio::join!(client.close(), old.expect_close(), new.expect_close()) }).await;
}

#[tokio::test]
async fn a_new_connection_that_is_lost_takes_the_old_one_with_it_and_nothing_else() {
    let server = Server::start().await;
    // The new one must be lost before it is its turn to be replaced.
    let options = Options { roll_over: Some(Duration::from_secs(1)), ..rolling(&server) };
    let (_client, mut events, mut old) = server.pair(options).await;
    resume(&mut old, 0).await;
    let mut new = server.accept().await;
    new.receive().await;
    drop(new);
    let mut third = server.accept().await;
    assert_eq!(resume(&mut third, 5).await, first_id_of(NOW).as_str());
    assert!(matches!(telling(&mut events).await, Event::RolledOver));
    assert!(matches!(telling(&mut events).await, Event::Disconnected { .. }));
    assert!(matches!(telling(&mut events).await, Event::Connected { .. }));
}

#[tokio::test]
async fn a_connection_is_replaced_before_its_token_expires() {
    let server = Server::start().await;
    let (_client, mut events, mut old) = server.pair(Options { resume: true, ..server.options(tokens(6)) }).await;
    resume(&mut old, 0).await;
    let mut new = server.accept().await;
    resume(&mut new, 5).await;
    old.expect_close().await;
    assert!(matches!(telling(&mut events).await, Event::RolledOver));
}

#[tokio::test]
async fn an_expired_token_is_told_of_whoever_hears_it() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(Options { resume: true, ..server.options(token(-60)) }).await;
    let request = accepted.receive().await;
    accepted.reject(&request, "token_expired", "the token has expired").await;
    assert!(matches!(event(&mut events).await, Event::ResumeFailed { error: RequestError::Rejected(_), retry_in: None }));
    assert!(matches!(event(&mut events).await, Event::TokenExpired));
    let (refused, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        assert_eq!(ping["route"], "ping", "a resume is of no use any more");
        accepted.reject(&ping, "token_expired", "the token has expired").await;
    });
    assert!(matches!(refused, Err(RequestError::Rejected(_))));
    drop(accepted);
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }), "it is told once per connection");
    server.refuse(403).await;
    assert!(matches!(event(&mut events).await, Event::ConnectFailed { error: ConnectError::TokenExpired, retry_in: None }));
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test]
async fn a_token_that_has_expired_before_the_first_connection_is_named() {
    let server = Server::start().await;
    let options = server.options(token(-60));
    let (refused, ()) = soon(async { tokio::join!(Client::connect(options), server.refuse(403)) }).await;
    assert_eq!(refused.unwrap_err().to_string(), "the token has expired");
}
