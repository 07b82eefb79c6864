//! Pushing down sockets: the only place that talks to them, and the only place that handles a socket that is gone.
//!
//! - To one connection the frames go one after another, so that it sees them in order; different connections are served side by
//!   side, up to [`CONCURRENCY`] in one function, so that a slow one delays nobody.
//! - 410 Gone removes exactly that connection's row, and only when it is older than [`UPGRADE`]: before that its socket may not be
//!   open yet, and removing the row would silence a live player.
//! - A connection that keeps refusing (its client does not read) is closed, so that its client connects again and resumes.
//! - What was not pushed is not lost: it stays in the inbox. Only a fault of the service itself is worth the stream's retry.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::{Client, operation::post_to_connection::PostToConnectionError, primitives::Blob};
use aws_smithy_types::retry::RetryConfig;
use futures_util::future::join_all;
use muster_protocol::ServerFrame;
use tokio::{sync::Semaphore, time::sleep};

use crate::{
    Config, ConfigError, Connection, Connections, Fault, backoff, clock,
    telemetry::{Metric, Metrics},
};

/// How many connections one function serves at once.
const CONCURRENCY: usize = 32;

/// How long a socket may take to open after its `$connect`: API Gateway's 29 seconds and some.
const UPGRADE: Duration = Duration::from_secs(35);

/// How often one frame is tried on one connection: enough for a client's full buffer to drain or an upgrade to complete.
const ATTEMPTS: u32 = 4;

/// A frame on its way to a player.
#[derive(Clone, Debug)]
pub struct Outgoing {
    text: Vec<u8>,
    since: u64,
}

impl Outgoing {
    /// `frame`, whose row was made at `since` (epoch milliseconds).
    ///
    /// # Errors
    /// A [`Fault`] if the frame cannot be written as JSON.
    pub fn new(frame: &ServerFrame, since: u64) -> Result<Self, Fault> {
        let text = serde_json::to_vec(frame).map_err(|error| Fault::new("writing a push as JSON", error))?;
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
    /// Reads `PUSH_ENDPOINT`, or the override of its base with `STAGE`, and what [`Connections`] reads.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let endpoint = match config.endpoint("APIGATEWAYMANAGEMENTAPI") {
            Some(base) => format!("{base}/{}", config.required("STAGE")?),
            None => config.required("PUSH_ENDPOINT")?.to_owned(),
        };
        // The attempts are counted here, where it is known what each refusal means.
        let sdk = crate::sdk::sdk_config(config, Some(&endpoint), RetryConfig::disabled())?;
        let connections = Connections::from_config(config)?;
        Ok(Self { client: Client::new(&sdk), connections, permits: Semaphore::new(CONCURRENCY) })
    }

    /// Sends `frames`, in order, to every open connection of a player, and returns how many connections have received all of them.
    ///
    /// # Errors
    /// A [`PushFault`] if a service failed. Frames before its index need not be sent again; later ones may arrive twice.
    pub async fn to_player(&self, player_id: &str, frames: &[Outgoing], metrics: &Metrics) -> Result<usize, PushFault> {
        let connections = self.connections.of_player(player_id).await.map_err(|fault| PushFault { index: 0, fault })?;
        let served = join_all(connections.iter().map(|connection| self.to_connection(connection, frames, metrics))).await;
        let mut reached = 0;
        let mut first: Option<PushFault> = None;
        for result in served {
            match result {
                Ok(all) => reached += usize::from(all),
                Err(fault) if first.as_ref().is_none_or(|first| fault.index < first.index) => first = Some(fault),
                Err(_) => {}
            }
        }
        first.map_or(Ok(reached), Err)
    }

    /// Sends `frames` to one connection until it has all of them (`true`) or takes no more (`false`).
    async fn to_connection(&self, connection: &Connection, frames: &[Outgoing], metrics: &Metrics) -> Result<bool, PushFault> {
        let at = |index| move |fault| PushFault { index, fault };
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|error| Fault::new("waiting to push", error)).map_err(at(0))?;
        if connection.is_expired() {
            // Its socket may still be open, but would stay deaf for good: closing it makes its client connect with a new token.
            self.close(connection).await;
            self.connections.delete(&connection.player_id, connection.id()).await.map_err(at(0))?;
            return Ok(false);
        }
        for (index, frame) in frames.iter().enumerate() {
            match self.post(connection, frame).await {
                Post::Sent => {
                    let age = clock::now_milliseconds().saturating_sub(frame.since);
                    metrics.record(Metric::RowToPushMilliseconds, age);
                }
                Post::Gone => {
                    self.forget(connection, metrics).await.map_err(at(index))?;
                    return Ok(false);
                }
                Post::Refused => {
                    tracing::warn!(connectionId = connection.id(), "closing a connection that takes no more pushes");
                    self.close(connection).await;
                    return Ok(false);
                }
                Post::Fault(fault) => return Err(PushFault { index, fault }),
            }
        }
        Ok(true)
    }

    /// Posts one frame, again after a pause where that can help.
    async fn post(&self, connection: &Connection, frame: &Outgoing) -> Post {
        for attempt in 1.. {
            let outcome = self.post_once(connection, frame).await;
            let hopeless = match &outcome {
                Post::Sent => true,
                Post::Gone => !is_opening(connection),
                Post::Refused | Post::Fault(_) => false,
            };
            if hopeless || attempt == ATTEMPTS {
                return outcome;
            }
            sleep(backoff::pause(attempt, Duration::from_millis(50), Duration::from_millis(400))).await;
        }
        Post::Fault(Fault::because("no attempt was made"))
    }

    async fn post_once(&self, connection: &Connection, frame: &Outgoing) -> Post {
        let data = Blob::new(frame.text.clone());
        let Err(error) = self.client.post_to_connection().connection_id(connection.id()).data(data).send().await else {
            return Post::Sent;
        };
        match error.as_service_error() {
            Some(PostToConnectionError::GoneException(_)) => Post::Gone,
            Some(PostToConnectionError::LimitExceededException(_)) => Post::Refused,
            _ => Post::Fault(Fault::new("posting to a connection", error)),
        }
    }

    /// Deals with 410: the row of a connection that is gone for good is deleted; one that may still be opening is kept.
    async fn forget(&self, connection: &Connection, metrics: &Metrics) -> Result<(), Fault> {
        if is_opening(connection) {
            tracing::info!(connectionId = connection.id(), "the connection is not open yet: the inbox keeps the push");
            return Ok(());
        }
        metrics.record(Metric::PushesGone, 1);
        self.connections.delete(&connection.player_id, connection.id()).await
    }

    /// Closes a socket. It is only told, not needed: if it fails, the row expires with the connection's lifetime.
    async fn close(&self, connection: &Connection) {
        let closed = self.client.delete_connection().connection_id(connection.id()).send().await;
        if let Err(error) = closed.map_err(|error| Fault::new("closing a connection", error)) {
            tracing::info!(connectionId = connection.id(), error = error.chain(), "the connection could not be closed");
        }
    }
}

/// Whether the connection's socket may not be open yet.
fn is_opening(connection: &Connection) -> bool {
    Duration::from_millis(clock::now_milliseconds().saturating_sub(connection.connected_at)) < UPGRADE
}
