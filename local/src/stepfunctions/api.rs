//! The operations, in AWS's JSON protocol (`AWSStepFunctions.*`). What a request has that is not implemented is refused by name.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    LARGEST_PAYLOAD, StepFunctions,
    execution::{Execution, Status, seconds},
    run::Failure,
};
use crate::{account::arn, aws_json};

/// Events or executions in one answer, unless the request says otherwise.
const PAGE: usize = 100;

/// What the name of an execution must not contain.
const NOT_IN_NAMES: &str = " <>{}[]?*\"#%\\^|~`$&,;:/";

/// A refused request: a code and a message.
type Refused = (&'static str, String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Describe {
    execution_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stop {
    execution_arn: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

/// What is to be listed, and which part of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct List {
    execution_arn: String,
    state_machine_arn: String,
    status_filter: Option<String>,
    reverse_order: bool,
    max_results: usize,
    next_token: Option<String>,
}

impl List {
    /// The part of `all` that is asked for, as the member `name`.
    fn page(&self, name: &str, mut all: Vec<Value>) -> Result<Value, Refused> {
        if self.reverse_order {
            all.reverse();
        }
        let from = self.next_token.as_ref().map_or(Ok(0), |token| token.parse());
        let from: usize = from.map_err(|_| ("InvalidToken", "Invalid Token: nextToken is not one of this stack".to_owned()))?;
        let until = from + if self.max_results == 0 { PAGE } else { self.max_results };
        let mut page = json!({ (name): all.get(from..until.min(all.len())).unwrap_or_default() });
        if until < all.len() {
            page["nextToken"] = until.to_string().into();
        }
        Ok(page)
    }
}

impl StepFunctions {
    /// Answers `operation`, such as `StartExecution`, with the JSON `body`. What runs goes on by itself.
    pub(crate) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        match self.act(operation, body) {
            Ok(answer) => aws_json::answer(&answer),
            Err((kind, message)) => aws_json::error(StatusCode::BAD_REQUEST, kind, &message),
        }
    }

    fn act(&self, operation: &str, body: &[u8]) -> Result<Value, Refused> {
        match operation {
            "StartExecution" => self.start_execution(read(body)?),
            "StopExecution" => {
                let Stop { execution_arn, error, cause } = read(body)?;
                let now = self.room.clock.now();
                let stopped = self.with(&execution_arn, |execution| {
                    if execution.status == Status::Running {
                        execution.abort(now, Failure { error, cause });
                    }
                    execution.stopped_at
                })?;
                Ok(json!({"stopDate": stopped.map(seconds)}))
            }
            "DescribeExecution" => self.with(&read::<Describe>(body)?.execution_arn, |execution| execution.described()),
            "GetExecutionHistory" => {
                let list: List = read(body)?;
                list.page("events", self.with(&list.execution_arn, |execution| execution.history.clone())?)
            }
            "ListExecutions" => {
                let list: List = read(body)?;
                self.room.machines.get(&list.state_machine_arn).ok_or_else(|| no_machine(&list.state_machine_arn))?;
                let executions = self.room.executions();
                let mut found: Vec<_> = executions.values().filter(|one| one.machine_arn == list.state_machine_arn).collect();
                found.sort_by_key(|execution| std::cmp::Reverse(execution.started_at));
                let found = found.iter().map(|execution| execution.summary());
                let of_status = |summary: &Value| list.status_filter.as_ref().is_none_or(|wanted| summary["status"] == **wanted);
                list.page("executions", found.filter(of_status).collect())
            }
            "ListStateMachines" => {
                let machine = |arn: &String, name: &str| json!({"stateMachineArn": arn, "name": name, "type": "STANDARD", "creationDate": seconds(self.room.started_at)});
                let machines = self.room.machines.iter().map(|(arn, found)| machine(arn, &found.template.name));
                read::<List>(body)?.page("stateMachines", machines.collect())
            }
            _ => Err(("UnknownOperationException", format!("states:{operation} is not implemented by this stack"))),
        }
    }

    /// Starts an execution. One that runs under the same name and with the same input is the answer again, and otherwise a name is used
    /// once (Step Functions API reference, `StartExecution`).
    fn start_execution(&self, Start { state_machine_arn, name, input }: Start) -> Result<Value, Refused> {
        let room = Arc::clone(&self.room);
        let machine = room.machines.get(&state_machine_arn).ok_or_else(|| no_machine(&state_machine_arn))?;
        let name = name.unwrap_or_else(|| Uuid::new_v4().to_string());
        if name.is_empty() || name.len() > 80 || name.chars().any(|letter| letter.is_control() || NOT_IN_NAMES.contains(letter)) {
            return Err(("InvalidName", format!("Invalid Name: '{name}'")));
        }
        let input = input.unwrap_or_else(|| "{}".to_owned());
        let given = serde_json::from_str(&input).map_err(|error| error.to_string());
        let given: Value = if input.len() > LARGEST_PAYLOAD { Err(format!("it has more than {LARGEST_PAYLOAD} bytes")) } else { given }
            .map_err(|why| ("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{why}'")))?;
        let arn = arn("states", &format!("execution:{}:{name}", machine.template.name));
        let mut executions = room.executions();
        let started = |execution: &Execution| json!({"executionArn": execution.arn, "startDate": seconds(execution.started_at)});
        if let Some(there) = executions.get(&arn) {
            let is_same = there.status == Status::Running && there.input == input;
            return if is_same {
                Ok(started(there))
            } else {
                Err(("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'")))
            };
        }
        let stop = room.stopping.child_token();
        let execution = Execution::new((arn.clone(), state_machine_arn.clone()), name, input, room.clock.now(), stop.clone());
        let answer = started(&execution);
        executions.insert(arn.clone(), execution);
        drop(executions);
        let running = Arc::clone(&room);
        self.room.tasks.spawn(stop.run_until_cancelled_owned(async move {
            if let Some(machine) = running.machines.get(&state_machine_arn) {
                running.run(machine, &arn, given).await;
            }
        }));
        Ok(answer)
    }

    fn with<T>(&self, arn: &str, look: impl FnOnce(&mut Execution) -> T) -> Result<T, Refused> {
        let missing = || ("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"));
        self.room.executions().get_mut(arn).map(look).ok_or_else(missing)
    }
}

fn no_machine(arn: &str) -> Refused {
    ("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| ("ValidationException", format!("this stack does not understand the request: {error}")))
}
