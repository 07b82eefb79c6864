//! The Lambda Runtime API, version 2018-06-01: how a function process asks for invocations and answers them.
//!
//! One listener serves every environment, each under a base path of its own that cannot be guessed. The runtime of the functions keeps
//! the order of the calls, so one that does not is only refused, with AWS's status.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use tokio::time::sleep;
use uuid::Uuid;

use super::{ANSWER_LIMIT, failure, pool::Pool};

/// Pools by their functions' names.
pub(super) type Pools = Arc<HashMap<String, Arc<Pool>>>;

pub(super) fn router(pools: Pools) -> Router {
    const BASE: &str = "/{function}/{environment}/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{BASE}/next"), get(next))
        .route(&format!("{BASE}/{{request_id}}/{{kind}}"), post(answer))
        .layer(DefaultBodyLimit::disable())
        .with_state(pools)
}

async fn next(State(pools): State<Pools>, Path((function, environment)): Path<(String, String)>) -> Response {
    let not_allowed = StatusCode::FORBIDDEN.into_response();
    let (Some(pool), Ok(environment)) = (pools.get(&function), Uuid::parse_str(&environment)) else { return not_allowed };
    sleep(pool.cold_start(environment)).await;
    let Some(poll) = pool.next(environment) else { return not_allowed };
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
    Path((function, environment, request_id, kind)): Path<(String, String, String, String)>,
    payload: Bytes,
) -> StatusCode {
    let is_too_large = payload.len() > ANSWER_LIMIT;
    let answer = match kind.as_str() {
        _ if is_too_large => Err(failure::answer_too_large()),
        "response" => Ok(payload),
        "error" => Err(failure::reported(payload)),
        _ => return StatusCode::NOT_FOUND,
    };
    let (pool, environment) = (pools.get(&function), Uuid::parse_str(&environment).unwrap_or_default());
    match pool.is_some_and(|pool| pool.respond(environment, &request_id, answer)) {
        true if is_too_large => StatusCode::PAYLOAD_TOO_LARGE,
        true => StatusCode::ACCEPTED,
        false => StatusCode::BAD_REQUEST,
    }
}
