//! DynamoDB's protocol: what a request asks for, and how it is answered.

use axum::{
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
};
use dynoxide::DynoxideError;
use serde_json::{Value, json};

use super::{DynamoDbError, Room, items, streams_api};
use crate::aws_json::CONTENT_TYPE;

/// Answers one request. May block for as long as the engine takes.
pub(super) fn answer(room: &Room, headers: &HeaderMap, body: &[u8]) -> Result<Value, DynamoDbError> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let request = match serde_json::from_slice(body) {
        Ok(request @ Value::Object(_)) => request,
        _ => return Err(DynoxideError::SerializationException("The request is not a JSON object".to_owned()).into()),
    };
    let answer = match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => items::answer(room, &room.options.meter.of_caller(headers), operation, request)?,
        Some(("DynamoDBStreams_20120810", operation)) => streams_api::answer(room, operation, &request)?,
        _ => None,
    };
    answer.ok_or_else(|| {
        let here = "the tables of this stack are those of its template, and their operations those of its functions";
        DynamoDbError::Refused("com.amazon.coral.service#UnknownOperationException", format!("{target} is not implemented: {here}"))
    })
}

/// The response with the headers of DynamoDB's, of which some SDKs check the checksum.
pub(super) fn respond(answer: Result<Value, DynamoDbError>) -> Response {
    let of_engine = |error: DynoxideError| (StatusCode::from_u16(error.status_code()).unwrap_or_default(), error.to_json());
    let (status, json) = match answer {
        Ok(answer) => (StatusCode::OK, answer.to_string()),
        Err(DynamoDbError::Refused(kind, message)) => (StatusCode::BAD_REQUEST, json!({"__type": kind, "message": message}).to_string()),
        Err(DynamoDbError::Engine(error)) => of_engine(error),
        Err(error) => of_engine(DynoxideError::InternalServerError(error.to_string())),
    };
    let mut request_id = format!("{:X}{:X}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    request_id.truncate(52);
    let headers = [
        (HeaderName::from_static("x-amz-crc32"), crc32fast::hash(json.as_bytes()).to_string()),
        (HeaderName::from_static("x-amzn-requestid"), request_id),
    ];
    (status, [CONTENT_TYPE], headers, json).into_response()
}
