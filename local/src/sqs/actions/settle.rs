//! `DeleteMessage` and `ChangeMessageVisibility`: what a receiver does with a message, by its receipt handle.

use serde_json::{Value, json};

use crate::sqs::{
    Sqs,
    error::Refusal,
    queue::{LONGEST_VISIBILITY_SECONDS, Unchanged},
    request,
};

impl Sqs {
    /// Deletes the message of `queue` that the request's `ReceiptHandle` names. An old handle succeeds without deleting anything, as it may
    /// on AWS.
    pub(super) fn delete_message(&self, queue: &str, request: &Value) -> Result<Value, Refusal> {
        let mut queues = self.queues();
        let messages = queues.get_mut(queue).ok_or_else(Refusal::no_queue)?;
        messages.delete(request::receipt(request, queue)?);
        Ok(json!({}))
    }

    /// Hides the message of `queue` that the request's `ReceiptHandle` names for `VisibilityTimeout` seconds from now.
    pub(super) fn change_visibility(&self, queue: &str, request: &Value) -> Result<Value, Refusal> {
        {
            let mut queues = self.queues();
            let messages = queues.get_mut(queue).ok_or_else(Refusal::no_queue)?;
            let receipt = request::receipt(request, queue)?;
            let seconds = request::number(request, "VisibilityTimeout", 0..=LONGEST_VISIBILITY_SECONDS)?;
            let seconds = seconds.ok_or_else(|| Refusal::missing("VisibilityTimeout"))?;
            messages.change_visibility(receipt, seconds * 1000, self.clock().now()).map_err(|unchanged| match unchanged {
                Unchanged::NoMessage => {
                    let handle = request["ReceiptHandle"].as_str().unwrap_or_default();
                    let reason = "Message does not exist or is not available for visibility timeout change.";
                    Refusal::value(handle, "ReceiptHandle", reason)
                }
                Unchanged::TooLong => {
                    let reason =
                        format!("Total VisibilityTimeout for the message is beyond the limit [{LONGEST_VISIBILITY_SECONDS} seconds]");
                    Refusal::value(seconds, "VisibilityTimeout", &reason)
                }
            })?;
        }
        // It may be visible now, or earlier than whoever waits expects.
        self.wake(queue);
        Ok(json!({}))
    }
}
