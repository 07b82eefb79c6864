//! The WebSocket gateway room: API Gateway's WebSocket API, in front of the Lambda room.
//!
//! [`handshake`] is the life of one connection: [`connect`] asks the authorizer and `$connect`, [`socket`] serves the open
//! socket, [`messages`] takes each message to its route, and `$disconnect` comes last. [`management`] is the other way in,
//! for functions that push. What can be decided without I/O is in files of its own: [`route_selection`], [`events`],
//! [`proxy_answer`], [`authorizer_answer`] and their like.
//!
//! What AWS leaves open and this room had to choose: pings do not reset the idle limit, messages in both directions do;
//! `$disconnect` is not throttled; an empty `body` sends no frame.

mod authorizer_answer;
mod closing;
mod connect;
mod connection;
mod error_frame;
mod events;
mod handshake;
mod handshake_request;
mod identifiers;
mod limits;
mod management;
mod messages;
mod proxy_answer;
mod route_selection;
mod socket;
#[cfg(test)]
mod tests;
mod throttle;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::task::TaskTracker;

pub use self::limits::Limits;
use self::{
    closing::GOING_AWAY,
    connection::Connection,
    error_frame::{TIMED_OUT, fault},
    proxy_answer::ProxyAnswer,
    throttle::TokenBucket,
};
use crate::{
    account,
    events::Events,
    lambda::{InvokeError, Lambda},
    lock::lock,
    meter::Meter,
    report::report,
    template::{Route, WebSocketApi},
    weather::Weather,
};

/// How long a shutdown waits for `$disconnect` of the connections that it closed.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// So many characters of a message are told to those who watch.
const TOLD_CHARACTERS: usize = 2_000;

/// Serves one WebSocket API. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    api: WebSocketApi,
    lambda: Lambda,
    meter: Meter,
    events: Events,
    weather: Weather,
    limits: Limits,
    bucket: Mutex<TokenBucket>,
    /// By id.
    connections: Mutex<HashMap<String, Arc<Connection>>>,
    /// One task for each connection, pending ones included.
    tasks: TaskTracker,
    /// One task for each message in work, also of connections that are closed by now.
    messages: TaskTracker,
}

impl Gateway {
    /// A gateway for `api`, whose functions `lambda` runs, and whose messages and connections `meter` counts and `events` tells. In some
    /// weather, `$disconnect` is not told.
    pub(crate) fn new(api: WebSocketApi, lambda: Lambda, limits: Limits, (meter, events): (Meter, Events), weather: Weather) -> Gateway {
        let shared = Shared {
            bucket: Mutex::new(TokenBucket::new(api.throttle, Instant::now())),
            connections: Mutex::default(),
            tasks: TaskTracker::new(),
            messages: TaskTracker::new(),
            api,
            lambda,
            meter,
            events,
            weather,
            limits,
        };
        Gateway { shared: Arc::new(shared) }
    }

    /// `GET /{stage}`, the socket, and `/{stage}/@connections/{id}`, the management API. The server must offer upgrades.
    pub fn router(&self) -> Router {
        let stage = &self.shared.api.stage;
        let connections = get(management::manage).post(management::manage).delete(management::manage);
        Router::new()
            .route(&format!("/{stage}"), get(handshake::open))
            .route(&format!("/{stage}/"), get(handshake::open))
            .route(&format!("/{stage}/@connections/{{id}}"), connections.clone())
            // Some clients encode the `@`, and paths are matched as they come.
            .route(&format!("/{stage}/%40connections/{{id}}"), connections)
            .with_state(self.clone())
    }

    /// Closes every socket with 1001 and returns when `$disconnect` has been told of each, or after five seconds. Later
    /// connections are closed as soon as they are open.
    pub async fn shutdown(&self) {
        self.shared.tasks.close();
        self.connections().values().for_each(|connection| connection.close(GOING_AWAY));
        if timeout(SHUTDOWN, self.shared.tasks.wait()).await.is_err() {
            report("gateway", format_args!("{} connections had not ended when the gateway stopped", self.shared.tasks.len()));
        }
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.connections().len()
    }

    /// How much is under way: messages in work, and connections whose authorizer or `$connect` has not answered or whose `$disconnect` has
    /// not been told.
    pub fn busy(&self) -> usize {
        self.shared.messages.len() + self.shared.tasks.len().saturating_sub(self.sockets())
    }

    /// What the authorizer decides on.
    fn method_arn(&self) -> String {
        account::arn("execute-api", &format!("{}/{}/$connect", self.shared.api.api_id, self.shared.api.stage))
    }

    /// What the function answers; none if it takes longer than an integration may.
    async fn invoke(&self, function_arn: &str, event: &Value) -> Option<Result<Bytes, InvokeError>> {
        let invocation = self.shared.lambda.invoke(function_arn, event.to_string().into());
        Some(timeout(self.shared.limits.integration_timeout, invocation).await.ok()?.result)
    }

    /// What the function behind a route answers, or what clients hear of its failure.
    async fn ask(&self, route_key: &str, route: &Route, event: &Value) -> Result<ProxyAnswer, &'static str> {
        let answer = self.invoke(&route.function_arn, event).await.ok_or(TIMED_OUT)?;
        let answer = answer.map_err(|error| format!("the function failed: {error}")).and_then(|answer| ProxyAnswer::parse(&answer));
        answer.map_err(|why| fault(&format!("route {route_key}"), &why))
    }

    /// Whether the stage's throttle lets one more request in.
    fn admits(&self) -> bool {
        lock(&self.shared.bucket).take(Instant::now())
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        lock(&self.shared.connections)
    }

    /// Tells those who watch that a socket has opened or closed.
    fn tell_socket(&self, what: &str, Connection { facts, .. }: &Connection) {
        let (id, player) = (&facts.connection_id, facts.player_id());
        self.shared.events.tell(|| json!({"kind": "socket", "what": what, "connectionId": id, "playerId": player}));
    }

    /// Tells those who watch of a message from a client or to it.
    fn tell_frame(&self, direction: &str, Connection { facts, .. }: &Connection, text: &str) {
        self.shared.events.tell(|| {
            let first: String = text.chars().take(TOLD_CHARACTERS).collect();
            json!({
                "kind": "frame", "direction": direction, "connectionId": facts.connection_id, "playerId": facts.player_id(),
                "bytes": text.len(), "text": first,
            })
        });
    }

    /// Makes a connection reachable.
    fn register(&self, connection: Connection) -> Arc<Connection> {
        let connection = Arc::new(connection);
        self.connections().insert(connection.facts.connection_id.clone(), Arc::clone(&connection));
        self.tell_socket("open", &connection);
        if self.shared.tasks.is_closed() {
            connection.close(GOING_AWAY);
        }
        connection
    }

    /// Makes a connection unreachable and closes its socket, if it is not closed already.
    fn forget(&self, connection: &Connection, closing: CloseFrame) {
        self.connections().remove(&connection.facts.connection_id);
        connection.close(closing);
    }
}
