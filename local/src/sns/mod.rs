//! The SNS room: standard topics, and functions that have subscribed to them. It is spoken to in the query protocol of 2010-03-31.
//!
//! A published message is checked ([`message`]) and handed to the Lambda room as one asynchronous invocation for each subscription
//! ([`notification`] has the shapes), which keeps trying from there. [`form`] reads requests, [`xml`] writes answers, [`actions`] are what
//! is between them. Topics and subscriptions come from the template alone.

mod actions;
mod config;
mod error;
mod form;
mod message;
mod notification;
#[cfg(test)]
mod tests;
mod xml;

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

pub use self::{
    config::{SubscriptionConfig, TopicConfig},
    error::SnsError,
    message::LARGEST_MESSAGE,
};
use self::{message::Message, notification::Notification};
/// Attributes of a message are those of SQS.
pub use crate::sqs::{AttributeValue, MessageAttributes};
use crate::{account::arn, lambda::Lambda, meter::Meter, report::report, sqs::Sqs};

/// A running SNS. Cheap to clone.
#[derive(Clone)]
pub struct Sns {
    /// By ARN.
    topics: Arc<BTreeMap<String, Topic>>,
    lambda: Lambda,
    sqs: Sqs,
    meter: Meter,
}

struct Topic {
    arn: String,
    subscriptions: Vec<Subscription>,
}

struct Subscription {
    /// The topic's ARN and an id that is the same at every start.
    arn: String,
    config: SubscriptionConfig,
}

impl Sns {
    /// The topics with their subscriptions. One of a topic that is not there hears nothing.
    pub fn new(topics: Vec<TopicConfig>, subscriptions: Vec<SubscriptionConfig>, lambda: Lambda, sqs: Sqs) -> Sns {
        let topic = |config: TopicConfig| {
            let arn = arn("sns", &config.name);
            (arn.clone(), Topic { arn, subscriptions: Vec::new() })
        };
        let mut topics: BTreeMap<_, _> = topics.into_iter().map(topic).collect();
        for config in subscriptions {
            if let Some(topic) = topics.get_mut(&config.topic_arn) {
                let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{}", config.topic_arn, config.logical_id).as_bytes());
                topic.subscriptions.push(Subscription { arn: format!("{}:{id}", config.topic_arn), config });
            }
        }
        Sns { topics: Arc::new(topics), lambda, sqs, meter: Meter::default() }
    }

    /// The same topics, with what is published through this one and its clones counted by `meter`.
    #[must_use]
    pub fn metered(self, meter: Meter) -> Sns {
        Sns { meter, ..self }
    }

    /// Publishes a message without a subject, as another service of AWS does, and answers the message's id, a UUID. By then it is an event
    /// of each function that has subscribed.
    ///
    /// # Errors
    /// If there is no such topic, or SNS refuses the message: it is empty, or has more than [`LARGEST_MESSAGE`] bytes with its attributes.
    pub fn publish(&self, topic_arn: &str, message: String, attributes: MessageAttributes) -> Result<String, SnsError> {
        let message = Message { text: message, subject: None, attributes };
        message.check()?;
        let topic = self.topic(topic_arn)?;
        self.meter.sns_publish(message.bytes());
        Ok(self.send(topic, message))
    }

    fn topic(&self, arn: &str) -> Result<&Topic, SnsError> {
        let elements = arn.split(':').count();
        if elements < 6 {
            return Err(SnsError::invalid(format!("TopicArn Reason: An ARN must have at least 6 elements, not {elements}")));
        }
        self.topics.get(arn).ok_or_else(SnsError::no_topic)
    }

    /// Hands a checked message to every subscription, and answers its id.
    fn send(&self, topic: &Topic, message: Message) -> String {
        let notification = Notification::new(&topic.arn, message, self.sqs.clock().now());
        for subscription in &topic.subscriptions {
            self.deliver(subscription, &notification);
        }
        notification.message_id
    }

    /// Hands a notification to a function, or else to the subscription's queue for dead letters. AWS tries again for as long as Lambda is
    /// away, which here it never is: what it refuses, it would refuse again. (SNS developer guide, "Amazon SNS message delivery retries".)
    fn deliver(&self, subscription: &Subscription, notification: &Notification) {
        let SubscriptionConfig { function_arn, dead_letter_queue_arn, .. } = &subscription.config;
        let Err(error) = self.lambda.invoke_async(function_arn, notification.event(&subscription.arn)) else { return };
        let undelivered = format!("a message to {} was not delivered: {error}", subscription.arn);
        let Some(queue) = dead_letter_queue_arn else { return report("SNS", format_args!("{undelivered}; it is lost")) };
        if let Err(refused) = self.sqs.send(queue, notification.letter(&subscription.arn), MessageAttributes::new()) {
            report("SNS", format_args!("{undelivered}; it is lost, since {queue} refuses it: {refused}"));
        }
    }
}
