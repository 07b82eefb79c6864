//! The room as its callers see it: over both protocols, through the publisher, and through the processes that it starts.

mod keeping;
mod outcomes;
mod requests;
mod sdk;
mod servers;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{GameLift, GameLiftOptions, GameServer, Line};
use crate::{
    account::{REGION, arn},
    clock::Clock,
    keep::Keep,
    lock::lock,
    template::GameSessionQueue,
};

/// When the clock of these tests begins: 14 November 2023, 22:13:20.123.
const START: u64 = 1_700_000_000_123;

/// What the fleet does in most tests. The template's queue is `mine`.
fn fleet() -> Value {
    json!({
        "fulfil": {}, "time-out": {"outcome": "timeOut"}, "fail": {"outcome": "fail"}, "never": {"outcome": "never"},
        "repeat": {"events": "repeat"}, "reorder": {"events": "reorder"}, "drop": {"events": "drop"},
        "prompt": {"delayMilliseconds": 0}, "bare": {"delayMilliseconds": 0, "server": false},
    })
}

/// A room, and what came out of it.
struct Stage {
    gamelift: GameLift,
    clock: Clock,
    fleet: NamedTempFile,
    events: Arc<Mutex<Vec<(String, Value)>>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// The room with a clock that stands, and without game servers.
fn start() -> Stage {
    start_with(Clock::standing_at(START), None)
}

fn start_with(clock: Clock, game_server: Option<GameServer>) -> Stage {
    let (events, lines) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
    let (published, logged) = (Arc::clone(&events), Arc::clone(&lines));
    let fleet_file = NamedTempFile::new().unwrap();
    std::fs::write(fleet_file.path(), fleet().to_string()).unwrap();
    let (name, arn, timeout) = ("mine".to_owned(), "arn".to_owned(), Duration::from_secs(60));
    let options = GameLiftOptions {
        queues: vec![GameSessionQueue { name, arn, timeout, notification_topic_arn: None }],
        topic_arn: Some(topic()),
        publisher: Arc::new(move |topic, message| lock(&published).push((topic.to_owned(), serde_json::from_str(&message).unwrap()))),
        fleet_file: Some(fleet_file.path().to_owned()),
        game_server,
        log: Arc::new(move |line| lock(&logged).push(line)),
        keep: Keep::default(),
        clock: clock.clone(),
    };
    Stage { gamelift: GameLift::start(options), clock, fleet: fleet_file, events, lines }
}

/// The topic of the queues that the fleet's file names.
fn topic() -> String {
    arn("sns", "placements")
}

fn session_arn(id: &str) -> String {
    format!("arn:aws:gamelift:{REGION}::gamesession/fleet-local/{id}")
}

/// Waits for what another task does, and fails if it does not.
async fn until(what: &str, happened: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(10);
    while !happened() {
        assert!(tokio::time::Instant::now() < patience, "it did not happen that {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What happens in the next moment has happened.
async fn a_moment() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

impl Stage {
    /// The answer to `operation` over the JSON protocol: status and body.
    async fn ask(&self, operation: &str, request: Value) -> (u16, Value) {
        let response = self.gamelift.handle(operation, request.to_string().as_bytes());
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The placement that a successful operation answers.
    async fn ok(&self, operation: &str, request: Value) -> Value {
        let (status, mut body) = self.ask(operation, request).await;
        assert_eq!(status, 200, "{body}");
        body["GameSessionPlacement"].take()
    }

    /// The error of a refused request: its name, and its message.
    async fn refused(&self, operation: &str, request: Value) -> (String, String) {
        let (status, body) = self.ask(operation, request).await;
        let kind = body["__type"].as_str().unwrap().strip_prefix("com.amazonaws.gamelift#").unwrap().to_owned();
        assert_eq!(status, if kind == "InternalServiceException" { 500 } else { 400 });
        (kind, body["Message"].as_str().unwrap().to_owned())
    }

    async fn place(&self, id: &str, queue: &str) -> Value {
        let request = json!({"PlacementId": id, "GameSessionQueueName": queue, "MaximumPlayerSessionCount": 2});
        self.ok("StartGameSessionPlacement", request).await
    }

    async fn stop(&self, id: &str) -> Value {
        self.ok("StopGameSessionPlacement", json!({"PlacementId": id})).await
    }

    async fn describe(&self, id: &str) -> Value {
        self.ok("DescribeGameSessionPlacement", json!({"PlacementId": id})).await
    }

    async fn status(&self, id: &str) -> String {
        self.describe(id).await["Status"].as_str().unwrap().to_owned()
    }

    /// Whether the placement is still pending is looked at until it is not.
    async fn ended(&self, id: &str) -> Value {
        while self.status(id).await == "PENDING" {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.describe(id).await
    }

    /// Moves the clock, and lets what is due then happen.
    async fn advance(&self, milliseconds: u64) {
        a_moment().await;
        self.clock.advance(Duration::from_millis(milliseconds));
        a_moment().await;
    }

    /// The placements of the events until now, each with the event's type.
    fn heard(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        lock(&self.events).iter().map(|(_, event)| text(&event["detail"]["placementId"]) + " " + &text(&event["detail"]["type"])).collect()
    }

    /// What went wrong until now.
    fn faults(&self) -> Vec<String> {
        let fault = |line: &Line| if let Line::Fault(text) = line { Some(text.clone()) } else { None };
        lock(&self.lines).iter().filter_map(fault).collect()
    }
}
