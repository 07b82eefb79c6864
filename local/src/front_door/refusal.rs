//! How each service refuses a call before it has looked at it, in its own words and in the protocol of the call.
//!
//! Codes and statuses are those of the services' lists of common errors, and of what SDKs get from AWS.

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::call::{Call, Protocol, Service};
use crate::aws_json;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The caller may not.
    Denied,
    /// There are too many calls.
    Throttled,
}

fn of(service: Service, reason: Reason) -> (StatusCode, &'static str) {
    use Service::{Connections, DynamoDb, GameLift, Sns, Sqs};
    match (service, reason) {
        (DynamoDb, Reason::Denied) => (StatusCode::BAD_REQUEST, "com.amazon.coral.service#AccessDeniedException"),
        (DynamoDb, Reason::Throttled) => {
            (StatusCode::BAD_REQUEST, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
        }
        (Sqs, Reason::Denied) => (StatusCode::FORBIDDEN, "com.amazon.coral.service#AccessDeniedException"),
        (Sqs, Reason::Throttled) => (StatusCode::FORBIDDEN, "com.amazonaws.sqs#RequestThrottled"),
        (Sns, Reason::Denied) => (StatusCode::FORBIDDEN, "AuthorizationError"),
        (Sns, Reason::Throttled) => (StatusCode::TOO_MANY_REQUESTS, "Throttled"),
        (GameLift, Reason::Denied) => (StatusCode::BAD_REQUEST, "AccessDeniedException"),
        (GameLift, Reason::Throttled) => (StatusCode::BAD_REQUEST, "ThrottlingException"),
        (Connections, Reason::Denied) => (StatusCode::FORBIDDEN, "ForbiddenException"),
        (Connections, Reason::Throttled) => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException"),
        (_, Reason::Denied) => (StatusCode::FORBIDDEN, "AccessDeniedException"),
        (_, Reason::Throttled) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
    }
}

/// Refuses `call`.
pub(super) fn refuse(call: &Call, reason: Reason, message: &str) -> Response {
    let (status, kind) = of(call.service, reason);
    let mut response = match call.protocol {
        Protocol::Query => return query(status, kind, message),
        Protocol::Json => aws_json::error(status, kind, message),
        Protocol::Cbor => {
            let mut bytes = Vec::new();
            // Writing into memory cannot fail.
            ciborium::into_writer(&json!({"__type": kind, "message": message}), &mut bytes).unwrap_or_default();
            (status, [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], Bytes::from(bytes)).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    if call.service == Service::Sqs {
        // The name in the older query protocol, which AWS still sends along.
        let query_error = if reason == Reason::Denied { "AccessDenied;Sender" } else { "RequestThrottled;Sender" };
        headers.insert("x-amzn-query-error", HeaderValue::from_static(query_error));
    }
    response
}

/// An error of the query protocol.
pub(crate) fn query(status: StatusCode, code: &str, message: &str) -> Response {
    let (message, id) = (escape(message), Uuid::new_v4());
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    xml(status, format!("<ErrorResponse>{error}<RequestId>{id}</RequestId></ErrorResponse>"))
}

/// An answer in XML.
pub(crate) fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}

/// A text as the content of an element, of which control characters can be no part.
pub(crate) fn escape(text: &str) -> String {
    let text = text.replace(|character: char| character.is_control() || character > '\u{fffd}', "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
