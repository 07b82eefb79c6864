//! What SNS refuses, in its own words: codes, statuses and messages are those of the SNS API reference and of what SDKs get from AWS.

use axum::http::StatusCode;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SnsError {
    pub(super) status: StatusCode,
    /// By which SDKs tell errors apart.
    pub(crate) code: &'static str,
    pub(super) message: String,
}

impl SnsError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> SnsError {
        SnsError { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    pub(super) fn no_topic() -> SnsError {
        SnsError { status: StatusCode::NOT_FOUND, ..SnsError::new("NotFound", "Topic does not exist") }
    }

    pub(super) fn invalid(what: impl std::fmt::Display) -> SnsError {
        SnsError::new("InvalidParameter", format!("Invalid parameter: {what}"))
    }
}
