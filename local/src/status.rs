//! What the stack says of itself: over HTTP, a page for people at `/` and `/status` for programs, and a line at the end.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::{Map, Value, json};

use crate::{
    addresses::Addresses,
    dynamodb::{DynamoDb, DynamoDbError},
    gamelift::GameLift,
    gateway::Gateway,
    iam::Iam,
    lambda::{FunctionStats, Lambda},
    mappings::Mappings,
    meter::{FunctionUsage, Meter, Usage},
    sqs::Sqs,
    template::Manifest,
};

/// The rooms that are asked. Cheap to clone.
#[derive(Clone)]
pub struct Status {
    /// Where the stack is.
    pub addresses: Addresses,
    /// The functions.
    pub lambda: Lambda,
    /// The sockets.
    pub gateway: Gateway,
    /// The tables and their streams.
    pub dynamodb: DynamoDb,
    /// The queues.
    pub sqs: Sqs,
    /// The placements of game sessions.
    pub gamelift: GameLift,
    /// The queues that feed a function, by name.
    pub mapped_queues: Vec<String>,
    /// The queues to which something goes that failed, by name.
    pub dead_letter_queues: Vec<String>,
    /// What is counted.
    pub meter: Meter,
    /// Who may do what, what was denied and what nobody needed.
    pub iam: Iam,
    /// Between streams, queues and functions.
    pub mappings: Mappings,
}

/// The names of the queues to which a function, a mapping, a topic or a queue sends what failed.
pub fn dead_letter_queues(manifest: &Manifest) -> Vec<String> {
    let functions = manifest.functions.iter().filter_map(|function| function.event_invoke.on_failure_queue_arn.as_deref());
    let mappings = manifest.stream_mappings.iter().filter_map(|mapping| mapping.on_failure_queue_arn.as_deref());
    let topics = manifest.topic_subscriptions.iter().filter_map(|subscription| subscription.dead_letter_queue_arn.as_deref());
    let queues = manifest.queues.iter().filter_map(|queue| Some(queue.redrive.as_ref()?.dead_letter_queue_arn.as_str()));
    let arns: BTreeSet<&str> = functions.chain(mappings).chain(topics).chain(queues).collect();
    arns.into_iter().filter_map(|arn| Some(arn.rsplit_once(':')?.1.to_owned())).collect()
}

impl Status {
    /// The routes `/` and `/status`.
    pub fn router(self) -> Router {
        Router::new().route("/", get(page)).route("/status", get(status)).with_state(self)
    }

    /// What was used since the start.
    pub fn usage(&self) -> Usage {
        self.meter.usage(self.lambda.stats().values().map(function_usage).collect())
    }

    /// How much is under way: messages and connections in the gateway, whether there are records in streams, messages of queues that feed a
    /// function, placements of game sessions, invocations. With 0, the usage grows no more by itself, but for the time of open connections, the polls of idle queues, and the last
    /// log lines: they come through a pipe, which may be read a moment after the answer.
    async fn busy(&self) -> Result<u64, DynamoDbError> {
        let (before, running) = self.invocations();
        let sockets = self.gateway.busy() as u64;
        let placements = self.gamelift.pending() as u64;
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

fn function_usage(stats: &FunctionStats) -> FunctionUsage {
    let requests = stats.invocations.saturating_sub(stats.throttles);
    let FunctionStats { billed_ms, memory_mb, log_bytes, .. } = *stats;
    FunctionUsage { requests, billed_ms, memory_mb, log_bytes }
}

async fn page(State(status): State<Status>) -> String {
    let mut page = format!("This is Muster on one machine.\n\n{}\n", status.addresses);
    for (function, stats) in status.lambda.stats() {
        let (calls, errors, processes) = (stats.invocations, stats.errors, stats.environments);
        page += &format!("{function:40} {calls:8} invocations {errors:6} errors {processes:4} processes\n");
    }
    format!("{page}\n{}\n", status.usage())
}

async fn status(State(status): State<Status>) -> Result<Json<Value>, impl IntoResponse> {
    let busy = match status.busy().await {
        Ok(busy) => busy,
        Err(error) => return Err((StatusCode::INTERNAL_SERVER_ERROR, format!("the streams cannot be read: {error}\n"))),
    };
    let processes = status.lambda.processes();
    let functions = status.lambda.stats().into_iter().map(|(name, stats)| {
        let own: Vec<u32> = processes.iter().filter(|(function, _)| *function == name).map(|(_, process)| *process).collect();
        let usage = function_usage(&stats);
        let value = json!({
            "invocations": stats.invocations, "errors": stats.errors, "throttles": stats.throttles,
            "coldStarts": stats.environments_started, "deaths": stats.deaths, "events": stats.events, "processes": own,
            "microseconds": {"p50": stats.median.as_micros() as u64, "p99": stats.percentile_99.as_micros() as u64},
            "usage": {
                "requests": usage.requests, "billedMs": usage.billed_ms, "memoryMb": usage.memory_mb, "gbMs": usage.gb_ms(),
                "logBytes": usage.log_bytes, "usd": usage.usd(),
            },
            "caused": status.meter.usage_of(&name, usage).to_json(),
        });
        (name, value)
    });
    let letters: BTreeMap<&String, usize> = status.dead_letter_queues.iter().map(|queue| (queue, status.sqs.messages(queue))).collect();
    Ok(Json(json!({
        "addresses": status.addresses.to_json(),
        "functions": functions.collect::<Map<_, _>>(),
        "sockets": status.gateway.sockets(),
        "usage": status.usage().to_json(),
        "busy": busy,
        "deadLetters": letters,
        "iam": status.iam.to_json(),
        "mappings": status.mappings.stats(),
    })))
}
