//! The one port of the stack: every room's routes, and AWS's APIs by the header that names the operation.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;

use crate::{dynamodb::DynamoDb, sqs::Sqs};

/// DynamoDB's largest request.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// The services that are called at `/`.
#[derive(Clone)]
pub struct Services {
    /// Tables and their streams.
    pub dynamodb: DynamoDb,
    /// Queues.
    pub sqs: Sqs,
}

/// `POST /`, handed to the service that `X-Amz-Target` names.
pub fn router(services: Services) -> Router {
    Router::new().route("/", post(dispatch)).layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES)).with_state(services)
}

async fn dispatch(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    match target.split_once('.') {
        Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", _)) => services.dynamodb.forward(headers, body).await,
        Some(("AmazonSQS", action)) => services.sqs.handle(action, &body).await,
        _ => refuse(&target),
    }
}

/// The answer to a service that is not here, in the shape in which AWS's JSON protocols tell of it.
fn refuse(target: &str) -> Response {
    let asked = if target.is_empty() { "a request without X-Amz-Target".to_owned() } else { target.to_owned() };
    let message = format!("{asked} is not implemented: this stack has the services that template.yaml names, DynamoDB, its streams and SQS");
    let body = json!({"__type": "com.amazon.coral.service#UnknownOperationException", "message": message});
    (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}
