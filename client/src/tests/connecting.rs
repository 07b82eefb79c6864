//! The handshake, tokens, and what a refusal leads to.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::server::{Server, event, soon};
use crate::{Client, ConnectError, Event, Options, RequestError, Token};

/// Tokens `t1`, `t2`, … in turn.
fn counting_token() -> Token {
    let count = Arc::new(AtomicU32::new(0));
    Token::renewed(move || {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move { Ok(format!("t{number}")) }
    })
}

async fn refused_with(status: u16) -> ConnectError {
    let server = Server::start().await;
    let (connected, ()) = soon(async { tokio::join!(Client::connect(server.options("t")), server.refuse(status)) }).await;
    connected.unwrap_err()
}

#[tokio::test]
async fn the_token_is_a_bearer_header() {
    let server = Server::start().await;
    let (_client, _events, accepted) = server.pair(server.options("abc")).await;
    assert_eq!(accepted.authorization.as_deref(), Some("Bearer abc"));
    assert_eq!(accepted.uri, "/dev");
}

#[tokio::test]
async fn the_token_may_be_a_query_parameter() {
    let server = Server::start().await;
    let options = Options { token_in_query: true, ..server.options("a+b/c=") };
    let (_client, _events, accepted) = server.pair(options).await;
    assert_eq!(accepted.authorization, None);
    assert_eq!(accepted.uri, "/dev?token=a%2Bb%2Fc%3D");
}

#[tokio::test]
async fn a_refused_handshake_says_why() {
    assert!(matches!(refused_with(401).await, ConnectError::Unauthorized));
    assert!(matches!(refused_with(403).await, ConnectError::Forbidden));
    assert!(matches!(refused_with(429).await, ConnectError::Status { status: 429 }));
}

#[tokio::test]
async fn what_cannot_be_connected_to_is_told_apart() {
    let server = Server::start().await;
    let options = server.options("t");
    drop(server);
    assert!(matches!(Client::connect(options.clone()).await, Err(ConnectError::NoListener { url }) if url == options.url));
    let http = Options { url: options.url.replace("ws:", "http:"), ..options.clone() };
    assert!(matches!(Client::connect(http).await, Err(ConnectError::InvalidUrl { .. })));
    let odd = Options { token: "line\nbreak".into(), ..options.clone() };
    assert!(matches!(Client::connect(odd).await, Err(ConnectError::Token(_))));
    let none = Options { token: Token::renewed(|| async { Err("the issuer is away".into()) }), ..options };
    let error = Client::connect(none).await.unwrap_err();
    assert_eq!(error.to_string(), "no token: the issuer is away");
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up() {
    let server = Server::start().await;
    let options = Options { connect_timeout: std::time::Duration::from_millis(50), ..server.options("t") };
    assert!(matches!(soon(Client::connect(options)).await, Err(ConnectError::TimedOut(_))));
}

#[tokio::test]
async fn a_dropped_socket_is_made_again_with_a_fresh_token() {
    let server = Server::start().await;
    let (client, mut events, accepted) = server.pair(server.options(counting_token())).await;
    assert_eq!(accepted.authorization.as_deref(), Some("Bearer t1"));
    drop(accepted);
    let mut accepted = server.accept().await;
    assert_eq!(accepted.authorization.as_deref(), Some("Bearer t2"));
    assert!(matches!(event(&mut events).await, Event::Disconnected { retry_in: Some(_), .. }));
    assert!(matches!(event(&mut events).await, Event::Connected { attempts: 1 }));
    let (pong, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        accepted.reply(&ping, serde_json::json!({"time": 5, "protocol": 1})).await;
    });
    assert_eq!(pong.unwrap().time, 5);
}

#[tokio::test]
async fn a_renewed_token_that_is_refused_is_not_the_end() {
    let server = Server::start().await;
    let (_client, mut events, accepted) = server.pair(server.options(counting_token())).await;
    drop(accepted);
    server.refuse(403).await;
    server.refuse(500).await;
    assert_eq!(server.accept().await.authorization.as_deref(), Some("Bearer t4"));
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
    assert!(matches!(event(&mut events).await, Event::ConnectFailed { error: ConnectError::Forbidden, retry_in: Some(_) }));
    assert!(matches!(event(&mut events).await, Event::ConnectFailed { error: ConnectError::Status { status: 500 }, .. }));
    assert!(matches!(event(&mut events).await, Event::Connected { attempts: 3 }));
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_the_end() {
    for status in [401, 403] {
        let server = Server::start().await;
        let (client, mut events, accepted) = server.pair(server.options("t")).await;
        drop(accepted);
        server.refuse(status).await;
        assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
        let Event::ConnectFailed { error, retry_in: None } = event(&mut events).await else { panic!("it goes on") };
        assert!(error.is_refusal());
        assert!(soon(events.next()).await.is_none());
        assert_eq!(client.ping().await, Err(RequestError::Closed { sent: false }));
    }
}

#[tokio::test]
async fn an_expired_token_is_renewed_by_connecting_again() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options(counting_token())).await;
    let (refused, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        accepted.reject(&ping, "token_expired", "the token has expired").await;
    });
    assert!(matches!(refused, Err(RequestError::Rejected(_))));
    accepted.expect_close().await;
    assert_eq!(server.accept().await.authorization.as_deref(), Some("Bearer t2"));
    assert!(matches!(event(&mut events).await, Event::TokenExpired));
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
}

#[tokio::test]
async fn without_back_off_a_lost_connection_is_the_end() {
    let server = Server::start().await;
    let (client, mut events, accepted) = server.pair(Options { backoff: None, ..server.options("t") }).await;
    drop(accepted);
    assert!(matches!(event(&mut events).await, Event::Disconnected { retry_in: None, .. }));
    assert!(soon(events.next()).await.is_none());
    assert_eq!(client.ping().await, Err(RequestError::Closed { sent: false }));
}
