//! A message, and what becomes of it when it changes queues.

use std::sync::Arc;

use uuid::Uuid;

use super::attributes::MessageAttributes;

/// What a sender gives and nothing changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) body: String,
    pub(super) attributes: MessageAttributes,
    /// The system attribute `AWSTraceHeader`.
    pub(super) trace_header: Option<String>,
    /// The system attribute `MessageGroupId`, which on a standard queue names a tenant.
    pub(super) group_id: Option<String>,
}

impl Content {
    /// What counts towards the limits of size: the body and its own attributes, not those of the system.
    pub(super) fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.bytes());
        self.body.len() + attributes.sum::<usize>()
    }
}

/// A message in a queue. Times are epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) content: Arc<Content>,
    pub(super) sent_at: u64,
    pub(super) first_received_at: Option<u64>,
    /// When it was received last.
    pub(super) received_at: u64,
    /// Receipts in all queues that it has been in.
    pub(super) receive_count: u32,
    /// Receipts in this queue.
    pub(super) received_here: u32,
    /// The ARN of the queue from which it came here as a dead letter.
    pub(super) source_arn: Option<String>,
    /// Names the latest receipt.
    pub(super) receipt: Option<Uuid>,
}

impl Message {
    pub(super) fn new(content: Arc<Content>, now: u64) -> Message {
        Message {
            id: Uuid::new_v4().to_string(),
            content,
            sent_at: now,
            first_received_at: None,
            received_at: 0,
            receive_count: 0,
            received_here: 0,
            source_arn: None,
            receipt: None,
        }
    }

    /// The message as a dead letter of the queue `source_arn`. It keeps its id, its age and its count. (SQS developer guide, "Using
    /// dead-letter queues": on standard queues the expiration is based on the original enqueue timestamp.)
    pub(super) fn into_dead_letter(self, source_arn: String) -> Message {
        Message { received_here: 0, receipt: None, source_arn: Some(source_arn), ..self }
    }

    /// The message as a move task sends it: a new one with the same content. (SQS developer guide, "Configuring a dead-letter queue
    /// redrive": redriven messages are new, with a new message id and enqueue time.)
    pub(super) fn into_redriven(self, now: u64) -> Message {
        Message::new(self.content, now)
    }
}
