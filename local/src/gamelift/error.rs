//! What GameLift refuses.
//!
//! Names and statuses are those of the API reference (docs.aws.amazon.com/gamelift/latest/apireference/CommonErrors.html and the pages of
//! the operations). The texts are in the manner of AWS's, which are not documented, and say more where this stack is the reason.

use axum::http::StatusCode;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestException", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "NotFoundException", message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceException", message)
    }

    /// The body is not what the protocol has for this operation.
    pub(super) fn serialization(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "SerializationException", message)
    }

    pub(super) fn unknown_operation(operation: &str) -> Refusal {
        let here = "this stack places game sessions: StartGameSessionPlacement, StopGameSessionPlacement, DescribeGameSessionPlacement";
        Refusal::new(StatusCode::BAD_REQUEST, "UnknownOperationException", format!("{operation} is not implemented: {here}"))
    }
}
