//! What the stack says of itself: over HTTP, a page of text for people, which the console serves, and `/status` for programs, and a line at
//! the end.

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::{Map, Value, json};

use crate::{
    addresses::Addresses,
    dynamodb::{DynamoDb, DynamoDbError},
    gamelift::GameLift,
    gateway::Gateway,
    iam::Iam,
    lambda::Lambda,
    mappings::Failures,
    meter::{Meter, Usage},
    sqs::Sqs,
    stepfunctions::StepFunctions,
};

/// The rooms that are asked. Cheap to clone.
#[derive(Clone)]
pub struct Status {
    pub addresses: Addresses,
    pub lambda: Lambda,
    pub gateway: Gateway,
    pub dynamodb: DynamoDb,
    pub sqs: Sqs,
    pub gamelift: GameLift,
    pub(crate) step_functions: StepFunctions,
    pub failures: Failures,
    /// The queues that feed a function, by name.
    pub mapped_queues: Vec<String>,
    pub meter: Meter,
    pub iam: Iam,
}

impl Status {
    /// The route `/status`.
    pub fn router(self) -> Router {
        Router::new().route("/status", get(status)).with_state(self)
    }

    /// What was used since the start.
    pub fn usage(&self) -> Usage {
        self.meter.usage(self.lambda.stats().into_values().map(|stats| stats.usage).collect())
    }

    /// For people: where everything is, and how it has gone until now.
    pub fn page(&self) -> String {
        let mut page = format!("This is Muster on one machine.\n\n{}\n", self.addresses);
        for (function, stats) in self.lambda.stats() {
            let (calls, errors, processes) = (stats.invocations, stats.errors, stats.processes.len());
            page += &format!("{function:40} {calls:8} invocations {errors:6} errors {processes:4} processes\n");
        }
        page += "\n";
        for (queue, counts) in self.sqs.stats() {
            page += &format!("{queue:40} {counts}\n");
        }
        format!("{page}\n{}\n", self.usage())
    }

    /// How much is under way: messages and connections in the gateway, whether there are records in streams, messages of queues that feed a
    /// function, placements of game sessions, executions of state machines, invocations. With 0, the usage grows no more by itself, but for
    /// the time of open connections, the polls of idle queues, and the last log lines: they come through a pipe, which may be read a moment
    /// after the answer.
    async fn busy(&self) -> Result<u64, DynamoDbError> {
        let (before, running) = self.invocations();
        let sockets = self.gateway.busy() as u64;
        let placements = (self.gamelift.pending() + self.step_functions.running()) as u64;
        let records = u64::from(self.dynamodb.has_unfinished_records().await?);
        // After the records, since one that is given up becomes a message.
        let messages = self.mapped_queues.iter().map(|queue| self.sqs.messages(queue) as u64).sum::<u64>();
        // One invocation that began in between may have ended, and left behind what was looked for before. And what a room has published in
        // between may be an event that is not an invocation yet.
        let (after, still_running) = self.invocations();
        Ok(running.max(still_running) + sockets + placements + messages + records + after.saturating_sub(before))
    }

    /// Invocations asked for since the start, and what is busy in the pools.
    fn invocations(&self) -> (u64, u64) {
        self.lambda.stats().values().fold((0, 0), |(total, busy), stats| (total + stats.invocations, busy + stats.busy as u64))
    }
}

async fn status(State(status): State<Status>) -> Result<Json<Value>, (StatusCode, String)> {
    let unreadable = |error: DynamoDbError| (StatusCode::INTERNAL_SERVER_ERROR, format!("the streams cannot be read: {error}\n"));
    let busy = status.busy().await.map_err(unreadable)?;
    let functions = status.lambda.stats().into_iter().map(|(name, stats)| {
        let value = json!({
            "invocations": stats.invocations, "errors": stats.errors, "throttles": stats.throttles,
            "coldStarts": stats.environments_started, "deaths": stats.deaths, "events": stats.events, "processes": stats.processes,
            "microseconds": {"p50": stats.median.as_micros() as u64, "p99": stats.percentile_99.as_micros() as u64},
            "usage": {"billedMs": stats.usage.billed_ms, "usd": stats.usage.usd()},
            "caused": status.meter.usage_of(&name, stats.usage).to_json(),
        });
        (name, value)
    });
    Ok(Json(json!({
        "addresses": status.addresses,
        "functions": functions.collect::<Map<_, _>>(),
        "sockets": status.gateway.sockets(),
        "usage": status.usage().to_json(),
        "busy": busy,
        "queues": status.sqs.stats(),
        "failures": status.failures,
        "iam": status.iam.to_json(),
    })))
}
