//! Pushing down sockets: the only place that talks to them, and the only place that handles a socket that is gone.
//!
//! - To one connection the frames go one after another, so that it sees them in order; different connections are served side by
//!   side, up to [`CONCURRENCY`] in one function, so that a slow one delays nobody.
//! - 410 Gone removes exactly that connection's row, and only when it is older than [`UPGRADE`]: before that its socket may not be
//!   open yet, and removing the row would silence a live player.
//! - A connection that keeps refusing (its client does not read) is closed, so that its client connects again. It must be closed for
//!   good before the frame is given up: otherwise a later frame could arrive behind a hole.
//! - What was not pushed is not lost: it stays in the inbox. Only a fault of the service itself is worth the stream's retry.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::{
    Client, error::ProvideErrorMetadata, operation::post_to_connection::PostToConnectionError, primitives::Blob,
};
use aws_smithy_types::retry::RetryConfig;
use futures_util::future::join_all;
use muster_protocol::{ServerFrame, limits};
use tokio::{sync::Semaphore, time::sleep};

use crate::{
    Config, ConfigError, Connection, Connections, Fault, Read, backoff, clock,
    telemetry::{Metric, Metrics},
};

/// How many connections one function serves at once.
const CONCURRENCY: usize = 32;

/// How long a socket may take to open after its `$connect`: API Gateway's 29 seconds and some.
const UPGRADE: Duration = Duration::from_secs(35);

/// What the management API says of an id that is malformed.
const MALFORMED: &str = "BadRequestException";

/// How often a frame is tried on a connection that answers 410, before it is taken for one whose socket does not open.
const ATTEMPTS_AT_GONE: u32 = 4;

/// How often a frame is tried on a connection that refuses or fails, which takes up to 1.5 seconds. A refusal may come from the account's
/// throttle instead of the client's full buffer, so a connection is not to be closed at the first few.
const ATTEMPTS: u32 = 6;

/// A frame on its way to a player.
#[derive(Debug)]
pub struct Outgoing {
    text: Vec<u8>,
    since: u64,
}

impl Outgoing {
    /// `frame`, whose cause reached Muster at `since` (epoch milliseconds).
    ///
    /// # Errors
    /// A [`Fault`] if the frame cannot be written as JSON, or is longer than a push may be. Trying again cannot help.
    pub fn new(frame: &ServerFrame, since: u64) -> Result<Self, Fault> {
        let text = serde_json::to_vec(frame).map_err(|error| Fault::new("writing a push as JSON", error))?;
        if text.len() > limits::PUSH_BYTES {
            return Err(Fault::because(format!("the push has {} bytes, and {} are the most", text.len(), limits::PUSH_BYTES)));
        }
        Ok(Self { text, since })
    }
}

/// Why frames to a player are to be tried again.
#[derive(Debug)]
pub struct PushFault {
    /// The first frame, counted from 0, that not every connection has dealt with.
    pub index: usize,
    /// What went wrong.
    pub fault: Fault,
}

/// What one attempt at one frame came to.
enum Post {
    Sent,
    Gone,
    Refused,
    Fault(Fault),
}

/// Pushes frames to players.
#[derive(Debug)]
pub struct Push {
    client: Client,
    connections: Connections,
    permits: Semaphore,
}

