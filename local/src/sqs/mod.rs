//! The SQS room: standard queues in memory, spoken to in JSON protocol 1.0 (`AmazonSQS.*`).
//!
//! [`queue`] is one queue and [`queues`] all of them, with the messages that go from one to another; both are without I/O or a clock of
//! their own. [`actions`] are the requests they answer. Queues come from the template alone.

mod actions;
mod attributes;
mod config;
mod error;
mod message;
mod metering;
mod move_task;
mod queue;
mod queues;
mod request;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use self::error::Refusal;
use self::queues::{Queues, name_of};
pub use self::{
    attributes::{AttributeValue, MessageAttributes},
    config::{LARGEST_MESSAGE, QueueConfig, RedriveConfig},
    error::SqsError,
};
use crate::{account::ACCOUNT, aws_json, clock::Clock, lock::lock, meter::Meter};

/// A running SQS. Cheap to clone.
#[derive(Clone)]
pub struct Sqs {
    room: Arc<Room>,
    meter: Meter,
}

struct Room {
    queues: Mutex<Queues>,
    /// By queue: where receivers hear that something may have become visible.
    bells: BTreeMap<String, watch::Sender<()>>,
    base_url: String,
    clock: Clock,
    started_at: u64,
}

impl Sqs {
    /// The queues, empty. Their URLs begin with `base_url`, such as `http://127.0.0.1:6878`.
    pub fn new(queues: Vec<QueueConfig>, base_url: &str) -> Sqs {
        Sqs::with_clock(queues, base_url, Clock::default())
    }

    /// As [`Sqs::new`], with the time that `clock` tells.
    pub fn with_clock(queues: Vec<QueueConfig>, base_url: &str, clock: Clock) -> Sqs {
        let bells = queues.iter().map(|config| (config.name.clone(), watch::Sender::default())).collect();
        let (base_url, started_at) = (base_url.trim_end_matches('/').to_owned(), clock.now());
        Sqs {
            room: Arc::new(Room { queues: Mutex::new(Queues::new(queues)), bells, base_url, clock, started_at }),
            meter: Meter::default(),
        }
    }

    /// The same queues, with requests that go to this one and its clones counted by `meter`.
    #[must_use]
    pub fn metered(self, meter: Meter) -> Sqs {
        Sqs { meter, ..self }
    }

    /// The same queues for whoever signed a request with these headers.
    pub(crate) fn of_caller(&self, headers: &HeaderMap) -> Sqs {
        self.clone().metered(self.meter.of_caller(headers))
    }

    /// The URL of the queue `name`, whether or not there is one.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.room.base_url)
    }

    /// The clock of this room, for those who wait for its queues.
    pub fn clock(&self) -> &Clock {
        &self.room.clock
    }

    /// How long a message received from the queue `name` is hidden by default. `None` if there is no such queue.
    pub fn visibility_timeout(&self, name: &str) -> Option<Duration> {
        self.queues().get(name).map(|queue| queue.config.visibility_timeout)
    }

    /// Puts a message into the queue with this ARN, as another service of AWS does, and answers the message's id.
    ///
    /// # Errors
    /// If there is no such queue, or it refuses the message.
    pub fn send(&self, arn: &str, body: String, attributes: MessageAttributes) -> Result<String, SqsError> {
        let name = name_of(arn);
        if self.queues().get(name).is_none() {
            return Err(SqsError::NoQueue(arn.to_owned()));
        }
        let mut request = json!({"QueueUrl": self.url(name), "MessageBody": body});
        if !attributes.is_empty() {
            request["MessageAttributes"] = attributes::to_json(&attributes);
        }
        let refused = |refusal: Refusal| SqsError::Refused(refusal.to_string());
        // Only a receiver waits.
        let sent = self.request("SendMessage", &request).now_or_never().unwrap_or_else(|| Err(Refusal::no_queue()));
        let id = sent.map_err(refused)?["MessageId"].as_str().unwrap_or_default().to_owned();
        Ok(id)
    }

    /// Answers the request `action` with its parameters as the JSON protocol has them. Every request passes here, whether it comes over
    /// HTTP or from another room.
    pub(crate) async fn request(&self, action: &str, request: &Value) -> Result<Value, Refusal> {
        let answer = self.act(action, request).await;
        // A refused request is a request, and so is a poll that finds nothing.
        self.meter.sqs_request(metering::payload_bytes(request, answer.as_ref().ok()));
        answer
    }

    /// Answers the request `action`, such as `SendMessage`, with the JSON `body`.
    pub async fn handle(&self, action: &str, body: &[u8]) -> Response {
        let request_id = ("x-amzn-requestid", uuid::Uuid::new_v4().to_string());
        let request = serde_json::from_slice(if body.is_empty() { b"{}" } else { body });
        let answer = match request {
            Ok(request) => self.request(action, &request).await,
            Err(error) => Err(Refusal::invalid(format!("The request is not JSON: {error}."))),
        };
        match answer {
            Ok(answer) => ([aws_json::CONTENT_TYPE], [request_id], Bytes::from(answer.to_string())).into_response(),
            Err(refusal) => ([request_id], refusal).into_response(),
        }
    }

    /// How many messages of the queue `name` can be received or are being handled. Those that are delayed are for later.
    pub fn messages(&self, name: &str) -> usize {
        let now = self.clock().now();
        let counts = self.queues().get_mut(name).map(|queue| queue.counts(now));
        counts.map_or(0, |counts| counts.visible + counts.in_flight)
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        lock(&self.room.queues)
    }

    fn started_at(&self) -> u64 {
        self.room.started_at
    }

    /// Where a receiver of the queue `name` hears that it should look again.
    fn arrivals(&self, name: &str) -> Option<watch::Receiver<()>> {
        self.room.bells.get(name).map(watch::Sender::subscribe)
    }

    /// Has the receivers of the queue `name` look again.
    fn wake(&self, name: &str) {
        if let Some(bell) = self.room.bells.get(name) {
            bell.send_replace(());
        }
    }
}
