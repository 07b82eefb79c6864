//! What is known of one execution, as the API tells it. Times are epoch milliseconds here, and seconds there.

use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::run::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Running,
    Succeeded,
    Failed,
    Aborted,
}

pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) machine_arn: String,
    name: String,
    /// JSON.
    pub(super) input: String,
    pub(super) started_at: u64,
    pub(super) status: Status,
    pub(super) stopped_at: Option<u64>,
    /// JSON, of one that has succeeded.
    output: Option<String>,
    failure: Option<Failure>,
    pub(super) history: Vec<Value>,
    /// Stops it.
    pub(super) stop: CancellationToken,
}

pub(super) fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

impl Execution {
    /// One that starts now, with its own ARN and that of its machine.
    pub(super) fn new((arn, machine_arn): (String, String), name: String, input: String, now: u64, stop: CancellationToken) -> Execution {
        let (status, history) = (Status::Running, Vec::new());
        let (stopped_at, output, failure) = Default::default();
        let details = json!({ "input": input });
        let mut execution =
            Execution { arn, machine_arn, name, input, started_at: now, status, stopped_at, output, failure, history, stop };
        execution.note(now, "ExecutionStarted", details);
        execution
    }

    /// Adds an event to the history.
    pub(super) fn note(&mut self, now: u64, kind: &str, details: Value) {
        // Events of states are named by the kind of state, and their details are not.
        let group = ["StateEntered", "StateExited"].into_iter().find(|group| kind.ends_with(group)).unwrap_or(kind);
        let member = format!("{}{}EventDetails", group[..1].to_ascii_lowercase(), &group[1..]);
        let id = self.history.len() + 1;
        self.history.push(json!({"timestamp": seconds(now), "type": kind, "id": id, "previousEventId": id - 1, (member): details}));
    }

    /// It has come to its end.
    pub(super) fn end(&mut self, now: u64, ended: Result<Value, Failure>) {
        match ended {
            Ok(output) => {
                self.note(now, "ExecutionSucceeded", json!({"output": output.to_string()}));
                (self.status, self.output) = (Status::Succeeded, Some(output.to_string()));
            }
            Err(failure) => {
                self.note(now, "ExecutionFailed", failure.to_json());
                (self.status, self.failure) = (Status::Failed, Some(failure));
            }
        }
        self.stopped_at = Some(now);
    }

    /// Somebody has stopped it.
    pub(super) fn abort(&mut self, now: u64, failure: Failure) {
        self.stop.cancel();
        self.note(now, "ExecutionAborted", failure.to_json());
        (self.status, self.failure, self.stopped_at) = (Status::Aborted, Some(failure), Some(now));
    }

    /// As it is listed.
    pub(super) fn summary(&self) -> Value {
        let mut summary = json!({
            "executionArn": self.arn, "stateMachineArn": self.machine_arn, "name": self.name, "status": self.status,
            "startDate": seconds(self.started_at),
        });
        if let Some(stopped_at) = self.stopped_at {
            summary["stopDate"] = seconds(stopped_at).into();
        }
        summary
    }

    /// As it is described.
    pub(super) fn described(&self) -> Value {
        let mut described = self.summary();
        described["input"] = self.input.as_str().into();
        if let Some(output) = &self.output {
            described["output"] = output.as_str().into();
        }
        if let (Some(failure), Some(members)) = (&self.failure, described.as_object_mut()) {
            members.extend(failure.to_json().as_object().cloned().unwrap_or_default());
        }
        described
    }
}
