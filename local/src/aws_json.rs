//! AWS's JSON protocol 1.0, which DynamoDB and SQS speak.

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// The header of every answer.
pub const CONTENT_TYPE: (HeaderName, &str) = (header::CONTENT_TYPE, "application/x-amz-json-1.0");

/// An error of this type, such as `com.amazonaws.sqs#QueueDoesNotExist`, by which SDKs tell errors apart.
pub fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, [CONTENT_TYPE], json!({"__type": kind, "message": message}).to_string()).into_response()
}

/// An answer that is not an error.
pub fn answer(body: &serde_json::Value) -> Response {
    ([CONTENT_TYPE], body.to_string()).into_response()
}
