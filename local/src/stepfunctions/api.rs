//! The operations, in AWS's JSON protocol (`AWSStepFunctions.*`). What a request has that is not implemented is refused by name.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    LARGEST_PAYLOAD, StepFunctions,
    execution::{Execution, seconds},
};
use crate::{account::arn, aws_json};

/// What the name of an execution must not contain.
const NOT_IN_NAMES: &str = " <>{}[]?*\"#%\\^|~`$&,;:/";

/// A refused request: a code and a message.
type Refused = (&'static str, String);

/// What requests have, each some of it. Lists are answered whole.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Request {
    state_machine_arn: String,
    execution_arn: String,
    name: Option<String>,
    input: Option<String>,
    error: String,
    cause: String,
    status_filter: Option<String>,
    reverse_order: bool,
}

impl StepFunctions {
    /// Answers `operation`, such as `StartExecution`, with the JSON `body`. What runs goes on by itself.
    pub(crate) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let request = serde_json::from_slice(body);
        let request = request.map_err(|error| ("ValidationException", format!("this stack does not understand the request: {error}")));
        match request.and_then(|request| self.act(operation, request)) {
            Ok(answer) => aws_json::answer(&answer),
            Err((kind, message)) => aws_json::error(StatusCode::BAD_REQUEST, kind, &message),
        }
    }

    fn act(&self, operation: &str, request: Request) -> Result<Value, Refused> {
        let room = &self.room;
        match operation {
            "StartExecution" => self.start_execution(request),
            "StopExecution" => self.with(&request.execution_arn, |execution| {
                if execution.is_running() {
                    execution.stop.cancel();
                    execution.end(room.clock.now(), "Aborted", json!({"error": request.error, "cause": request.cause}));
                }
                json!({"stopDate": execution.told["stopDate"]})
            }),
            "DescribeExecution" => self.with(&request.execution_arn, |execution| execution.told.clone()),
            "GetExecutionHistory" => self.with(&request.execution_arn, |execution| {
                let mut events = execution.history.clone();
                if request.reverse_order {
                    events.reverse();
                }
                json!({ "events": events })
            }),
            "ListExecutions" => {
                let is_asked = |told: &&Value| {
                    let of_status = request.status_filter.as_ref().is_none_or(|status| told["status"] == **status);
                    of_status && told["stateMachineArn"] == request.state_machine_arn
                };
                Ok(json!({"executions": room.executions().values().map(|one| &one.told).filter(is_asked).collect::<Vec<_>>()}))
            }
            "ListStateMachines" => {
                let machines = room.machines.iter().map(|(arn, machine)| {
                    let since = seconds(room.started_at);
                    json!({"stateMachineArn": arn, "name": machine.template.name, "type": "STANDARD", "creationDate": since})
                });
                Ok(json!({"stateMachines": machines.collect::<Value>()}))
            }
            _ => Err(("UnknownOperationException", format!("states:{operation} is not implemented by this stack"))),
        }
    }

    /// Starts an execution. One that runs under the same name and with the same input is the answer again, and otherwise a name is used
    /// once (Step Functions API reference, `StartExecution`).
    fn start_execution(&self, request: Request) -> Result<Value, Refused> {
        let (room, machine_arn) = (Arc::clone(&self.room), request.state_machine_arn);
        let missing = || ("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{machine_arn}'"));
        let machine = room.machines.get(&machine_arn).ok_or_else(missing)?;
        let name = request.name.unwrap_or_else(|| Uuid::new_v4().to_string());
        if name.is_empty() || name.len() > 80 || name.chars().any(|letter| letter.is_control() || NOT_IN_NAMES.contains(letter)) {
            return Err(("InvalidName", format!("Invalid Name: '{name}'")));
        }
        let input = request.input.unwrap_or_else(|| "{}".to_owned());
        let unfit = |why: String| ("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'"));
        if input.len() > LARGEST_PAYLOAD {
            return Err(unfit(format!("it has more than {LARGEST_PAYLOAD} bytes")));
        }
        let given: Value = serde_json::from_str(&input).map_err(|error| unfit(error.to_string()))?;
        let arn = arn("states", &format!("execution:{}:{name}", machine.template.name));
        let mut executions = room.executions();
        let started = |told: &Value| json!({"executionArn": told["executionArn"], "startDate": told["startDate"]});
        if let Some(there) = executions.get(&arn) {
            let is_same = there.is_running() && there.told["input"] == input;
            let exists = || ("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"));
            return is_same.then(|| started(&there.told)).ok_or_else(exists);
        }
        let stop = room.stopping.child_token();
        let told = json!({"executionArn": arn, "stateMachineArn": machine_arn, "name": name, "input": input});
        let execution = Execution::new(room.clock.now(), told, stop.clone());
        let answer = started(&execution.told);
        executions.insert(arn.clone(), execution);
        let running = Arc::clone(&room);
        room.tasks.spawn(stop.run_until_cancelled_owned(async move { running.run(&machine_arn, &arn, given).await }));
        Ok(answer)
    }

    fn with(&self, arn: &str, look: impl FnOnce(&mut Execution) -> Value) -> Result<Value, Refused> {
        let missing = || ("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"));
        self.room.executions().get_mut(arn).map(look).ok_or_else(missing)
    }
}
