//! Messages, their routes and what comes back.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::stack::{Stack, patiently, send, text, until};

#[tokio::test]
async fn a_message_takes_its_own_route_or_the_default() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    for (count, (message, route_key)) in [
        (r#"{"route":"echo"}"#, "echo"),
        (r#"{"route":"Echo"}"#, "$default"),
        (r#"{"route":"$connect"}"#, "$default"),
        ("\u{feff} {\"odd\":1e999,\"\\ud800\":\"\\udc00\",\"route\":\"silent\",\"route\":\"echo\"}", "echo"),
        (r#"{"route":{"a":1}}"#, "$default"),
        ("{}", "$default"),
        ("not JSON \u{1F600}", "$default"),
    ]
    .into_iter()
    .enumerate()
    {
        send(&mut client, message).await;
        assert_eq!(text(&mut client).await, message);
        let event = &stack.events_of("route", count + 1).await[count];
        assert_eq!(event["body"], message);
        assert_eq!(event["requestContext"]["routeKey"], route_key, "{message}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn without_a_route_response_nothing_comes_back() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"silent"}"#).await;
    stack.events_of("route", 1).await;
    send(&mut client, r#"{"route":"echo","answer":{"statusCode":200}}"#).await;
    stack.events_of("route", 2).await;
    send(&mut client, r#"{"route":"echo","answer":{"statusCode":500,"body":"whatever the status"}}"#).await;
    assert_eq!(text(&mut client).await, "whatever the status");
    stack.stop().await;
}

#[tokio::test]
async fn failures_are_error_frames_and_the_socket_stays_open() {
    let stack = Stack::start(|_, limits| limits.integration_timeout = Duration::from_millis(1500)).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    for (message, expected) in [
        (json!({"route": "echo", "error": "asked to fail"}), "Internal server error"),
        (json!({"route": "silent", "error": "asked to fail"}), "Internal server error"),
        (json!({"route": "echo", "answer": {"message": "hi"}}), "Internal server error"),
        (json!({"route": "silent", "answer": null}), "Internal server error"),
        (json!({"route": "echo", "answer": "hi"}), "Internal server error"),
        (json!({"route": "echo", "sleep": 3000}), "Endpoint request timed out"),
    ] {
        send(&mut client, message.to_string()).await;
        let frame: Value = serde_json::from_str(&text(&mut client).await).unwrap();
        assert_eq!((&frame["message"], &frame["connectionId"]), (&json!(expected), &json!(id)), "{message}");
        let requests = stack.events("route");
        assert_eq!(frame["requestId"], requests.last().unwrap()["requestContext"]["requestId"]);
    }
    send(&mut client, "still open").await;
    assert_eq!(text(&mut client).await, "still open");
    stack.stop().await;
}

#[tokio::test]
async fn without_a_route_and_a_default_it_is_forbidden() {
    let stack = Stack::start(|api, _| drop(api.routes.remove("$default"))).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"unknown"}"#).await;
    let frame = text(&mut client).await;
    assert!(frame.starts_with(r#"{"message": "Forbidden", "connectionId":""#), "{frame}");
    stack.stop().await;
}

#[tokio::test]
async fn messages_of_one_connection_do_not_wait_for_each_other() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"echo","sleep":1500,"answer":{"body":"slow"}}"#).await;
    send(&mut client, r#"{"route":"echo","answer":{"body":"quick"}}"#).await;
    assert_eq!(text(&mut client).await, "quick");
    assert_eq!(text(&mut client).await, "slow");
    stack.stop().await;
}

#[tokio::test]
async fn a_flood_is_read_only_as_fast_as_it_is_answered() {
    let stack = Stack::start(|_, limits| limits.messages_in_work = 2).await;
    let mut client = stack.connect("").await;
    for number in 0..6 {
        send(&mut client, json!({"route": "echo", "sleep": 300, "answer": {"body": number.to_string()}}).to_string()).await;
    }
    let start = Instant::now();
    stack.events_of("route", 2).await;
    assert_eq!(stack.events("route").len(), 2, "the third waits in the socket");
    let mut answers = vec![];
    for _ in 0..6 {
        answers.push(text(&mut client).await);
    }
    assert!(start.elapsed() > Duration::from_millis(600), "two at a time");
    answers.sort();
    assert_eq!(answers, ["0", "1", "2", "3", "4", "5"], "none is lost");
    stack.stop().await;
}

#[tokio::test]
async fn a_fragmented_message_is_one_message() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let part = "x".repeat(32 * 1024);
    for number in 0..4 {
        let opcode = if number == 0 { Data::Text } else { Data::Continue };
        client.send(Message::Frame(Frame::message(part.clone(), OpCode::Data(opcode), number == 3))).await.unwrap();
    }
    assert_eq!(text(&mut client).await, part.repeat(4), "128 KB are allowed");
    stack.stop().await;
}

#[tokio::test]
async fn pings_are_answered_even_while_a_message_is_in_work() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"echo","sleep":1000}"#).await;
    client.send(Message::Ping("there?".into())).await.unwrap();
    let answer = patiently(futures_util::StreamExt::next(&mut client)).await;
    assert!(matches!(&answer, Some(Ok(Message::Pong(data))) if data.as_ref() == b"there?"), "{answer:?}");
    stack.stop().await;
}

#[tokio::test]
async fn an_answer_to_a_client_that_has_left_is_dropped() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"echo","sleep":400}"#).await;
    stack.events_of("route", 1).await;
    client.close(None).await.unwrap();
    stack.events_of("disconnect", 1).await;
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    stack.stop().await;
}
