//! The SQS room: standard queues, spoken to in JSON protocol 1.0 (`AmazonSQS.*`), as far as the functions, the runbook and the mappings use
//! it. Queues come from the template alone. With `--data`, their messages outlive the process.
//!
//! [`queue`] is one queue and [`store`] all of them, with the messages that go from one to another; both are without a clock of their own.
//! [`api`] has the actions, [`parameters`] what they take.

mod api;
mod error;
mod parameters;
mod queue;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

pub use self::error::SqsError;
use self::{queue::Counts, store::Store};
use crate::{
    account::{ACCOUNT, queue_arn},
    aws_json,
    clock::Clock,
    events::Events,
    keep::Keep,
    lock::lock,
    meter::Meter,
    template::Queue,
};

/// The most that a message may have, in bytes.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

/// A running SQS. Cheap to clone.
#[derive(Clone)]
pub struct Sqs {
    room: Arc<Room>,
    meter: Meter,
}

struct Room {
    store: Mutex<Store>,
    base_url: String,
    clock: Clock,
}

/// The name in a queue's ARN.
fn name_of(arn: &str) -> &str {
    arn.strip_prefix(&queue_arn("")).unwrap_or(arn)
}

impl Sqs {
    /// The queues with the messages that `keep` has of them. Their URLs begin with `base_url`, such as `http://127.0.0.1:6878`.
    pub fn new(queues: Vec<Queue>, base_url: &str, keep: Keep) -> Sqs {
        Sqs::open(queues, base_url, keep, Clock::default())
    }

    fn open(queues: Vec<Queue>, base_url: &str, keep: Keep, clock: Clock) -> Sqs {
        let (store, base_url) = (Mutex::new(Store::open(queues, keep)), base_url.trim_end_matches('/').to_owned());
        Sqs { room: Arc::new(Room { store, base_url, clock }), meter: Meter::default() }
    }

    /// The same queues, with requests that go to this one and its clones counted by `meter`.
    #[must_use]
    pub fn metered(self, meter: Meter) -> Sqs {
        Sqs { meter, ..self }
    }

    /// The same queues, of whose dead letters `events` tells.
    #[must_use]
    pub(crate) fn watched(self, events: Events) -> Sqs {
        self.store().events = events;
        self
    }

    /// The same queues for whoever signed a request with these headers.
    pub(crate) fn of_caller(&self, headers: &HeaderMap) -> Sqs {
        self.clone().metered(self.meter.of_caller(headers))
    }

    /// The URL of the queue `name`, whether or not there is one.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.room.base_url)
    }

    /// What there is in each queue.
    pub(crate) fn stats(&self) -> BTreeMap<String, Counts> {
        let now = self.room.clock.now();
        self.store().queues.iter_mut().map(|(name, queue)| (name.clone(), queue.counts(now))).collect()
    }

    /// The clock of this room, for those who wait for its queues.
    pub fn clock(&self) -> &Clock {
        &self.room.clock
    }

    /// How long a message received from the queue `name` is hidden by default. `None` if there is no such queue.
    pub fn visibility_timeout(&self, name: &str) -> Option<Duration> {
        self.store().queue(name).ok().map(|queue| queue.template.visibility_timeout)
    }

    /// Puts a message into the queue with this ARN, as another service of AWS does, and answers the message's id.
    ///
    /// # Errors
    /// If there is no such queue, or it refuses the message.
    pub fn send(&self, arn: &str, body: String) -> Result<String, SqsError> {
        self.meter.sqs_request(body.len());
        self.put(name_of(arn), &body, 0).map(|id| id.to_string())
    }

    /// Answers the request `action` with its parameters as the JSON protocol has them, whether it comes over HTTP or from another room.
    pub(crate) async fn request(&self, action: &str, request: &Value) -> Result<Value, SqsError> {
        let answer = self.act(action, request).await;
        // A refused request is a request, and so is a poll that finds nothing.
        self.meter.sqs_request(api::payload_bytes(request) + answer.as_ref().map_or(0, api::payload_bytes));
        answer
    }

    /// Answers the request `action`, such as `SendMessage`, with the JSON `body`.
    pub async fn handle(&self, action: &str, body: &[u8]) -> Response {
        let request_id = ("x-amzn-requestid", Uuid::new_v4().to_string());
        let answer = match serde_json::from_slice(body) {
            Ok(request) => self.request(action, &request).await,
            Err(error) => Err(SqsError::new(error::INVALID, format!("The request is not JSON: {error}."))),
        };
        match answer {
            Ok(answer) => ([request_id], aws_json::answer(&answer)).into_response(),
            Err(error) => ([request_id], error).into_response(),
        }
    }

    /// How many messages of the queue `name` can be received or are being handled. Those that are delayed are for later.
    pub fn messages(&self, name: &str) -> usize {
        let counts = self.store().queue(name).map(|queue| queue.counts(self.clock().now()));
        counts.map_or(0, |counts| counts.visible + counts.in_flight)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.room.store)
    }
}
