//! What is known of one execution, as the API tells it.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(super) struct Execution {
    /// As `DescribeExecution` answers.
    pub(super) told: Value,
    pub(super) history: Vec<Value>,
    /// Stops it.
    pub(super) stop: CancellationToken,
}

/// A time in epoch milliseconds as the API writes it.
pub(super) fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

impl Execution {
    /// One that starts now, with its own name and ARN and that of its machine, and with its input.
    pub(super) fn new(now: u64, mut told: Value, stop: CancellationToken) -> Execution {
        (told["startDate"], told["status"]) = (seconds(now).into(), "RUNNING".into());
        let input = json!({"input": told["input"]});
        let mut execution = Execution { told, history: Vec::new(), stop };
        execution.note(now, "ExecutionStarted", input);
        execution
    }

    pub(super) fn is_running(&self) -> bool {
        self.told["status"] == "RUNNING"
    }

    /// Adds an event to the history.
    pub(super) fn note(&mut self, now: u64, kind: &str, details: Value) {
        // Events of states are named by the kind of state, and their details are not.
        let group = ["StateEntered", "StateExited"].into_iter().find(|group| kind.ends_with(group)).unwrap_or(kind);
        let member = format!("{}{}EventDetails", group[..1].to_ascii_lowercase(), &group[1..]);
        let id = self.history.len() + 1;
        self.history.push(json!({"timestamp": seconds(now), "type": kind, "id": id, "previousEventId": id - 1, (member): details}));
    }

    /// It has come to its end: `Succeeded` with an `output`, or `Failed` or `Aborted` with an `error` and a `cause`.
    pub(super) fn end(&mut self, now: u64, how: &str, details: Value) {
        self.note(now, &format!("Execution{how}"), details.clone());
        if let (Value::Object(told), Value::Object(details)) = (&mut self.told, details) {
            told.extend(details);
        }
        (self.told["stopDate"], self.told["status"]) = (seconds(now).into(), how.to_ascii_uppercase().into());
    }
}
