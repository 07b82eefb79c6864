//! A message move task: how far it is, and its handle.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::queues::name_of;
use crate::account::queue_arn;

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Completed,
    Cancelled,
    /// With the reason, as AWS words it.
    Failed(&'static str),
}

pub(super) struct MoveTask {
    pub(super) id: Uuid,
    pub(super) status: Status,
    /// Where everything goes; without it, each message goes back to the queue that it came from.
    pub(super) destination_arn: Option<String>,
    /// Messages in a second.
    rate: Option<u64>,
    started_at: u64,
    /// Messages from this one on came after the task began and stay.
    pub(super) before: u64,
    to_move: u64,
    pub(super) moved: u64,
}

impl MoveTask {
    /// A task about the messages `before` a number, of which `to_move` were visible.
    pub(super) fn new(destination_arn: Option<String>, rate: Option<u64>, (before, to_move): (u64, u64), now: u64) -> MoveTask {
        MoveTask { id: Uuid::new_v4(), status: Status::Running, destination_arn, rate, started_at: now, before, to_move, moved: 0 }
    }

    /// When the next message may be moved: the first at once, the others at the rate.
    pub(super) fn next_due(&self) -> u64 {
        self.rate.map_or(self.started_at, |rate| self.started_at.saturating_add((self.moved * 1000).div_ceil(rate.max(1))))
    }

    /// The task as `ListMessageMoveTasks` shows it. Only a running one has a handle, because only that can be cancelled.
    pub(super) fn to_json(&self, source: &str) -> Value {
        let (status, reason) = match self.status {
            Status::Running => ("RUNNING", None),
            Status::Completed => ("COMPLETED", None),
            Status::Cancelled => ("CANCELLED", None),
            Status::Failed(reason) => ("FAILED", Some(reason)),
        };
        let mut task = json!({
            "Status": status, "SourceArn": queue_arn(source), "StartedTimestamp": self.started_at,
            "ApproximateNumberOfMessagesMoved": self.moved, "ApproximateNumberOfMessagesToMove": self.to_move,
        });
        let optional = [
            ("TaskHandle", (self.status == Status::Running).then(|| handle(self.id, source).into())),
            ("DestinationArn", self.destination_arn.clone().map(Value::from)),
            ("MaxNumberOfMessagesPerSecond", self.rate.map(Value::from)),
            ("FailureReason", reason.map(Value::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                task[name] = value;
            }
        }
        task
    }
}

/// The handle by which the task `id` of the queue `source` is cancelled.
pub(super) fn handle(id: Uuid, source: &str) -> String {
    BASE64_STANDARD.encode(json!({"taskId": id.to_string(), "sourceArn": queue_arn(source)}).to_string())
}

/// The id and the name of the queue in a handle.
pub(super) fn read_handle(handle: &str) -> Option<(Uuid, String)> {
    let handle: Value = serde_json::from_slice(&BASE64_STANDARD.decode(handle).ok()?).ok()?;
    let id = Uuid::parse_str(handle["taskId"].as_str()?).ok()?;
    Some((id, name_of(handle["sourceArn"].as_str()?).to_owned()))
}
