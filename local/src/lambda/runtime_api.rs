//! The Lambda Runtime API, version 2018-06-01: how a function process asks for invocations and answers them.
//!
//! One listener serves every environment, each under a base path of its own with an unguessable part. The runtime of the functions keeps
//! the order of the calls, so one that does not is only refused, in the words of AWS's runtime interface emulator.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use tokio::time::sleep;

use super::{
    failure,
    invocation::{ANSWER_LIMIT, BadBody, read},
    pool::Pool,
};

/// Pools by their functions' names.
pub(super) type Pools = Arc<HashMap<String, Arc<Pool>>>;

/// The part of the path that tells environments apart: function, number and secret.
type Base = (String, u64, String);

pub(super) fn router(pools: Pools) -> Router {
    const BASE: &str = "/{function}/{number}/{token}/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{BASE}/next"), get(next))
        .route(&format!("{BASE}/{{request_id}}/{{kind}}"), post(answer))
        .with_state(pools)
}

async fn next(State(pools): State<Pools>, Path((function, number, token)): Path<Base>) -> Response {
    let Some(pool) = pools.get(&function).filter(|pool| pool.knows(number, &token)) else { return not_allowed() };
    sleep(pool.cold_start(number)).await;
    let Some(poll) = pool.next(number) else { return not_allowed() };
    match poll.await {
        Ok((request, deadline_ms)) => {
            let headers = [
                ("content-type", "application/json"),
                ("lambda-runtime-aws-request-id", request.id.as_str()),
                ("lambda-runtime-deadline-ms", &deadline_ms.to_string()),
                ("lambda-runtime-invoked-function-arn", &request.arn),
            ];
            (headers, request.payload).into_response()
        }
        // The environment has ended, and its process is being killed. An answer would have it panic over what it lacks; on AWS, too, the
        // last poll of an environment gets none.
        Err(_) => std::future::pending().await,
    }
}

/// The answer of an invocation, which is a `response` or an `error`.
async fn answer(
    State(pools): State<Pools>,
    Path((function, number, token, request_id, kind)): Path<(String, u64, String, String, String)>,
    body: Body,
) -> Response {
    let Some(pool) = pools.get(&function).filter(|pool| pool.knows(number, &token)) else { return not_allowed() };
    let (answer, response) = match (read(body, ANSWER_LIMIT).await, kind.as_str()) {
        (Err(BadBody::Broken(error)), _) => return problem(400, "TruncatedHTTPRequest", &format!("HTTP request is truncated: {error}")),
        (Err(BadBody::TooLarge(_)), _) => {
            let message = format!("Exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes).");
            (Err(failure::answer_too_large()), problem(413, "RequestEntityTooLarge", &message))
        }
        (Ok(payload), "response") => (Ok(payload), accepted()),
        (Ok(payload), "error") => (Err(failure::reported(payload)), accepted()),
        (Ok(_), _) => return StatusCode::NOT_FOUND.into_response(),
    };
    if pool.respond(number, &request_id, answer) { response } else { problem(400, "InvalidRequestID", "Invalid request ID") }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn not_allowed() -> Response {
    problem(403, "InvalidStateTransition", "State transition is not allowed")
}

fn problem(status: u16, error_type: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    (status, axum::Json(json!({"errorMessage": message, "errorType": error_type}))).into_response()
}
