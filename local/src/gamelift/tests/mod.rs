//! The room as its callers see it: over both protocols, through the publisher, and through the processes that it starts.

mod events;
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

use super::{GameLift, GameLiftConfig, Line, QueueConfig};
use crate::{clock::Clock, lock::lock};

/// When the clock of these tests begins: 14 November 2023, 22:13:20.123.
const START: u64 = 1_700_000_000_123;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:placements";

/// A room, and what came out of it.
struct Stage {
    gamelift: GameLift,
    clock: Clock,
    events: Arc<Mutex<Vec<(String, Value)>>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// The room with the queues that are always there, which announce to [`TOPIC`], and a clock that stands.
fn start() -> Stage {
    start_with(GameLiftConfig::default(), Clock::standing_at(START))
}

fn start_with(config: GameLiftConfig, clock: Clock) -> Stage {
    let (events, lines) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
    let (published, logged) = (Arc::clone(&events), Arc::clone(&lines));
    let config = GameLiftConfig {
        default_topic_arn: Some(TOPIC.to_owned()),
        publisher: Arc::new(move |topic, message| lock(&published).push((topic.to_owned(), serde_json::from_str(&message).unwrap()))),
        log: Arc::new(move |line| lock(&logged).push(line)),
        ..config
    };
    Stage { gamelift: GameLift::with_clock(config, clock.clone()), clock, events, lines }
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

    async fn describe(&self, id: &str) -> Value {
        self.ok("DescribeGameSessionPlacement", json!({"PlacementId": id})).await
    }

    /// Whether the placement is still pending is looked at until it is not.
    async fn ended(&self, id: &str) -> Value {
        loop {
            let placement = self.describe(id).await;
            if placement["Status"] != "PENDING" {
                return placement;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Moves the clock, and lets what is due then happen.
    async fn advance(&self, by: Duration) {
        a_moment().await;
        self.clock.advance(by);
        a_moment().await;
    }

    /// The placements of the events until now, each with the event's type.
    fn heard(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        lock(&self.events).iter().map(|(_, event)| (text(&event["detail"]["placementId"]), text(&event["detail"]["type"]))).collect()
    }

    /// The placements of the events until now.
    fn heard_of(&self) -> Vec<String> {
        self.heard().into_iter().map(|(id, _)| id).collect()
    }

    /// What went wrong until now.
    fn faults(&self) -> Vec<String> {
        let lines = lock(&self.lines);
        lines.iter().filter(|line| matches!(line, Line::Fault(_))).map(Line::to_string).collect()
    }
}

fn queue(name: &str) -> QueueConfig {
    QueueConfig { name: name.to_owned(), topic_arn: Some(TOPIC.to_owned()), ..QueueConfig::default() }
}
