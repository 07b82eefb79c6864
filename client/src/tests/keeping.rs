//! Pushes, what nobody asked for, keeping alive and closing.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::server::{PATIENCE, Server, event, soon};
use crate::{Event, Options, RequestError};

#[tokio::test]
async fn pushes_arrive_in_order() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(server.options("t")).await;
    for n in 0..3 {
        accepted.send(json!({"type": "message", "messageId": n.to_string(), "senderId": "bob", "message": "hi", "sentAt": n})).await;
    }
    for n in 0..3 {
        assert_eq!(soon(events.next_message()).await.unwrap().sent_at, n);
    }
}

#[tokio::test]
async fn what_is_not_known_is_handed_on_and_harms_nothing() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    for text in ["not JSON", "", "[]", "null", r#"{"type":"weather","sky":"blue"}"#, r#"{"type":"reply"}"#, r#"{"type":7}"#] {
        accepted.send(text).await;
        assert!(matches!(event(&mut events).await, Event::Unknown(raw) if raw == text));
    }
    accepted.socket.send(Message::binary(vec![b'a', 255])).await.unwrap();
    assert!(matches!(event(&mut events).await, Event::Unknown(raw) if raw == "a\u{fffd}"));
    accepted.reply(&json!({"requestId": "nobody's", "route": "ping"}), json!({})).await;
    assert!(matches!(event(&mut events).await, Event::Answer(answer) if answer.request_id.as_deref() == Some("nobody's")));
    let (pong, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(pong.is_ok());
}

#[tokio::test]
async fn raw_text_goes_out_as_it_is_and_its_answer_is_an_event() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    client.send_raw(r#"{"no":"route"}"#).await.unwrap();
    assert_eq!(accepted.receive().await, json!({"no": "route"}));
    accepted.send(json!({"type": "rejection", "code": "bad_frame", "message": "no route"})).await;
    assert!(matches!(event(&mut events).await, Event::Answer(answer) if answer.result.as_ref().unwrap_err().message == "no route"));
}

#[tokio::test]
async fn a_reader_who_does_not_read_costs_no_answers() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(Options { event_capacity: 2, ..server.options("t") }).await;
    let (pong, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        for _ in 0..10 {
            accepted.send("noise").await;
        }
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(pong.is_ok());
    assert!(matches!(event(&mut events).await, Event::Unknown(_)));
    assert!(matches!(event(&mut events).await, Event::Unknown(_)));
    assert!(matches!(event(&mut events).await, Event::Missed(8)));
}

#[tokio::test]
async fn a_quiet_connection_is_kept_alive_by_pings() {
    let server = Server::start().await;
    let options = Options { keep_alive: Duration::from_millis(30), ..server.options("t") };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    for _ in 0..3 {
        let ping = accepted.receive().await;
        assert_eq!(ping["route"], "ping");
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    }
    accepted.send("the end").await;
    assert!(matches!(event(&mut events).await, Event::Unknown(text) if text == "the end"), "pongs are nobody's event");
}

#[tokio::test]
async fn a_server_that_does_not_answer_pings_is_left() {
    let server = Server::start().await;
    let brief = Duration::from_millis(30);
    let (_client, mut events, mut accepted) =
        server.pair(Options { keep_alive: brief, request_timeout: brief, ..server.options("t") }).await;
    assert_eq!(accepted.receive().await["route"], "ping");
    server.accept().await;
    let Event::Disconnected { reason, .. } = event(&mut events).await else { panic!("another event") };
    assert_eq!(reason, "the server does not answer");
}

#[tokio::test]
async fn the_reason_of_a_close_frame_is_told() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(server.options("t")).await;
    accepted.socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "Going away".into() })).await.unwrap();
    let Event::Disconnected { reason, .. } = event(&mut events).await else { panic!("another event") };
    assert_eq!(reason, "the server closed the connection (1001: Going away)");
}

#[tokio::test]
async fn closing_is_orderly_and_fails_what_is_open() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let (failed, ()) = tokio::join!(client.request("slow", json!({})), async {
        accepted.receive().await;
        soon(async { tokio::join!(client.close(), accepted.expect_close()) }).await;
    });
    assert_eq!(failed, Err(RequestError::Closed { sent: true }));
    assert!(soon(events.next()).await.is_none());
    assert_eq!(client.ping().await, Err(RequestError::Closed { sent: false }));
    assert_eq!(client.send_raw("x").await, Err(RequestError::Closed { sent: false }));
}

#[tokio::test]
async fn dropping_the_last_clone_closes_the_connection() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let clone = client.clone();
    drop(client);
    let (pong, ()) = tokio::join!(clone.ping(), async {
        let ping = accepted.receive().await;
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(pong.is_ok());
    drop(clone);
    accepted.expect_close().await;
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test]
async fn closing_does_not_wait_for_a_server_that_is_away() {
    let server = Server::start().await;
    let (client, mut events, accepted) = server.pair(server.options("t")).await;
    drop((server, accepted));
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
    tokio::time::timeout(PATIENCE / 2, client.close()).await.unwrap();
}
