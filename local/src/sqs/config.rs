//! What the template says of a queue.

use std::time::Duration;

/// The most that a message may have, in bytes, on any queue.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

/// A standard queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// The physical name.
    pub name: String,
    /// How long a received message is hidden from other receivers, unless the receiver says otherwise.
    pub visibility_timeout: Duration,
    /// How long a message is kept, from when it was first sent.
    pub retention: Duration,
    /// How long a new message is hidden, unless its sender says otherwise.
    pub delay: Duration,
    /// How long a receiver waits for a message, unless it says otherwise.
    pub receive_wait: Duration,
    /// The most that a message may have, in bytes, attributes included.
    pub maximum_message_bytes: usize,
    /// Where messages go that are received too often.
    pub redrive: Option<RedriveConfig>,
    /// The queue's `RedriveAllowPolicy` as `GetQueueAttributes` shows it. Whether it is kept to is for whoever makes the queues to see to.
    pub redrive_allow_policy: Option<String>,
}

/// A queue's `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedriveConfig {
    /// The ARN of the dead-letter queue.
    pub dead_letter_queue_arn: String,
    /// A message that has been received this often is moved instead of received again.
    pub maximum_receive_count: u32,
}

impl Default for QueueConfig {
    /// AWS's defaults, for a queue without a name.
    fn default() -> QueueConfig {
        QueueConfig {
            name: String::new(),
            visibility_timeout: Duration::from_secs(30),
            retention: Duration::from_secs(4 * 86_400),
            delay: Duration::ZERO,
            receive_wait: Duration::ZERO,
            maximum_message_bytes: LARGEST_MESSAGE,
            redrive: None,
            redrive_allow_policy: None,
        }
    }
}
