//! What SNS refuses, in its own words: codes, statuses and messages are those of the SNS API reference and of what SDKs get from AWS.

use axum::http::StatusCode;

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SnsError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

fn error(code: &'static str, message: impl Into<String>) -> SnsError {
    SnsError { status: StatusCode::BAD_REQUEST, code, message: message.into() }
}

impl SnsError {
    /// SNS's code, by which SDKs tell errors apart, such as `NotFound` or `InvalidParameter`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.code
    }

    pub(super) fn no_topic() -> SnsError {
        SnsError { status: StatusCode::NOT_FOUND, ..error("NotFound", "Topic does not exist") }
    }

    pub(super) fn invalid(what: impl std::fmt::Display) -> SnsError {
        error("InvalidParameter", format!("Invalid parameter: {what}"))
    }

    /// An attribute is wrong. SNS has a code of its own for these.
    pub(super) fn attribute(message: impl Into<String>) -> SnsError {
        error("ParameterValueInvalid", message)
    }

    /// A parameter that has to be there is not; `member` is what the API reference calls it, in camel case.
    pub(super) fn missing(member: &str) -> SnsError {
        let problem = format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
        error("ValidationError", format!("1 validation error detected: {problem}"))
    }

    pub(super) fn missing_action() -> SnsError {
        error("MissingAction", "The request must contain the parameter Action")
    }

    pub(super) fn action(message: impl Into<String>) -> SnsError {
        error("InvalidAction", message)
    }

    pub(super) fn empty_batch() -> SnsError {
        error("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    }

    pub(super) fn too_many_entries() -> SnsError {
        error("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
    }

    pub(super) fn entry_id() -> SnsError {
        error("InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification.")
    }

    pub(super) fn entry_id_repeated() -> SnsError {
        error("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
    }

    pub(super) fn batch_too_long() -> SnsError {
        error("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
    }
}
