//! The SQS room: standard queues in memory, spoken to in JSON protocol 1.0 (`AmazonSQS.*`).
//!
//! [`queue`] is the queue itself, without I/O or a clock; [`actions`] are the requests it answers. It does what reading a dead letter with
//! any SDK or the `aws` CLI needs; every other action is refused by name. Queues come from the template alone.

mod actions;
mod attributes;
mod error;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::sync::watch;

pub use self::{
    actions::LARGEST_MESSAGE,
    attributes::{AttributeValue, MessageAttributes},
    error::SqsError,
};
use self::{error::Refusal, queue::Queue};
use crate::{
    account::{ACCOUNT, queue_arn},
    aws_json,
    clock::{self, milliseconds},
    lock::lock,
};

/// A standard queue, as the template describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// The physical name.
    pub name: String,
    /// How long a received message is hidden from other receivers, unless the receiver says otherwise. AWS's default is 30 seconds.
    pub visibility_timeout: Duration,
    /// How long a message is kept. AWS's default is 4 days.
    pub retention: Duration,
}

/// Where time comes from: the system, or what a test says. Epoch milliseconds.
type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A running SQS. Cheap to clone.
#[derive(Clone)]
pub struct Sqs {
    queues: Arc<BTreeMap<String, Shelf>>,
    base_url: Arc<str>,
    clock: Clock,
    started_at: u64,
}

/// A queue, and where receivers hear that something was put into it.
struct Shelf {
    config: QueueConfig,
    queue: Mutex<Queue>,
    arrivals: watch::Sender<u64>,
}

impl Shelf {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

impl Sqs {
    /// The queues, empty. Their URLs begin with `base_url`, such as `http://127.0.0.1:6878`.
    pub fn new(queues: Vec<QueueConfig>, base_url: &str) -> Sqs {
        Sqs::with_clock(queues, base_url, Arc::new(clock::now))
    }

    /// As [`Sqs::new`], with the time that `clock` tells. A receiver that waits looks again when something arrives or the time it waits
    /// for has passed on the machine's own clock.
    fn with_clock(queues: Vec<QueueConfig>, base_url: &str, clock: Clock) -> Sqs {
        let shelf = |config: QueueConfig| {
            let queue = Mutex::new(Queue::new(milliseconds(config.retention)));
            (config.name.clone(), Shelf { config, queue, arrivals: watch::Sender::new(0) })
        };
        let started_at = clock();
        Sqs {
            queues: Arc::new(queues.into_iter().map(shelf).collect()),
            base_url: base_url.trim_end_matches('/').into(),
            clock,
            started_at,
        }
    }

    /// The URL of the queue `name`, whether or not there is one.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.base_url)
    }

    /// Puts a message into the queue with this ARN, and answers the message's id.
    ///
    /// # Errors
    /// If there is no such queue.
    pub fn send(&self, arn: &str, body: String, attributes: MessageAttributes) -> Result<String, SqsError> {
        let name = arn.strip_prefix(&queue_arn("")).unwrap_or(arn);
        let shelf = self.queues.get(name).ok_or_else(|| SqsError::NoQueue(arn.to_owned()))?;
        Ok(self.put(shelf, body, attributes, 0))
    }

    fn put(&self, shelf: &Shelf, body: String, attributes: MessageAttributes, delay: u64) -> String {
        let id = shelf.queue().send(body, attributes, delay, (self.clock)());
        shelf.arrivals.send_modify(|count| *count += 1);
        id
    }

    /// Answers the request `action`, such as `SendMessage`, with the JSON `body`.
    pub async fn handle(&self, action: &str, body: &[u8]) -> Response {
        let request_id = ("x-amzn-requestid", uuid::Uuid::new_v4().to_string());
        match self.answer(action, body).await {
            Ok(answer) => ([aws_json::CONTENT_TYPE], [request_id], Bytes::from(answer.to_string())).into_response(),
            Err(Refusal { code, query_code, message }) => {
                let query_error = [("x-amzn-query-error", format!("{query_code};Sender"))];
                let error = aws_json::error(StatusCode::BAD_REQUEST, &format!("com.amazonaws.sqs#{code}"), &message);
                ([request_id], query_error, error).into_response()
            }
        }
    }
}