impl Push {
    /// Reads `PUSH_ENDPOINT`, and what [`Connections`] reads.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        // The attempts are counted here, where it is known what each refusal means.
        let sdk = crate::sdk::sdk_config(config, Some(config.required("PUSH_ENDPOINT")?), RetryConfig::disabled())?;
        let connections = Connections::from_config(config)?;
        Ok(Self { client: Client::new(&sdk), connections, permits: Semaphore::new(CONCURRENCY) })
    }

    /// Sends `frames`, in order, to every open connection of a player, and returns the ids of those that have received all of them.
    ///
    /// Where `read` is [`Read::Eventual`] and nobody is there, or a connection is gone, others are looked for by a consistent read: the
    /// player may have connected again a moment ago.
    ///
    /// # Errors
    /// A [`PushFault`] if a service failed. Frames before its index need not be sent again; later ones may arrive twice.
    pub async fn to_player(&self, player_id: &str, frames: &[Outgoing], read: Read, metrics: &Metrics) -> Result<Vec<String>, PushFault> {
        let unread = |fault| PushFault { index: 0, fault };
        let known = self.connections.of_player(player_id, read).await.map_err(unread)?;
        let mut reached = self.to_connections(&known, frames, metrics).await?;
        if read == Read::Consistent || (!reached.is_empty() && reached.len() == known.len()) {
            return Ok(reached);
        }
        let mut others = self.connections.of_player(player_id, Read::Consistent).await.map_err(unread)?;
        others.retain(|other| known.iter().all(|known| known.id() != other.id()));
        reached.extend(self.to_connections(&others, frames, metrics).await?);
        Ok(reached)
    }

    async fn to_connections(&self, connections: &[Connection], frames: &[Outgoing], metrics: &Metrics) -> Result<Vec<String>, PushFault> {
        let served = join_all(connections.iter().map(|connection| self.to_connection(connection, frames, metrics))).await;
        let mut reached = Vec::new();
        let mut first: Option<PushFault> = None;
        for (connection, result) in connections.iter().zip(served) {
            match result {
                Ok(true) => reached.push(connection.id().to_owned()),
                Ok(false) => {}
                Err(fault) if first.as_ref().is_none_or(|first| fault.index < first.index) => first = Some(fault),
                Err(_) => {}
            }
        }
        first.map_or(Ok(reached), Err)
    }

    /// Answers a caller on its own socket. If that is gone, nobody is there to be answered; the row of it is left to whoever pushes.
    ///
    /// # Errors
    /// A [`Fault`] if the service failed.
    pub async fn to_caller(&self, connection_id: &str, frame: &Outgoing) -> Result<(), Fault> {
        let mut attempt = 1;
        loop {
            match self.post_once(connection_id, frame).await {
                Post::Sent | Post::Gone => return Ok(()),
                Post::Refused if attempt >= ATTEMPTS => return Ok(()),
                Post::Fault(fault) if attempt >= ATTEMPTS => return Err(fault),
                Post::Refused | Post::Fault(_) => pause(attempt).await,
            }
            attempt += 1;
        }
    }

    /// Sends `frames` to one connection until it has all of them (`true`) or takes no more (`false`).
    async fn to_connection(&self, connection: &Connection, frames: &[Outgoing], metrics: &Metrics) -> Result<bool, PushFault> {
        let at = |index| move |fault| PushFault { index, fault };
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|error| Fault::new("waiting to push", error)).map_err(at(0))?;
        if connection.is_expired() {
            // Its socket may still be open, but would stay deaf for good: closing it makes its client connect with a new token.
            self.close(connection).await.map_err(at(0))?;
            self.remove(connection).await;
            return Ok(false);
        }
        for (index, frame) in frames.iter().enumerate() {
            match self.post(connection, frame).await {
                Post::Sent => {
                    let age = clock::now_milliseconds().saturating_sub(frame.since);
                    metrics.record(Metric::RowToPushMilliseconds, age);
                }
                Post::Gone => {
                    self.forget(connection, metrics).await;
                    return Ok(false);
                }
                Post::Refused => {
                    tracing::warn!(connectionId = connection.id(), "closing a connection that takes no more pushes");
                    self.close(connection).await.map_err(at(index))?;
                    return Ok(false);
                }
                Post::Fault(fault) => return Err(PushFault { index, fault }),
            }
        }
        Ok(true)
    }

    /// Posts one frame, again after a pause where that can help.
    async fn post(&self, connection: &Connection, frame: &Outgoing) -> Post {
        let mut attempt = 1;
        loop {
            let outcome = self.post_once(connection.id(), frame).await;
            let attempts = match &outcome {
                Post::Sent => 1,
                Post::Gone if is_opening(connection) => ATTEMPTS_AT_GONE,
                Post::Gone => 1,
                Post::Refused | Post::Fault(_) => ATTEMPTS,
            };
            if attempt >= attempts {
                return outcome;
            }
            pause(attempt).await;
            attempt += 1;
        }
    }

    async fn post_once(&self, connection_id: &str, frame: &Outgoing) -> Post {
        let data = Blob::new(frame.text.clone());
        let Err(error) = self.client.post_to_connection().connection_id(connection_id).data(data).send().await else {
            return Post::Sent;
        };
        match error.as_service_error() {
            Some(PostToConnectionError::GoneException(_)) => Post::Gone,
            Some(PostToConnectionError::LimitExceededException(_)) => Post::Refused,
            // An id that can be no connection's, in a row that nobody but a mistake has written: nobody will ever be there.
            Some(other) if other.code() == Some(MALFORMED) => Post::Gone,
            _ => Post::Fault(Fault::new("posting to a connection", error)),
        }
    }

    /// Deals with 410: the row of a connection that is gone for good is deleted; one that may still be opening is kept.
    async fn forget(&self, connection: &Connection, metrics: &Metrics) {
        if is_opening(connection) {
            tracing::info!(connectionId = connection.id(), "the connection is not open yet: the inbox keeps the push");
        } else {
            metrics.record(Metric::PushesGone, 1);
            self.remove(connection).await;
        }
    }

    /// Deletes the row of a connection that is of no more use. If that fails, the next push or the row's expiry does it: no reason to
    /// push again what has arrived elsewhere.
    async fn remove(&self, connection: &Connection) {
        if let Err(fault) = self.connections.delete(&connection.player_id, connection.id()).await {
            tracing::warn!(connectionId = connection.id(), error = fault.chain(), "a connection's row stays behind");
        }
    }

    /// Closes all sockets of a player, and says how many there were.
    ///
    /// # Errors
    /// A [`Fault`] if a service failed.
    pub async fn disconnect(&self, player_id: &str) -> Result<usize, Fault> {
        let connections = self.connections.of_player(player_id, Read::Consistent).await?;
        for connection in &connections {
            self.close(connection).await?;
            self.remove(connection).await;
        }
        Ok(connections.len())
    }

    /// Closes a socket. One that is gone is closed.
    async fn close(&self, connection: &Connection) -> Result<(), Fault> {
        match self.client.delete_connection().connection_id(connection.id()).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception() || error.code() == Some(MALFORMED)) => {
                Ok(())
            }
            Err(error) => Err(Fault::new("closing a connection", error)),
        }
    }
}

/// Waits before another attempt.
async fn pause(attempt: u32) {
    sleep(backoff::pause(attempt, Duration::from_millis(50), Duration::from_millis(800))).await;
}

/// Whether the connection's socket may not be open yet.
fn is_opening(connection: &Connection) -> bool {
    Duration::from_millis(clock::now_milliseconds().saturating_sub(connection.connected_at)) < UPGRADE
}
