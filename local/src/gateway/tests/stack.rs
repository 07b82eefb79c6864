//! A gateway on a free port with its functions, and what the tests say to it.

use std::{future::Future, net::SocketAddr, path::PathBuf, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, protocol::CloseFrame},
};

use super::function;
use crate::{
    account::function_arn,
    events::Events,
    gateway::{Gateway, Limits},
    lambda::{Lambda, test_function},
    meter::Meter,
    template::{Route, Throttle, WebSocketApi},
    weather::{Odds, Weather},
};

pub(super) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Stack {
    pub(super) gateway: Gateway,
    pub(super) address: SocketAddr,
    pub(super) meter: Meter,
    pub(super) events: Events,
    lambda: Lambda,
    directory: TempDir,
}

/// An API of stage `dev` with every kind of route, whose authorizer is always asked. `echo` has a route response, `silent` has none.
pub(super) fn api() -> WebSocketApi {
    let route =
        |key: &str, function: &str, route_response| (key.to_owned(), Route { function_arn: function_arn(function), route_response });
    WebSocketApi {
        logical_id: "Api".to_owned(),
        api_id: "local".to_owned(),
        stage: "dev".to_owned(),
        authorizer_arn: function_arn("authorizer"),
        routes: [
            route("$connect", "connect", false),
            route("$disconnect", "disconnect", false),
            route("$default", "route", true),
            route("echo", "route", true),
            route("silent", "route", false),
        ]
        .into(),
        throttle: Throttle { rate_limit: 10_000.0, burst_limit: 5_000 },
    }
}

impl Stack {
    /// The API of [`api`], changed by `change`.
    pub(super) async fn start(change: impl FnOnce(&mut WebSocketApi, &mut Limits)) -> Stack {
        Stack::start_in(Odds::default(), change).await
    }

    /// The same in this weather.
    pub(super) async fn start_in(odds: Odds, change: impl FnOnce(&mut WebSocketApi, &mut Limits)) -> Stack {
        let directory = tempfile::tempdir().unwrap();
        let roles = ["authorizer", "connect", "disconnect", "route"];
        let functions = roles.map(|role| function::config(role, &directory.path().join(role)));
        let lambda = Lambda::start(&functions, test_function::running("gateway::tests::function::process")).await.unwrap();
        let (mut api, mut limits) = (api(), Limits::default());
        change(&mut api, &mut limits);
        let (meter, events) = (Meter::default(), Events::default());
        let gateway = Gateway::new(api, lambda.clone(), limits, (meter.clone(), events.clone()), Weather::new(odds));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = gateway.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Stack { gateway, address, meter, events, lambda, directory }
    }

    pub(super) fn url(&self, query: &str) -> String {
        format!("ws://{}/dev{query}", self.address)
    }

    pub(super) async fn connect(&self, query: &str) -> Client {
        connect_async(self.url(query)).await.unwrap().0
    }

    /// The status that a refused handshake has.
    pub(super) async fn refusal(&self, query: &str) -> u16 {
        match connect_async(self.url(query)).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The events that a role has received so far.
    pub(super) fn events(&self, role: &str) -> Vec<Value> {
        let path: PathBuf = self.directory.path().join(role);
        let log = std::fs::read_to_string(path).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a role has received this many events.
    pub(super) async fn events_of(&self, role: &str, count: usize) -> Vec<Value> {
        until(|| self.events(role).len() >= count).await;
        self.events(role)
    }

    /// The only connection's id.
    pub(super) async fn connection_id(&self) -> String {
        let events = self.events_of("connect", 1).await;
        events[0]["requestContext"]["connectionId"].as_str().unwrap().to_owned()
    }

    /// The address of a connection in the management API.
    pub(super) fn management_url(&self, id: &str) -> String {
        let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
        format!("http://{}/dev/@connections/{id}", self.address)
    }

    pub(super) async fn post(&self, id: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
        reqwest::Client::new().post(self.management_url(id)).body(body).send().await.unwrap()
    }

    /// Ends the functions' processes. Sockets end with the test, whose clients no longer read.
    pub(super) async fn stop(self) {
        self.lambda.shutdown().await;
    }
}

/// Waits until `condition` holds.
pub(super) async fn until(condition: impl Fn() -> bool) {
    patiently(async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Fails a test that would otherwise hang.
pub(super) async fn patiently<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// The next text that the client gets.
pub(super) async fn text(client: &mut Client) -> String {
    match patiently(client.next()).await {
        Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
        other => panic!("not a text: {other:?}"),
    }
}

pub(super) async fn send(client: &mut Client, text: impl Into<String>) {
    client.send(Message::text(text.into())).await.unwrap();
}

/// Reads until the server closes, gives its close frame, and ends the connection. Fails if it ended without one.
pub(super) async fn close_frame(mut client: Client) -> CloseFrame {
    let frame = loop {
        match patiently(client.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("it ended without a close frame: {other:?}"),
        }
    };
    // This also sends the client's own close frame.
    let after = patiently(client.next()).await;
    assert!(!matches!(after, Some(Ok(_))), "nothing comes after a close frame: {after:?}");
    frame
}
