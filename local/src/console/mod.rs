//! What the console shows and does: a page for operators, which is files of the directory of pages, and the JSON that it asks for.
//!
//! [`live`] is what happens now, [`past`] what has happened: log lines about something, an invocation, the changes of a row. What changes
//! players and matches is asked of the tasks, functions of the template, as the developer, who may everything.

mod live;
mod past;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{account::REGION, events::Events, lambda::InvokeError, status::Status, template::Manifest, web};

/// What operators may ask, a function each.
const TASKS: [&str; 2] = ["replay-dead-letters", "operate"];

pub(crate) struct Console {
    pub(crate) status: Status,
    pub(crate) manifest: Manifest,
    pub(crate) events: Events,
    /// The page's own file, if there are pages.
    pub(crate) page: Option<PathBuf>,
}

impl Console {
    /// `/`, and all below `/api/`.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(front))
            .route("/api/stack", get(stack))
            .route("/api/tasks/{task}", post(task))
            .route("/api/trace", get(past::trace))
            .route("/api/invocations/{id}", get(past::invocation))
            .route("/api/history", get(past::history))
            .route("/api/live", get(live::live))
            .with_state(Arc::new(self))
    }
}

/// The console for browsers, and the state of the stack as text for everybody else.
async fn front(State(console): State<Arc<Console>>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // It is read again each time, so that whoever works on it sees each change at once.
    match console.page.as_ref().filter(|_| accepted.contains("text/html")).map(std::fs::read) {
        Some(Ok(page)) => ([(header::CACHE_CONTROL, "no-cache"), (header::VARY, "Accept")], Html(page)).into_response(),
        _ => console.status.page().into_response(),
    }
}

/// What there is, by the template.
async fn stack(State(console): State<Arc<Console>>) -> Json<Value> {
    let Console { status: Status { addresses, .. }, manifest, events, .. } = &*console;
    let functions = manifest.functions.iter().map(|function| {
        json!({
            "name": function.name, "handler": function.handler, "memoryMb": function.memory_mb,
            "timeoutSeconds": function.timeout.as_secs(),
        })
    });
    let letters = manifest.queues.iter().filter(|queue| queue.redrive.is_none());
    let notes = manifest.notes.iter().map(|(reason, what)| format!("{}: {reason}", Vec::from_iter(what.iter().cloned()).join(", ")));
    let mut stack = json!({
        "live": true, "game": manifest.parameter("Game"), "stage": manifest.parameter("Stage"), "region": REGION,
        "endpoint": addresses.endpoint, "socketUrl": addresses.url, "tokenUrl": format!("{}/token", addresses.issuer),
        "tables": manifest.tables.iter().map(|table| events.short(&table.name)).collect::<Value>(),
        "queues": letters.map(|queue| events.short(&queue.name)).collect::<Value>(), "functions": functions.collect::<Value>(), "resources": manifest.resources,
        "notes": notes.collect::<Value>(),
    });
    if addresses.page.is_some() {
        stack["playUrl"] = web::ROOT.into();
    }
    Json(stack)
}

/// Asks a task, and passes on what it answers. Whatever is in the way of that is told as a task tells what is wrong.
async fn task(State(console): State<Arc<Console>>, Path(task): Path<String>, request: Bytes) -> Response {
    let problem = |status, problem: String| (status, Json(json!({ "problem": problem }))).into_response();
    if !TASKS.contains(&task.as_str()) {
        return problem(StatusCode::NOT_FOUND, format!("there is no task {task}; there are {}", TASKS.join(", ")));
    }
    if let Err(error) = serde_json::from_slice::<Value>(&request) {
        return problem(StatusCode::BAD_REQUEST, format!("the request is not JSON: {error}"));
    }
    let function = format!("{}{task}:live", console.manifest.prefix());
    match console.status.lambda.invoke(&function, request).await.result {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error @ InvokeError::NotFound(_)) => problem(StatusCode::NOT_FOUND, error.to_string()),
        Err(error) => problem(StatusCode::BAD_GATEWAY, error.to_string()),
    }
}
