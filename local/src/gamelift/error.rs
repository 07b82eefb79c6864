//! What GameLift refuses, by the names and statuses of its API reference, in texts of our own.

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
    fn of_caller(kind: &'static str, message: String) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, kind, message }
    }

    pub(super) fn invalid(message: String) -> Refusal {
        Refusal::of_caller("InvalidRequestException", message)
    }

    pub(super) fn not_found(what: &str, name: &str) -> Refusal {
        Refusal::of_caller("NotFoundException", format!("There is no game session {what} {name}."))
    }

    pub(super) fn internal(message: String) -> Refusal {
        Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "InternalServiceException", message }
    }

    /// The body is not what the protocol has for this operation.
    pub(super) fn serialization(message: String) -> Refusal {
        Refusal::of_caller("SerializationException", message)
    }

    pub(super) fn unknown_operation(operation: &str) -> Refusal {
        let here = "this stack has Start-, Stop- and DescribeGameSessionPlacement, and DescribeGameSessionQueues";
        Refusal::of_caller("UnknownOperationException", format!("{operation} is not implemented: {here}"))
    }
}
