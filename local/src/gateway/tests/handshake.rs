//! Opening a connection, and being refused.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::stack::{Stack, patiently, send, text, until};
use crate::{account::arn, template::Throttle, weather::Odds};

#[tokio::test]
async fn a_connection_opens_says_something_and_ends() {
    let stack = Stack::start(|_, _| {}).await;
    let mut request = stack.url("?token=alice&x=1&x=2").into_client_request().unwrap();
    request.headers_mut().insert("user-agent", "tests/1".parse().unwrap());
    let (mut client, _) = connect_async(request).await.unwrap();

    let authorize = &stack.events_of("authorizer", 1).await[0];
    assert_eq!(authorize["type"], "REQUEST");
    assert_eq!(authorize["methodArn"], arn("execute-api", "local/dev/$connect"));
    assert_eq!(authorize["multiValueQueryStringParameters"], json!({"token": ["alice"], "x": ["1", "2"]}));
    assert!(authorize["requestContext"].get("authorizer").is_none());

    let connect = &stack.events_of("connect", 1).await[0];
    assert_eq!(connect["headers"]["Host"], stack.address.to_string());
    assert_eq!(connect["queryStringParameters"], json!({"token": "alice", "x": "2"}));
    let context = connect["requestContext"].clone();
    assert_eq!(context["identity"], json!({"sourceIp": "127.0.0.1", "userAgent": "tests/1"}));
    let mut given = context["authorizer"].clone();
    assert!(given.as_object_mut().unwrap().remove("integrationLatency").unwrap().is_u64());
    let expected = json!({"playerId": "alice", "tokenExpiresAt": "1900000000", "admin": "false", "principalId": "alice"});
    assert_eq!(given, expected);

    send(&mut client, r#"{"route":"echo"}"#).await;
    assert_eq!(text(&mut client).await, r#"{"route":"echo"}"#);
    let message = &stack.events("route")[0]["requestContext"];
    client.close(None).await.unwrap();
    let disconnect = &stack.events_of("disconnect", 1).await[0]["requestContext"];
    for member in ["connectionId", "authorizer", "identity", "connectedAt", "domainName", "apiId", "stage"] {
        assert_eq!(message[member], context[member], "{member}");
        assert_eq!(disconnect[member], context[member], "{member}");
    }
    assert_ne!(message["requestId"], context["requestId"]);
    assert_eq!(disconnect["disconnectStatusCode"], 1005);
    assert_eq!(stack.gateway.sockets(), 0);
    stack.stop().await;
}

#[tokio::test]
async fn the_authorizer_decides_the_status() {
    let stack = Stack::start(|_, limits| limits.integration_timeout = Duration::from_secs(2)).await;
    for (query, status) in [
        ("?token=unauthorized", 401),
        ("?token=error", 500),
        ("?token=malformed", 500),
        ("?token=deny", 403),
        ("?token=elsewhere", 403),
        ("?token=slow", 500),
    ] {
        assert_eq!(stack.refusal(query).await, status, "{query}");
    }
    assert!(stack.events("connect").is_empty(), "$connect is for those who may");
    stack.connect("?token=wildcard").await;
    assert_eq!(stack.events("authorizer").len(), 7);
    stack.stop().await;
}

#[tokio::test]
async fn connect_decides_the_status() {
    let stack = Stack::start(|_, limits| limits.integration_timeout = Duration::from_secs(2)).await;
    for (query, status) in [
        ("?connect=status-403", 403),
        ("?connect=status-429", 429),
        ("?connect=status-503", 503),
        ("?connect=status-302", 302),
        ("?connect=status-101", 502),
        ("?connect=error", 502),
        ("?connect=malformed", 502),
        ("?connect=sleep-4000", 504),
    ] {
        assert_eq!(stack.refusal(query).await, status, "{query}");
    }
    stack.connect("?connect=status-204").await;
    stack.events_of("disconnect", 1).await;
    assert_eq!(stack.events("disconnect").len(), 1, "who was refused never connected");
    stack.stop().await;
}

#[tokio::test]
async fn connect_accepts_a_subprotocol() {
    let stack = Stack::start(|_, _| {}).await;
    let mut request = stack.url("?connect=protocol-game").into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "chat, game".parse().unwrap());
    let (_client, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "game");
    assert_eq!(stack.events("connect")[0]["headers"]["Sec-WebSocket-Protocol"], "chat, game");
    stack.stop().await;
}

#[tokio::test]
async fn an_api_without_connect_and_disconnect_opens_at_once() {
    let stack = Stack::start(|api, _| {
        api.routes.remove("$connect");
        api.routes.remove("$disconnect");
    })
    .await;
    let mut client = stack.connect("").await;
    send(&mut client, "hello").await;
    assert_eq!(text(&mut client).await, "hello");
    stack.stop().await;
}

#[tokio::test]
async fn a_push_before_the_upgrade_finds_the_connection_gone() {
    let stack = Stack::start(|_, _| {}).await;
    let connecting = tokio::spawn(connect_async(stack.url("?connect=sleep-700")));
    let id = stack.connection_id().await;
    assert_eq!(stack.post(&id, "early").await.status(), 410);
    let (mut client, _) = connecting.await.unwrap().unwrap();
    assert_eq!(stack.post(&id, "now").await.status(), 200);
    assert_eq!(text(&mut client).await, "now");
    stack.stop().await;
}

/// Sends a request to connect and leaves as soon as `$connect` has it.
async fn leave_while_pending(stack: &Stack, query: &str) {
    let mut stream = TcpStream::connect(stack.address).await.unwrap();
    let head = format!(
        "GET /dev{query} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stack.events_of("connect", 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_while_connect_decides_is_disconnected() {
    let stack = Stack::start(|_, _| {}).await;
    leave_while_pending(&stack, "?connect=sleep-300").await;
    let events = stack.events_of("disconnect", 1).await;
    assert_eq!(events[0]["requestContext"]["disconnectStatusCode"], 1006);
    let id = stack.connection_id().await;
    assert_eq!(events[0]["requestContext"]["connectionId"], id);
    assert_eq!(stack.post(&id, "late").await.status(), 410);
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    assert_eq!(stack.gateway.sockets(), 0);
    assert_eq!(stack.events("disconnect").len(), 1);
    stack.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_and_is_refused_leaves_nothing_behind() {
    let stack = Stack::start(|_, limits| limits.integration_timeout = Duration::from_millis(800)).await;
    leave_while_pending(&stack, "?connect=sleep-5000").await;
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    assert_eq!((stack.gateway.sockets(), stack.events("disconnect").len()), (0, 0));
    stack.stop().await;
}

#[tokio::test]
async fn what_is_no_websocket_request_is_told_so() {
    let stack = Stack::start(|_, _| {}).await;
    let http = format!("http://{}/dev", stack.address);
    assert_eq!(reqwest::get(&http).await.unwrap().status(), 426);
    assert_eq!(stack.refusal(&format!("?x={}", "y".repeat(4096))).await, 414);
    let mut stream = TcpStream::connect(stack.address).await.unwrap();
    let head = "GET /dev HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    patiently(stream.read_exact(&mut status)).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 426");
    stack.stop().await;
}

#[tokio::test]
async fn the_stage_throttle_counts_connections_and_messages() {
    let throttle = Throttle { rate_limit: 0.001, burst_limit: 2 };
    let stack = Stack::start(|api, _| api.throttle = throttle).await;
    let mut client = stack.connect("").await;
    send(&mut client, "one").await;
    assert_eq!(text(&mut client).await, "one");
    send(&mut client, "two").await;
    let frame = text(&mut client).await;
    assert!(frame.starts_with(r#"{"message": "Too Many Requests", "connectionId":""#), "{frame}");
    assert_eq!(stack.refusal("").await, 429);
    client.send(Message::Ping("still open".into())).await.unwrap();
    client.close(None).await.unwrap();
    stack.events_of("disconnect", 1).await;
    stack.stop().await;
}

#[tokio::test]
async fn the_path_of_the_stage_may_end_in_a_slash() {
    let stack = Stack::start(|_, _| {}).await;
    let (mut client, _) = connect_async(format!("ws://{}/dev/?token=alice", stack.address)).await.unwrap();
    assert_eq!(stack.events("connect")[0]["queryStringParameters"], json!({"token": "alice"}));
    send(&mut client, "hello").await;
    assert_eq!(text(&mut client).await, "hello");
    stack.stop().await;
}

#[tokio::test]
async fn in_some_weather_disconnect_never_comes() {
    let stack = Stack::start_in(Odds { no_disconnect: 1.0, ..Odds::default() }, |_, _| {}).await;
    let mut client = stack.connect("").await;
    client.close(None).await.unwrap();
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    assert_eq!((stack.gateway.sockets(), stack.events("disconnect").len()), (0, 0));
    stack.stop().await;
}
