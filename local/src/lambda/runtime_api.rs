//! The Lambda Runtime API, version 2018-06-01: how a function process asks for invocations and answers them.
//!
//! One listener serves every environment, each under a base path of its own with an unguessable part. Refusals have the status codes
//! and words of AWS's runtime interface emulator, which shares its code with Lambda.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{AppendHeaders, IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;

use super::{
    Host, failure,
    invocation::Delivery,
    lifecycle::Refusal,
    payload::{self, ANSWER_LIMIT, Payload},
    pool::Pool,
};

/// Names the kind of error for runtimes whose report has no body.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

pub(super) fn router(host: Arc<Host>) -> Router {
    const BASE: &str = "/env/{token}/2018-06-01/runtime";
    Router::new()
        .route(&format!("{BASE}/invocation/next"), get(next))
        .route(&format!("{BASE}/invocation/{{request_id}}/response"), post(response))
        .route(&format!("{BASE}/invocation/{{request_id}}/error"), post(error))
        .route(&format!("{BASE}/init/error"), post(init_error))
        .with_state(host)
}

async fn next(State(host): State<Arc<Host>>, Path(token): Path<String>) -> Response {
    let Some((pool, number)) = host.environment(&token) else { return refuse(Refusal::Ended, "Ready") };
    let poll = match pool.next(number) {
        Ok(poll) => poll,
        Err(refusal) => return refuse(refusal, "Ready"),
    };
    let mut poll = Poll { pool, number, delivery: Some(poll) };
    match poll.delivered().await {
        Ok(delivery) => {
            let headers = [
                ("content-type", "application/json"),
                ("lambda-runtime-aws-request-id", delivery.request.id.as_str()),
                ("lambda-runtime-deadline-ms", &delivery.deadline_ms.to_string()),
                ("lambda-runtime-invoked-function-arn", &poll.pool.arn),
                ("lambda-runtime-trace-id", &delivery.trace_id),
            ];
            let context = delivery.request.client_context.as_deref().map(|context| [("lambda-runtime-client-context", context)]);
            (headers, context.map(AppendHeaders), delivery.request.payload).into_response()
        }
        // The environment has ended, and its process is being killed. An answer would have it panic over what it lacks; on AWS, too, the
        // last poll of an environment gets none.
        Err(_) => std::future::pending().await,
    }
}

/// An open long poll. Dropped before it is answered, because the process closed its connection, it tells the pool.
struct Poll {
    pool: Arc<Pool>,
    number: u64,
    delivery: Option<oneshot::Receiver<Delivery>>,
}

impl Poll {
    async fn delivered(&mut self) -> Result<Delivery, oneshot::error::RecvError> {
        // The receiver stays in place while it is awaited, so that a cut finds it.
        let result = match &mut self.delivery {
            Some(delivery) => delivery.await,
            None => oneshot::channel().1.await,
        };
        self.delivery = None;
        result
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        if let Some(mut delivery) = self.delivery.take() {
            delivery.close();
            self.pool.poll_cut(self.number, delivery.try_recv().ok());
        }
    }
}

async fn response(State(host): State<Arc<Host>>, Path((token, request_id)): Path<(String, String)>, body: Body) -> Response {
    const TO: &str = "InvocationResponse";
    let Some((pool, number)) = host.environment(&token) else { return refuse(Refusal::Ended, TO) };
    let answered = match read(body).await {
        Err(error) => return truncated(&error),
        Ok(None) => pool.respond(number, &request_id, Err(failure::answer_too_large())).map(|()| too_large()),
        Ok(Some(answer)) => pool.respond(number, &request_id, Ok(answer)).map(|()| accepted()),
    };
    answered.unwrap_or_else(|refusal| refuse(refusal, TO))
}

async fn error(
    State(host): State<Arc<Host>>,
    Path((token, request_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    const TO: &str = "InvocationErrorResponse";
    let Some((pool, number)) = host.environment(&token) else { return refuse(Refusal::Ended, TO) };
    let answered = match read(body).await {
        Err(error) => return truncated(&error),
        Ok(None) => pool.respond(number, &request_id, Err(failure::answer_too_large())).map(|()| too_large()),
        Ok(Some(report)) => pool.respond(number, &request_id, Err(failure::reported(&report, error_type(&headers)))).map(|()| accepted()),
    };
    answered.unwrap_or_else(|refusal| refuse(refusal, TO))
}

async fn init_error(State(host): State<Arc<Host>>, Path(token): Path<String>, headers: HeaderMap, body: Body) -> Response {
    const TO: &str = "InitError";
    let Some((pool, number)) = host.environment(&token) else { return refuse(Refusal::Ended, TO) };
    let report = match read(body).await {
        Err(error) => return truncated(&error),
        Ok(report) => report.unwrap_or_default(),
    };
    match pool.init_error(number, failure::reported(&report, error_type(&headers))) {
        Ok(()) => accepted(),
        Err(refusal) => refuse(refusal, TO),
    }
}

fn error_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok())
}

/// A function's body; none if it is too large for an answer.
async fn read(body: Body) -> Result<Option<Bytes>, axum::Error> {
    Ok(match payload::read(body, ANSWER_LIMIT).await? {
        Payload::Whole(whole) => Some(whole),
        Payload::TooLarge(_) => None,
    })
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn too_large() -> Response {
    let message = format!("Exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes).");
    problem(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

fn truncated(error: &axum::Error) -> Response {
    problem(StatusCode::BAD_REQUEST, "TruncatedHTTPRequest", &format!("HTTP request detected as truncated: {error}"))
}

fn refuse(refusal: Refusal, to: &str) -> Response {
    let state = match refusal {
        Refusal::InvalidRequestId => return problem(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        Refusal::State(state) => state,
        Refusal::Ended => "Ended",
    };
    let message = format!("State transition from {state} to {to} failed for runtime. Error: State transition is not allowed");
    problem(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

fn problem(status: StatusCode, error_type: &str, message: &str) -> Response {
    (status, axum::Json(json!({"errorMessage": message, "errorType": error_type}))).into_response()
}
