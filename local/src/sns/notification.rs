//! What those who have subscribed get, member for member. (Lambda developer guide, "Invoking Lambda functions with Amazon SNS
//! notifications"; SNS developer guide, "HTTP/HTTPS notification JSON format", which is also that of a queue.)

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::{AttributeValue, message::Message};
use crate::{account::REGION, clock};

/// Nothing is signed on one machine. It is Base64 all the same, as what reads it may want.
const SIGNATURE: &str = "bm90IHNpZ25lZA==";

/// A message on its way to subscriptions.
pub(super) struct Notification {
    /// A UUID.
    pub(super) message_id: String,
    topic_arn: String,
    message: Message,
    timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    records: [Record<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    event_source: &'static str,
    event_version: &'static str,
    event_subscription_arn: &'a str,
    sns: ForFunction<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ForFunction<'a> {
    r#type: &'static str,
    message_id: &'a str,
    topic_arn: &'a str,
    /// Null if there is none.
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: &'a str,
    signature_version: &'static str,
    signature: &'static str,
    signing_cert_url: String,
    unsubscribe_url: String,
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
}

/// The same in the words that queues get: two names are in other letters, and what is empty is left out.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ForQueue<'a> {
    r#type: &'static str,
    message_id: &'a str,
    topic_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: &'a str,
    signature_version: &'static str,
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    r#type: &'a str,
    /// Bytes are in Base64.
    value: String,
}

impl<'a> From<&'a AttributeValue> for Attribute<'a> {
    fn from(value: &'a AttributeValue) -> Attribute<'a> {
        match value {
            AttributeValue::Text(kind, value) => Attribute { r#type: kind, value: value.clone() },
            AttributeValue::Binary(kind, value) => Attribute { r#type: kind, value: BASE64_STANDARD.encode(value) },
        }
    }
}

impl Notification {
    /// A message published at `now`, epoch milliseconds.
    pub(super) fn new(topic_arn: &str, message: Message, now: u64) -> Notification {
        let timestamp = clock::iso8601_with_milliseconds(now);
        Notification { message_id: Uuid::new_v4().to_string(), topic_arn: topic_arn.to_owned(), message, timestamp }
    }

    /// The event of a function.
    pub(super) fn event(&self, subscription_arn: &str) -> Bytes {
        let sns = ForFunction {
            r#type: "Notification",
            message_id: &self.message_id,
            topic_arn: &self.topic_arn,
            subject: self.message.subject.as_deref(),
            message: &self.message.text,
            timestamp: &self.timestamp,
            signature_version: "1",
            signature: SIGNATURE,
            signing_cert_url: signing_cert_url(),
            unsubscribe_url: unsubscribe_url(subscription_arn),
            message_attributes: self.attributes(),
        };
        let record = Record { event_source: "aws:sns", event_version: "1.0", event_subscription_arn: subscription_arn, sns };
        // Texts can always be written as JSON.
        serde_json::to_vec(&Event { records: [record] }).unwrap_or_default().into()
    }

    /// The body of a message to a queue.
    pub(super) fn letter(&self, subscription_arn: &str) -> String {
        let letter = ForQueue {
            r#type: "Notification",
            message_id: &self.message_id,
            topic_arn: &self.topic_arn,
            subject: self.message.subject.as_deref(),
            message: &self.message.text,
            timestamp: &self.timestamp,
            signature_version: "1",
            signature: SIGNATURE,
            signing_cert_url: signing_cert_url(),
            unsubscribe_url: unsubscribe_url(subscription_arn),
            message_attributes: self.attributes(),
        };
        serde_json::to_string(&letter).unwrap_or_default()
    }

    fn attributes(&self) -> BTreeMap<&str, Attribute<'_>> {
        self.message.attributes.iter().map(|(name, value)| (name.as_str(), Attribute::from(value))).collect()
    }
}

fn signing_cert_url() -> String {
    format!("https://sns.{REGION}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem")
}

fn unsubscribe_url(subscription_arn: &str) -> String {
    format!("https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription_arn}")
}
