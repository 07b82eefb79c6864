//! What the template says of topics and of those who have subscribed.

/// A standard topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// The physical name, of which its ARN is made: [`crate::account::arn`] of `sns`.
    pub name: String,
}

/// A function's subscription to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionConfig {
    /// The template's logical id, of which the subscription's own id is made.
    pub logical_id: String,
    /// The ARN of the topic.
    pub topic_arn: String,
    /// The function's ARN or name.
    pub function_arn: String,
    /// The ARN of the queue for messages that cannot be handed to the function. None: they are told in the log and lost.
    pub dead_letter_queue_arn: Option<String>,
}
