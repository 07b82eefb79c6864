//! How connections end.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{
    MaybeTlsStream,
    tungstenite::{
        Message,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use super::stack::{Client, Stack, close_frame, patiently, send, text, until};

/// Waits for the one `$disconnect` and gives its code and reason.
async fn disconnect(stack: &Stack) -> (u64, String) {
    let events = stack.events_of("disconnect", 1).await;
    until(|| stack.gateway.shared.tasks.is_empty()).await;
    assert_eq!((stack.events("disconnect").len(), stack.gateway.sockets()), (1, 0));
    let context = &events[0]["requestContext"];
    (context["disconnectStatusCode"].as_u64().unwrap(), context["disconnectReason"].as_str().unwrap().to_owned())
}

fn raw(client: &mut Client) -> &mut tokio::net::TcpStream {
    let MaybeTlsStream::Plain(stream) = client.get_mut() else { panic!() };
    stream
}

#[tokio::test]
async fn a_client_says_why_it_closes() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    client.close(Some(CloseFrame { code: CloseCode::Library(4001), reason: "bye".into() })).await.unwrap();
    let echoed = close_frame(client).await;
    assert_eq!((u16::from(echoed.code), echoed.reason.as_str()), (4001, "bye"));
    assert_eq!(disconnect(&stack).await, (4001, "bye".to_owned()));
    stack.stop().await;
}

#[tokio::test]
async fn a_connection_that_just_ends_is_1006() {
    let stack = Stack::start(|_, _| {}).await;
    drop(stack.connect("").await);
    assert_eq!(disconnect(&stack).await, (1006, "Connection Closed Abnormally".to_owned()));
    stack.stop().await;
}

#[tokio::test]
async fn a_frame_over_32_kb_is_1009() {
    let stack = Stack::start(|_, _| {}).await;
    for bytes in [32 * 1024 + 1, 100 * 1024, 20 * 1024 * 1024] {
        let mut client = stack.connect("").await;
        // The gateway closes in the middle of a long frame: sending the rest may fail, hearing the close may not.
        let (mut writer, mut reader) = client.split();
        let (_sent, closed) = tokio::join!(writer.send(Message::text("x".repeat(bytes))), async { patiently(reader.next()).await });
        let Some(Ok(Message::Close(Some(frame)))) = closed else { panic!("{bytes}: {closed:?}") };
        assert_eq!(u16::from(frame.code), 1009, "{bytes}");
        client = writer.reunite(reader).unwrap();
        drop(client);
    }
    let events = stack.events_of("disconnect", 3).await;
    assert!(events.iter().all(|event| event["requestContext"]["disconnectStatusCode"] == 1009));
    assert!(stack.events("route").is_empty());
    stack.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_only_after_it_has_sent_still_hears_1009() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    client.send(Message::text("x".repeat(4 * 1024 * 1024))).await.unwrap();
    assert_eq!(u16::from(close_frame(client).await.code), 1009);
    assert_eq!(disconnect(&stack).await.0, 1009);
    stack.stop().await;
}

#[tokio::test]
async fn a_message_over_128_kb_is_1009() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let part = "x".repeat(32 * 1024);
    for number in 0..5 {
        let opcode = if number == 0 { Data::Text } else { Data::Continue };
        client.send(Message::Frame(Frame::message(part.clone(), OpCode::Data(opcode), number == 4))).await.unwrap();
    }
    assert_eq!(u16::from(close_frame(client).await.code), 1009);
    assert_eq!(disconnect(&stack).await.0, 1009);
    stack.stop().await;
}

#[tokio::test]
async fn a_binary_message_is_1003() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    client.send(Message::binary(vec![0; 30_000])).await.unwrap();
    assert_eq!(u16::from(close_frame(client).await.code), 1003);
    assert_eq!(disconnect(&stack).await.0, 1003);
    stack.stop().await;
}

#[tokio::test]
async fn what_is_not_the_protocol_is_1002_and_what_is_not_utf8_is_1007() {
    let stack = Stack::start(|_, _| {}).await;
    // A text of one byte that is no UTF-8, masked with zeros; an unmasked text; a reserved opcode.
    for (bytes, code) in [(&[0x81, 0x81, 0, 0, 0, 0, 0xff][..], 1007), (&[0x81, 0x01, b'x'], 1002), (&[0x83, 0x81, 0, 0, 0, 0, 1], 1002)] {
        let mut client = stack.connect("").await;
        raw(&mut client).write_all(bytes).await.unwrap();
        assert_eq!(u16::from(close_frame(client).await.code), code, "{bytes:?}");
    }
    stack.stop().await;
}

#[tokio::test]
async fn an_idle_connection_goes_away_and_a_busy_one_stays() {
    let stack = Stack::start(|_, limits| limits.idle = Duration::from_millis(600)).await;
    let mut client = stack.connect("").await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        send(&mut client, "busy").await;
        assert_eq!(text(&mut client).await, "busy");
    }
    let frame = close_frame(client).await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "Going away"));
    assert_eq!(disconnect(&stack).await, (1001, "Going away".to_owned()));
    stack.stop().await;
}

#[tokio::test]
async fn even_a_busy_connection_has_a_lifetime() {
    let stack = Stack::start(|_, limits| limits.lifetime = Duration::from_millis(700)).await;
    let mut client = stack.connect("").await;
    let busy = async {
        loop {
            if client.send(Message::text("busy")).await.is_err() {
                panic!("it ended without a close frame");
            }
            match client.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame,
                Some(Ok(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                other => panic!("it ended without a close frame: {other:?}"),
            }
        }
    };
    assert_eq!(u16::from(patiently(busy).await.code), 1001);
    assert_eq!(disconnect(&stack).await, (1001, "Going away".to_owned()));
    stack.stop().await;
}

#[tokio::test]
async fn a_shutdown_closes_every_socket_and_tells_disconnect() {
    let stack = Stack::start(|_, _| {}).await;
    let mut clients = vec![];
    for _ in 0..3 {
        clients.push(stack.connect("").await);
    }
    let reading = tokio::spawn(async move {
        for client in clients {
            assert_eq!(u16::from(close_frame(client).await.code), 1001);
        }
    });
    patiently(stack.gateway.shutdown()).await;
    reading.await.unwrap();
    assert_eq!(stack.events("disconnect").len(), 3, "a shutdown waits for $disconnect");
    stack.stop().await;
}
