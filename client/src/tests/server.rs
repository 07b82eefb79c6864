//! A WebSocket server in the hands of a test: it accepts, refuses, answers and drops when told to.
#![expect(clippy::result_large_err, reason = "the type is tokio-tungstenite's")]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{StatusCode, header::AUTHORIZATION},
    },
};

use crate::{Backoff, Client, Event, Events, Options, Token};

/// How long a test waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Awaits what must happen, within a test's patience.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

/// A listener on a free port.
pub(super) struct Server(TcpListener);

/// An accepted socket and how its handshake looked.
pub(super) struct Accepted {
    pub(super) socket: WebSocketStream<TcpStream>,
    pub(super) authorization: Option<String>,
    pub(super) uri: String,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// Options that reconnect within milliseconds, and do not resume.
    pub(super) fn options(&self, token: impl Into<Token>) -> Options {
        let url = format!("ws://{}/dev", self.0.local_addr().unwrap());
        let backoff = Backoff { base: Duration::from_millis(5), cap: Duration::from_millis(20) };
        Options { backoff: Some(backoff), request_timeout: PATIENCE, resume: false, ..Options::new(url, token) }
    }

    /// A connected pair.
    pub(super) async fn pair(&self, options: Options) -> (Client, Events, Accepted) {
        let (connected, accepted) = soon(async { tokio::join!(Client::connect(options), self.accept()) }).await;
        let (client, events) = connected.unwrap();
        (client, events, accepted)
    }

    /// Accepts the next connection.
    pub(super) async fn accept(&self) -> Accepted {
        let (stream, _) = soon(self.0.accept()).await.unwrap();
        let (mut authorization, mut uri) = (None, String::new());
        let socket = accept_hdr_async(stream, |request: &Request, response: Response| {
            authorization = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
            uri = request.uri().to_string();
            Ok(response)
        })
        .await
        .unwrap();
        Accepted { socket, authorization, uri }
    }

    /// Answers the next handshake with `status`.
    pub(super) async fn refuse(&self, status: u16) {
        let (stream, _) = soon(self.0.accept()).await.unwrap();
        let refused = accept_hdr_async(stream, |_: &Request, _: Response| {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Err(response)
        })
        .await;
        assert!(refused.is_err());
    }
}

impl Accepted {
    /// The next text frame, as JSON.
    pub(super) async fn receive(&mut self) -> Value {
        loop {
            match soon(self.socket.next()).await.expect("an open socket").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn send(&mut self, frame: impl ToString) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Replies to `request`.
    pub(super) async fn reply(&mut self, request: &Value, body: Value) {
        self.send(json!({"type": "reply", "requestId": request["requestId"], "route": request["route"], "body": body})).await;
    }

    /// Rejects `request`.
    pub(super) async fn reject(&mut self, request: &Value, code: &str, message: &str) {
        self.send(json!({"type": "rejection", "requestId": request["requestId"], "code": code, "message": message})).await;
    }

    /// Waits for the client to close in good order.
    pub(super) async fn expect_close(&mut self) {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => {
                    assert_eq!(u16::from(frame.unwrap().code), 1000);
                    return self.socket.flush().await.unwrap();
                }
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    }
}

/// The next event.
pub(super) async fn event(events: &mut Events) -> Event {
    soon(events.next()).await.expect("another event")
}
