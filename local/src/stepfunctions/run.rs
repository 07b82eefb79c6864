//! An execution on its way from state to state.

use serde_json::{Value, json};

use super::{
    LARGEST_PAYLOAD, Machine, Room,
    definition::{Publish, State, Task},
    execution::Execution,
};
use crate::lambda::InvokeError;

/// Why a state, or an execution, has failed.
struct Failure {
    error: String,
    cause: String,
}

impl Failure {
    fn new(error: &str, cause: impl ToString) -> Failure {
        Failure { error: error.to_owned(), cause: cause.to_string() }
    }

    /// What no state can retry or catch.
    fn runtime(state: &str, why: &str) -> Failure {
        Failure::new("States.Runtime", format!("The state '{state}' cannot go on: {why}."))
    }

    fn to_json(&self) -> Value {
        json!({"error": self.error, "cause": self.cause})
    }
}

impl Room {
    /// Takes an execution of a machine, both by their ARNs, to its end, from `input`.
    pub(super) async fn run(&self, machine: &str, arn: &str, input: Value) {
        let Some(machine) = self.machines.get(machine) else { return };
        let (how, details) = match self.pass_through(machine, arn, input).await {
            Ok(output) => ("Succeeded", json!({"output": output.to_string()})),
            Err(failure) => ("Failed", failure.to_json()),
        };
        let now = self.clock.now();
        self.with_running(arn, |execution| execution.end(now, how, details));
    }

    /// Does something with an execution, unless it was stopped in this moment.
    fn with_running(&self, arn: &str, work: impl FnOnce(&mut Execution)) {
        self.executions().get_mut(arn).filter(|execution| execution.is_running()).map(work).unwrap_or_default();
    }

    async fn pass_through(&self, machine: &Machine, arn: &str, mut data: Value) -> Result<Value, Failure> {
        let mut name = machine.definition.start_at.as_str();
        loop {
            let state = machine.definition.states.get(name).ok_or_else(|| Failure::runtime(name, "it is not there"))?;
            self.note(arn, &format!("{}StateEntered", state.kind()), json!({"name": name, "input": data.to_string()}));
            let mut next = None;
            match state {
                State::Task(task) => {
                    let done = self.carry_out(machine, arn, task, data).await?;
                    (next, data) = (Some(done.0), done.1);
                }
                State::Choice { choices, default } => {
                    for rule in choices {
                        let holds = rule.holds(&data).ok_or_else(|| Failure::runtime(name, "what a rule compares is not in the input"))?;
                        next = next.or(holds.then_some(rule.next.as_str()));
                        if holds {
                            break;
                        }
                    }
                    next = next.or(Some(default));
                }
                State::Wait { seconds_path, next: after } => {
                    let seconds = seconds_path.get(&data).and_then(Value::as_u64);
                    let seconds = seconds.ok_or_else(|| Failure::runtime(name, "SecondsPath leads to no number of seconds"))?;
                    self.clock.sleep_until(self.clock.now() + seconds * 1_000).await;
                    next = Some(after);
                }
                State::Succeed {} => {}
                State::Fail { error, cause_path } => return Err(Failure::new(error, text(cause_path.get(&data)))),
            }
            let output = data.to_string();
            if output.len() > LARGEST_PAYLOAD {
                let cause = format!("The state '{name}' returned a result with a size exceeding {LARGEST_PAYLOAD} bytes.");
                return Err(Failure::new("States.DataLimitExceeded", cause));
            }
            self.note(arn, &format!("{}StateExited", state.kind()), json!({"name": name, "output": output}));
            match next {
                Some(next) => name = next,
                None => return Ok(data),
            }
        }
    }

    fn note(&self, arn: &str, kind: &str, details: Value) {
        let now = self.clock.now();
        self.with_running(arn, |execution| execution.note(now, kind, details));
    }

    /// Carries out a task until it succeeds, or its retries are used up and its failure is caught. The next state and what it is given.
    async fn carry_out<'a>(&self, machine: &Machine, arn: &str, task: &'a Task, input: Value) -> Result<(&'a str, Value), Failure> {
        let mut attempts = vec![0; task.retry.len()];
        loop {
            let failure = match self.attempt(machine, task, &input).await {
                Ok(result) => return Ok((&task.next, if task.discards_result { input } else { result })),
                Err(failure) => failure,
            };
            let mut details = failure.to_json();
            if task.parameters.is_some() {
                (details["resourceType"], details["resource"]) = ("sns".into(), "publish".into());
                self.note(arn, "TaskFailed", details);
            } else {
                self.note(arn, "LambdaFunctionFailed", details);
            }
            let mut retries = task.retry.iter().zip(&mut attempts);
            if let Some((retry, attempts)) = retries.find(|(retry, _)| retry.error_equals.have(&failure.error))
                && *attempts < retry.max_attempts
            {
                let wait = retry.wait(*attempts);
                *attempts += 1;
                self.clock.sleep_until(self.clock.now() + wait).await;
                continue;
            }
            let Some(catch) = task.catch.iter().find(|catch| catch.error_equals.have(&failure.error)) else { return Err(failure) };
            let told = json!({"Error": failure.error, "Cause": failure.cause});
            let unfit = || Failure::runtime(&catch.next, "ResultPath does not fit into the input");
            return Ok((&catch.next, catch.result_path.put(input, told).ok_or_else(unfit)?));
        }
    }

    /// Calls what the task names, if the machine may.
    async fn attempt(&self, machine: &Machine, task: &Task, input: &Value) -> Result<Value, Failure> {
        let may = |action: &str, resource: &str| self.iam.allows(&machine.template.role(), action, resource);
        match &task.parameters {
            None => {
                may("lambda:InvokeFunction", &task.resource).map_err(|denial| Failure::new("Lambda.AWSLambdaException", denial))?;
                let answer = self.lambda.invoke(&task.resource, input.to_string().into()).await.result.map_err(of_lambda)?;
                serde_json::from_slice(&answer)
                    .map_err(|error| Failure::new("States.TaskFailed", format!("the answer is no JSON: {error}")))
            }
            Some(Publish { topic_arn, subject, message }) => {
                may("sns:Publish", topic_arn).map_err(|denial| Failure::new("SNS.AuthorizationErrorException", denial))?;
                let nothing = || Failure::new("States.ParameterPathFailure", "the message is not in the input");
                let message = text(Some(message.get(input).ok_or_else(nothing)?));
                let published = self.sns.publish_with_subject(topic_arn, Some(subject), message);
                let id = published.map_err(|error| Failure::new(&format!("SNS.{}Exception", error.code), &error))?;
                Ok(json!({ "MessageId": id }))
            }
        }
    }
}

/// A text as it is, and all else as JSON.
fn text(value: Option<&Value>) -> String {
    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
}

/// What Step Functions makes of what Lambda says.
fn of_lambda(error: InvokeError) -> Failure {
    let name = match &error {
        InvokeError::Function { error_type, payload, .. } => return Failure::new(error_type, String::from_utf8_lossy(payload)),
        InvokeError::NotFound(_) => "Lambda.ResourceNotFoundException",
        InvokeError::Throttled => "Lambda.TooManyRequestsException",
        InvokeError::RequestTooLarge(..) => "Lambda.RequestTooLargeException",
    };
    Failure::new(name, error)
}
