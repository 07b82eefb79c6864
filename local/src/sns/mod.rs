//! The SNS room: standard topics, and functions that have subscribed to them. It is spoken to in the query protocol of 2010-03-31, as far
//! as publishers use it.
//!
//! A published message is handed to the Lambda room as one asynchronous invocation for each subscription ([`notification`] has the shapes),
//! which keeps trying from there. [`api`] reads requests and writes answers. Topics and subscriptions come from the template alone.

mod api;
mod error;
mod notification;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

pub use self::error::SnsError;
use self::notification::Notification;
use crate::{
    lambda::Lambda,
    meter::Meter,
    report::report,
    sqs::Sqs,
    template::{Topic, TopicSubscription},
};

/// The most that a message may have, in bytes. (SNS API reference, `Publish`; a topic that says nothing else has this limit.)
const LARGEST_MESSAGE: usize = 256 * 1024;

/// A running SNS. Cheap to clone.
#[derive(Clone)]
pub struct Sns {
    /// Who has subscribed, by the ARN of the topic.
    topics: Arc<BTreeMap<String, Vec<Subscription>>>,
    lambda: Lambda,
    sqs: Sqs,
    meter: Meter,
}

struct Subscription {
    /// The topic's ARN and an id that is the same at every start.
    arn: String,
    template: TopicSubscription,
}

impl Sns {
    /// The topics with their subscriptions. One of a topic that is not there hears nothing.
    pub fn new(topics: Vec<Topic>, subscriptions: Vec<TopicSubscription>, lambda: Lambda, sqs: Sqs) -> Sns {
        let mut topics: BTreeMap<_, _> = topics.into_iter().map(|topic| (topic.arn, Vec::new())).collect();
        for template in subscriptions {
            if let Some(topic) = topics.get_mut(&template.topic_arn) {
                let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{}", template.topic_arn, template.logical_id).as_bytes());
                topic.push(Subscription { arn: format!("{}:{id}", template.topic_arn), template });
            }
        }
        Sns { topics: Arc::new(topics), lambda, sqs, meter: Meter::default() }
    }

    /// The same topics, with what is published through this one and its clones counted by `meter`.
    #[must_use]
    pub fn metered(self, meter: Meter) -> Sns {
        Sns { meter, ..self }
    }

    /// Publishes a message and answers its id, a UUID. By then it is an event of each function that has subscribed.
    ///
    /// # Errors
    /// If there is no such topic, or SNS refuses the message: it is empty, or has more than 256 KB.
    pub fn publish(&self, topic_arn: &str, message: String) -> Result<String, SnsError> {
        self.publish_with_subject(topic_arn, None, message)
    }

    /// The same with a subject, of up to 100 characters of ASCII in one line.
    ///
    /// # Errors
    /// As [`Sns::publish`], and if the subject is none.
    pub fn publish_with_subject(&self, topic_arn: &str, subject: Option<&str>, message: String) -> Result<String, SnsError> {
        let fits = |subject: &str| (1..=100).contains(&subject.len()) && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !subject.is_none_or(fits) {
            return Err(SnsError::invalid("Subject"));
        }
        if message.is_empty() {
            return Err(SnsError::invalid("Empty message"));
        }
        if message.len() > LARGEST_MESSAGE {
            return Err(SnsError::invalid("Message too long"));
        }
        let subscriptions = self.topics.get(topic_arn).ok_or_else(SnsError::no_topic)?;
        self.meter.sns_publish(message.len());
        let notification = Notification::new(topic_arn, subject, message, self.sqs.clock().now());
        for subscription in subscriptions {
            self.deliver(subscription, &notification);
        }
        Ok(notification.message_id)
    }

    /// Hands a notification to a function, or else to the subscription's queue for dead letters. AWS tries again for as long as Lambda is
    /// away, which here it never is: what it refuses, it would refuse again. (SNS developer guide, "Amazon SNS message delivery retries".)
    fn deliver(&self, Subscription { arn, template }: &Subscription, notification: &Notification<'_>) {
        let Err(error) = self.lambda.invoke_async(&template.function_arn, notification.event(arn)) else { return };
        let undelivered = format!("a message to {arn} was not delivered: {error}");
        let Some(queue) = &template.dead_letter_queue_arn else { return report("SNS", format_args!("{undelivered}; it is lost")) };
        if let Err(refused) = self.sqs.send(queue, notification.letter(arn)) {
            report("SNS", format_args!("{undelivered}; it is lost, since {queue} refuses it: {refused}"));
        }
    }
}
