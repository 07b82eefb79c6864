//! What those who have subscribed get, member for member. (Lambda developer guide, "Invoking Lambda functions with Amazon SNS
//! notifications"; SNS developer guide, "HTTP/HTTPS notification JSON format", which is also that of a queue.)

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{account::REGION, clock};

/// Nothing is signed on one machine. It is Base64 all the same, as what reads it may want.
const SIGNATURE: &str = "bm90IHNpZ25lZA==";

/// A message on its way to subscriptions.
pub(super) struct Notification<'a> {
    /// A UUID.
    pub(super) message_id: String,
    topic_arn: &'a str,
    subject: Option<&'a str>,
    message: String,
    timestamp: String,
}

impl<'a> Notification<'a> {
    /// A message published at `now`, epoch milliseconds.
    pub(super) fn new(topic_arn: &'a str, subject: Option<&'a str>, message: String, now: u64) -> Notification<'a> {
        let (message_id, timestamp) = (Uuid::new_v4().to_string(), clock::iso8601_with_milliseconds(now));
        Notification { message_id, topic_arn, subject, message, timestamp }
    }

    /// The event of a function.
    pub(super) fn event(&self, subscription_arn: &str) -> Bytes {
        let mut sns = self.members(subscription_arn, "Url");
        sns["Subject"] = self.subject.into();
        sns["MessageAttributes"] = json!({});
        let record = json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription_arn, "Sns": sns});
        json!({"Records": [record]}).to_string().into()
    }

    /// The body of a message to a queue, which leaves out what is empty.
    pub(super) fn letter(&self, subscription_arn: &str) -> String {
        let mut letter = self.members(subscription_arn, "URL");
        if let Some(subject) = self.subject {
            letter["Subject"] = subject.into();
        }
        letter.to_string()
    }

    /// What both have. They write `url` in different letters.
    fn members(&self, subscription_arn: &str, url: &str) -> Value {
        let host = format!("https://sns.{REGION}.amazonaws.com");
        json!({
            "Type": "Notification", "MessageId": self.message_id, "TopicArn": self.topic_arn, "Message": self.message,
            "Timestamp": self.timestamp, "SignatureVersion": "1", "Signature": SIGNATURE,
            (format!("SigningCert{url}")): format!("{host}/SimpleNotificationService-00000000000000000000000000000000.pem"),
            (format!("Unsubscribe{url}")): format!("{host}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"),
        })
    }
}
