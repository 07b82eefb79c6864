//! What AWS would bill for what passes through the gateway.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::stack::{Stack, close_frame, patiently, send, text, until};
use crate::{meter::Item, template::Throttle};

const KB: usize = 1024;

fn messages(stack: &Stack) -> f64 {
    stack.meter.usage(Vec::new()).quantity(Item::GatewayMessages)
}

async fn quiet(stack: &Stack) {
    until(|| stack.gateway.busy() == 0).await;
}

#[tokio::test]
async fn messages_each_way_are_counted_in_units_of_32_kb() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("?token=alice").await;
    let id = stack.connection_id().await;
    assert_eq!(messages(&stack), 0.0, "neither the handshake nor its functions are messages");
    send(&mut client, r#"{"route":"silent"}"#).await;
    stack.events_of("route", 1).await;
    quiet(&stack).await;
    assert_eq!(messages(&stack), 1.0, "nothing came back");
    // Its own text is the answer: 33 KB there and back, in two frames.
    let long = json!({"route": "echo", "padding": "x".repeat(33 * KB)}).to_string();
    let (first, second) = long.split_at(20 * KB);
    for (part, code, last) in [(first, Data::Text, false), (second, Data::Continue, true)] {
        client.send(Message::Frame(Frame::message(part.to_owned(), OpCode::Data(code), last))).await.unwrap();
    }
    assert_eq!(text(&mut client).await, long);
    quiet(&stack).await;
    assert_eq!(messages(&stack), 1.0 + 4.0);
    for (bytes, units) in [(32 * KB, 1.0), (32 * KB + 1, 2.0), (128 * KB, 4.0)] {
        let before = messages(&stack);
        assert_eq!(stack.post(&id, "x".repeat(bytes)).await.status(), 200);
        assert_eq!(text(&mut client).await.len(), bytes);
        assert_eq!(messages(&stack) - before, units);
    }
    let before = messages(&stack);
    assert_eq!(stack.post("L0SM9cOFvHcCIhw=", "x").await.status(), 410);
    client.send(Message::Ping(Vec::new().into())).await.unwrap();
    assert_eq!(patiently(client.next()).await.unwrap().unwrap(), Message::Pong(Vec::new().into()));
    send(&mut client, json!({"route": "echo", "error": "asked to fail"}).to_string()).await;
    assert!(text(&mut client).await.contains("Internal server error"));
    quiet(&stack).await;
    assert_eq!(messages(&stack) - before, 2.0, "a frame of the gateway's own is a message; a ping and a push to nobody are none");
    stack.stop().await;
}

#[tokio::test]
async fn messages_that_are_throttled_are_free() {
    let stack = Stack::start(|api, _| api.throttle = Throttle { rate_limit: 0.001, burst_limit: 2 }).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"echo"}"#).await;
    text(&mut client).await;
    send(&mut client, r#"{"route":"echo"}"#).await;
    assert!(text(&mut client).await.contains("Too Many Requests"));
    quiet(&stack).await;
    assert_eq!(messages(&stack), 2.0);
    stack.stop().await;
}

#[tokio::test]
async fn a_message_is_under_way_also_when_its_connection_is_closed() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    send(&mut client, r#"{"route":"silent","sleep":1500}"#).await;
    stack.events_of("route", 1).await;
    drop(client);
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    assert_eq!((stack.gateway.sockets(), stack.gateway.busy()), (0, 1));
    quiet(&stack).await;
    assert_eq!(messages(&stack), 1.0);
    stack.stop().await;
}

#[tokio::test]
async fn connections_are_counted_by_their_time() {
    let stack = Stack::start(|_, _| {}).await;
    let seconds = || stack.meter.usage(Vec::new()).quantity(Item::ConnectionMinutes) * 60.0;
    assert_eq!(seconds(), 0.0);
    let (first, second) = (stack.connect("").await, stack.connect("").await);
    quiet(&stack).await;
    assert_eq!((stack.gateway.sockets(), stack.gateway.busy()), (2, 0));
    let before = seconds();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(seconds() - before >= 0.6, "both of them");
    let events = stack.events_of("connect", 2).await;
    for event in &events {
        let id = event["requestContext"]["connectionId"].as_str().unwrap();
        assert_eq!(reqwest::Client::new().delete(stack.management_url(id)).send().await.unwrap().status(), 204);
    }
    close_frame(first).await;
    close_frame(second).await;
    stack.events_of("disconnect", 2).await;
    quiet(&stack).await;
    assert_eq!((stack.gateway.sockets(), stack.gateway.busy()), (0, 0));
    let after = seconds();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(seconds(), after, "nothing is open any more");
    stack.stop().await;
}
