//! What SQS refuses, in its own words.

/// Why a message was not put into a queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this ARN.
    #[error("there is no queue {0}")]
    NoQueue(String),
}

/// A refused request: the error's name in the JSON protocol, its name in the older query protocol, and a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) query_code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn no_queue() -> Refusal {
        let message = "The specified queue does not exist.".to_owned();
        Refusal { code: "QueueDoesNotExist", query_code: "AWS.SimpleQueueService.NonExistentQueue", message }
    }

    pub(super) fn missing(parameter: &str) -> Refusal {
        let message = format!("The request must contain the parameter {parameter}.");
        Refusal { code: "MissingParameter", query_code: "MissingParameter", message }
    }

    pub(super) fn invalid(message: String) -> Refusal {
        Refusal { code: "InvalidParameterValue", query_code: "InvalidParameterValue", message }
    }

    pub(super) fn attribute_name(name: &str) -> Refusal {
        let message = format!("Unknown Attribute {name}.");
        Refusal { code: "InvalidAttributeName", query_code: "InvalidAttributeName", message }
    }

    pub(super) fn receipt_handle(handle: &str) -> Refusal {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        Refusal { code: "ReceiptHandleIsInvalid", query_code: "ReceiptHandleIsInvalid", message }
    }

    pub(super) fn unsupported(message: String) -> Refusal {
        Refusal { code: "UnsupportedOperation", query_code: "AWS.SimpleQueueService.UnsupportedOperation", message }
    }
}
