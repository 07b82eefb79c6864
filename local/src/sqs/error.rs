//! What SQS refuses, in its own words: names, statuses and messages are those of the SQS API reference and of what SDKs get from AWS.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::aws_json;

/// An error's names: in the JSON protocol, by which new SDKs tell errors apart, and in the older query protocol, which AWS still sends
/// along.
pub(super) type Code = (&'static str, &'static str);

pub(super) const NO_QUEUE: Code = ("com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue");
pub(super) const MISSING: Code = ("com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter");
pub(super) const INVALID: Code = ("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue");
pub(super) const UNSUPPORTED: Code = ("com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation");
pub(super) const CONTENTS: Code = ("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents");
pub(super) const ATTRIBUTE: Code = ("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName");
pub(super) const RECEIPT: Code = ("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid");
pub(super) const EMPTY: Code = ("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest");
pub(super) const TOO_MANY: Code = ("com.amazonaws.sqs#TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
pub(super) const REPEATED: Code = ("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.1)]
pub struct SqsError {
    code: Code,
    message: String,
}

impl SqsError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> SqsError {
        SqsError { code, message: message.into() }
    }

    pub(super) fn no_queue() -> SqsError {
        SqsError::new(NO_QUEUE, "The specified queue does not exist.")
    }

    pub(super) fn missing(parameter: &str) -> SqsError {
        SqsError::new(MISSING, format!("The request must contain the parameter {parameter}."))
    }

    /// What is not implemented, such as `PurgeQueue`.
    pub(super) fn unsupported(what: &str) -> SqsError {
        SqsError::new(UNSUPPORTED, format!("{what} is not implemented by this stack."))
    }

    /// The name in the query protocol.
    pub(super) fn name(&self) -> &'static str {
        self.code.1
    }

    /// The refusal as one of the `Failed` of a batch.
    pub(super) fn of_entry(&self, id: &str) -> Value {
        json!({"Id": id, "SenderFault": true, "Code": self.name(), "Message": self.message})
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let query_error = [("x-amzn-query-error", format!("{};Sender", self.name()))];
        (query_error, aws_json::error(StatusCode::BAD_REQUEST, self.code.0, &self.message)).into_response()
    }
}
