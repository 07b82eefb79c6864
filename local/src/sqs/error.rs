//! What SQS refuses, in its own words.
//!
//! An error has two names: one in the JSON protocol, by which new SDKs tell errors apart, and the one of the older query protocol, which
//! AWS still sends along. Names, statuses and messages are those of the SQS API reference and of what SDKs get from AWS.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::aws_json;

/// Why a message was not put into a queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this ARN.
    #[error("there is no queue {0}")]
    NoQueue(String),
    /// The queue refuses the message, for the reason given.
    #[error("{0}")]
    Refused(String),
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{query_code}: {message}")]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    query_code: &'static str,
    message: String,
}

fn refusal(kind: &'static str, query_code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, kind, query_code, message: message.into() }
}

impl Refusal {
    pub(super) fn no_queue() -> Refusal {
        let query_code = "AWS.SimpleQueueService.NonExistentQueue";
        refusal("com.amazonaws.sqs#QueueDoesNotExist", query_code, "The specified queue does not exist.")
    }

    pub(super) fn missing(parameter: &str) -> Refusal {
        let message = format!("The request must contain the parameter {parameter}.");
        refusal("com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter", message)
    }

    pub(super) fn invalid(message: impl Into<String>) -> Refusal {
        refusal("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue", message)
    }

    pub(super) fn value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Refusal {
        Refusal::invalid(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
    }

    pub(super) fn contents() -> Refusal {
        let allowed = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
        let message = format!("Invalid characters found. Valid unicode characters are {allowed}");
        refusal("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", message)
    }

    pub(super) fn attribute_name(name: &str) -> Refusal {
        refusal("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", format!("Unknown Attribute {name}."))
    }

    pub(super) fn receipt_handle(handle: &str) -> Refusal {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        refusal("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
    }

    pub(super) fn over_limit() -> Refusal {
        let message = format!("Too many messages in flight: at most {} at once.", super::queue::MOST_IN_FLIGHT);
        Refusal { status: StatusCode::FORBIDDEN, ..refusal("com.amazonaws.sqs#OverLimit", "OverLimit", message) }
    }

    pub(super) fn purge_in_progress(queue: &str) -> Refusal {
        let message = format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.");
        let query_code = "AWS.SimpleQueueService.PurgeQueueInProgress";
        Refusal { status: StatusCode::FORBIDDEN, ..refusal("com.amazonaws.sqs#PurgeQueueInProgress", query_code, message) }
    }

    pub(super) fn no_resource(message: impl Into<String>) -> Refusal {
        let kind = "com.amazonaws.sqs#ResourceNotFoundException";
        Refusal { status: StatusCode::NOT_FOUND, ..refusal(kind, "ResourceNotFoundException", message) }
    }

    pub(super) fn empty_batch(entry: &str) -> Refusal {
        let message = format!("There should be at least one {entry} in the request.");
        refusal("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message)
    }

    pub(super) fn too_many_entries(most: usize, entries: usize) -> Refusal {
        let query_code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        let message = format!("Maximum number of entries per request are {most}. You have sent {entries}.");
        refusal("com.amazonaws.sqs#TooManyEntriesInBatchRequest", query_code, message)
    }

    pub(super) fn entry_id() -> Refusal {
        let message =
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
        refusal("com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", message)
    }

    pub(super) fn entry_id_repeated(id: &str) -> Refusal {
        let query_code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        refusal("com.amazonaws.sqs#BatchEntryIdsNotDistinct", query_code, format!("Id {id} repeated."))
    }

    pub(super) fn batch_too_long(most: usize, bytes: usize) -> Refusal {
        let message = format!("Batch requests cannot be longer than {most} bytes. You have sent {bytes} bytes.");
        refusal("com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Refusal {
        refusal("com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", message)
    }

    /// The refusal as one of the `Failed` of a batch.
    pub(super) fn of_entry(&self, id: &str) -> Value {
        json!({"Id": id, "SenderFault": true, "Code": self.query_code, "Message": self.message})
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let query_error = [("x-amzn-query-error", format!("{};Sender", self.query_code))];
        (query_error, aws_json::error(self.status, self.kind, &self.message)).into_response()
    }
}
