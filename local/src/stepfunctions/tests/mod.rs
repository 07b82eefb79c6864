//! The room on the repository's own definition, with a real function that takes the steps, and another that hears of the reports.

mod api;
mod definition;
mod run;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;
use crate::{
    account::{arn, function_arn, queue_arn},
    keep::Keep,
    lambda::test_function::{config, quiet},
    sqs::Sqs,
    template::{Function, Manifest, Statement, Topic, TopicSubscription},
};

/// When the clock of these tests begins.
const START: u64 = 1_700_000_000_000;

struct Stack {
    room: StepFunctions,
    lambda: Lambda,
    clock: Clock,
    reports: tempfile::NamedTempFile,
}

/// The machine's own ARN.
fn machine() -> String {
    arn("states", "stateMachine:replay")
}

/// The machine of the repository, which may call these.
fn template(allowed: &[(&str, String)]) -> StateMachine {
    let substitutions = [("ReplayFunctionArn", function_arn("test:live")), ("OperationsTopicArn", arn("sns", "operations"))];
    let statement = |(action, resource): &(&str, String)| Statement {
        place: "Replay.Policies[0].Statement[0]".to_owned(),
        actions: vec![(*action).to_owned()],
        resources: vec![resource.clone()],
    };
    StateMachine {
        logical_id: "Replay".to_owned(),
        name: "replay".to_owned(),
        arn: machine(),
        definition_uri: "statemachine/replay_dead_letters.asl.json".to_owned(),
        definition_substitutions: substitutions.map(|(name, value)| (name.to_owned(), value)).into(),
        statements: allowed.iter().map(statement).collect(),
    }
}

impl Stack {
    async fn start() -> Stack {
        let allowed = [("lambda:InvokeFunction", function_arn("test:live")), ("sns:Publish", arn("sns", "operations"))];
        Stack::start_with(&allowed, |_| ()).await
    }

    /// With a machine that may call these, and a changed function.
    async fn start_with(allowed: &[(&str, String)], change: impl FnOnce(&mut Function)) -> Stack {
        let (reports, clock) = (tempfile::NamedTempFile::new().unwrap(), Clock::standing_at(START));
        let (mut steps, mut hears) = (config("test"), config("hears"));
        hears.environment.insert("TEST_FUNCTION_LOG".to_owned(), reports.path().to_str().unwrap().to_owned());
        change(&mut steps);
        let lambda = Lambda::start(&[steps, hears], quiet()).await.unwrap();
        let sqs = Sqs::new(Vec::new(), "http://127.0.0.1:1", Keep::default());
        let topic = Topic { name: "operations".to_owned(), arn: arn("sns", "operations") };
        let subscription = TopicSubscription {
            logical_id: "Hears".to_owned(),
            topic_arn: topic.arn.clone(),
            function_arn: function_arn("hears"),
            dead_letter_queue_arn: Some(queue_arn("none")),
        };
        let sns = Sns::new(vec![topic], vec![subscription], lambda.clone(), sqs);
        let machines = [template(allowed)];
        let iam = Iam::new(&Manifest { state_machines: machines.to_vec(), ..Manifest::default() }, None);
        let workspace = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let room = StepFunctions::start(&machines, &workspace, (&lambda, &sns), &iam, clock.clone()).unwrap();
        Stack { room, lambda, clock, reports }
    }

    /// The status and the answer of an operation.
    async fn ask(&self, operation: &str, request: Value) -> (u16, Value) {
        let answer = self.room.handle(operation, request.to_string().as_bytes());
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap())
    }

    async fn ok(&self, operation: &str, request: Value) -> Value {
        let (status, answer) = self.ask(operation, request).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Starts an execution with this input, and answers its ARN.
    async fn execution(&self, input: &Value) -> String {
        let request = json!({"stateMachineArn": machine(), "input": input.to_string()});
        self.ok("StartExecution", request).await["executionArn"].as_str().unwrap().to_owned()
    }

    async fn history(&self, arn: &str) -> Vec<Value> {
        self.ok("GetExecutionHistory", json!({"executionArn": arn})).await["events"].as_array().unwrap().clone()
    }

    /// Waits until somebody waits for the clock, and shows that it is for so many seconds.
    async fn waits(&self, arn: &str, seconds: u64) {
        until("something waits for the clock", || self.clock.waiting() == 1).await;
        let before = self.history(arn).await.len();
        self.clock.advance(Duration::from_millis(seconds * 1_000 - 1));
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(self.history(arn).await.len(), before, "it goes on before {seconds} seconds are over");
        self.clock.advance(Duration::from_millis(1));
        let started = Instant::now();
        while self.history(arn).await.len() == before {
            assert!(started.elapsed() < Duration::from_secs(10), "it does not go on after {seconds} seconds");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The execution once it has ended.
    async fn ended(&self, arn: &str) -> Value {
        until("the execution has ended", || self.room.running() == 0).await;
        self.ok("DescribeExecution", json!({"executionArn": arn})).await
    }

    /// Subjects and messages that were published.
    async fn reports(&self) -> Vec<(String, String)> {
        until("all reports are heard", || self.lambda.stats()["hears"].events == 0).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let log = std::fs::read_to_string(self.reports.path()).unwrap();
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["Records"][0]["Sns"].clone());
        events.map(|sns| (text(&sns["Subject"]), text(&sns["Message"]))).collect()
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The types of events.
fn kinds(history: &[Value]) -> Vec<&str> {
    history.iter().map(|event| event["type"].as_str().unwrap()).collect()
}
