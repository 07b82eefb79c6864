//! What `Invoke` refuses, with the status, the error's name and the words of AWS (Lambda API reference, "Invoke", Errors).

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::target::Target;
use crate::account::function_arn;

/// A refused call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    InvalidParameterValue(String),
    InvalidRequestContent(String),
    RequestTooLarge(String),
    ResourceNotFound(String),
    Service(String),
    TooManyRequests { reserved: bool },
    UnknownOperation(String),
    Validation(String),
}

impl Refusal {
    pub(super) fn not_found(target: &Target<'_>) -> Refusal {
        let qualifier = target.qualifier.map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        Refusal::ResourceNotFound(format!("Function not found: {}{qualifier}", function_arn(target.name)))
    }

    pub(super) fn too_large(bytes: usize, invocation_type: &str, limit: usize) -> Refusal {
        let message = format!("{bytes} byte payload is too large for the {invocation_type} invocation type (limit {limit} bytes)");
        Refusal::RequestTooLarge(message)
    }

    /// The answer to the call with this id. Some of AWS's errors write `Message` and some `message`; SDKs read either.
    pub(super) fn response(self, request_id: &str) -> Response {
        let user = |message: String| json!({"Type": "User", "message": message});
        let (status, name, body) = match self {
            Refusal::InvalidParameterValue(message) => (StatusCode::BAD_REQUEST, "InvalidParameterValueException", user(message)),
            Refusal::InvalidRequestContent(message) => (StatusCode::BAD_REQUEST, "InvalidRequestContentException", user(message)),
            Refusal::RequestTooLarge(message) => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", user(message)),
            Refusal::ResourceNotFound(message) => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException", json!({"Type": "User", "Message": message}))
            }
            Refusal::Service(message) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", json!({"Type": "Service", "Message": message}))
            }
            Refusal::TooManyRequests { reserved } => {
                let reason =
                    if reserved { "ReservedFunctionConcurrentInvocationLimitExceeded" } else { "ConcurrentInvocationLimitExceeded" };
                let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
                (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", body)
            }
            Refusal::UnknownOperation(message) => (StatusCode::BAD_REQUEST, "UnknownOperationException", user(message)),
            Refusal::Validation(message) => (StatusCode::BAD_REQUEST, "ValidationException", json!({"message": message})),
        };
        let headers = [("content-type", "application/json"), ("x-amzn-errortype", name), ("x-amzn-requestid", request_id)];
        (status, headers, body.to_string()).into_response()
    }
}
