//! The actions, as the JSON protocol names them.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Shelf, Sqs,
    attributes::{self, AttributeValue},
    error::Refusal,
    queue::Message,
};
use crate::{
    account::{ACCOUNT, queue_arn},
    clock::milliseconds,
};

/// What a message may have at most, bytes.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

impl Sqs {
    pub(super) async fn answer(&self, action: &str, body: &[u8]) -> Result<Value, Refusal> {
        let request: Value = serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
            .map_err(|error| Refusal::invalid(format!("The request is not JSON: {error}.")))?;
        match action {
            "SendMessage" => self.send_message(&request),
            "ReceiveMessage" => self.receive_message(&request).await,
            "DeleteMessage" => self.delete_message(&request),
            "GetQueueUrl" => {
                let name = text(&request, "QueueName")?;
                self.queues.get(name).ok_or_else(Refusal::no_queue)?;
                Ok(json!({"QueueUrl": self.url(name)}))
            }
            "GetQueueAttributes" => self.queue_attributes(&request),
            "ListQueues" => {
                let prefix = request["QueueNamePrefix"].as_str().unwrap_or_default();
                let urls: Vec<_> = self.queues.keys().filter(|name| name.starts_with(prefix)).map(|name| self.url(name)).collect();
                Ok(json!({"QueueUrls": urls}))
            }
            "PurgeQueue" => {
                self.shelf(&request)?.queue().purge();
                Ok(json!({}))
            }
            "CreateQueue" | "DeleteQueue" | "SetQueueAttributes" => {
                Err(Refusal::unsupported(format!("{action} is refused: the queues of this stack are those of its template.")))
            }
            _ => Err(Refusal::unsupported(format!("{action} is not implemented by this stack."))),
        }
    }

    /// The queue that the request's `QueueUrl` ends with. Its host does not matter.
    fn shelf(&self, request: &Value) -> Result<&Shelf, Refusal> {
        let url = text(request, "QueueUrl")?;
        let name = url.rsplit('/').next().unwrap_or(url);
        self.queues.get(name).ok_or_else(Refusal::no_queue)
    }

    fn send_message(&self, request: &Value) -> Result<Value, Refusal> {
        let shelf = self.shelf(request)?;
        let body = text(request, "MessageBody")?;
        for parameter in ["MessageGroupId", "MessageDeduplicationId", "MessageSystemAttributes"] {
            if !request[parameter].is_null() {
                return Err(Refusal::invalid(format!("{parameter} is not supported: the queues of this stack are standard queues.")));
            }
        }
        let attributes = attributes::read(&request["MessageAttributes"])?;
        if body.len() + attributes_size(&attributes) > LARGEST_MESSAGE {
            let message = format!("One or more parameters are invalid. Reason: Message must be shorter than {LARGEST_MESSAGE} bytes.");
            return Err(Refusal::invalid(message));
        }
        let delay = seconds(request, "DelaySeconds", 0..=900)?.unwrap_or(Duration::ZERO);
        let mut answer = json!({"MD5OfMessageBody": attributes::body_md5(body)});
        if let Some(md5) = attributes::attributes_md5(&attributes) {
            answer["MD5OfMessageAttributes"] = md5.into();
        }
        answer["MessageId"] = self.put(shelf, body.to_owned(), attributes, milliseconds(delay)).into();
        Ok(answer)
    }

    async fn receive_message(&self, request: &Value) -> Result<Value, Refusal> {
        let shelf = self.shelf(request)?;
        let limit = number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1) as usize;
        let visibility = seconds(request, "VisibilityTimeout", 0..=43_200)?.unwrap_or(shelf.config.visibility_timeout);
        let until = Instant::now() + seconds(request, "WaitTimeSeconds", 0..=20)?.unwrap_or(Duration::ZERO);
        let mut arrivals = shelf.arrivals.subscribe();
        loop {
            arrivals.borrow_and_update();
            let now = (self.clock)();
            let (messages, next) = {
                let mut queue = shelf.queue();
                (queue.receive(limit, milliseconds(visibility), now), queue.next_visible())
            };
            if !messages.is_empty() {
                let messages: Vec<_> = messages.iter().map(|message| received(&shelf.config.name, message, request)).collect();
                return Ok(json!({"Messages": messages}));
            }
            if Instant::now() >= until {
                return Ok(json!({}));
            }
            let visible = next.map_or(until, |next| Instant::now() + Duration::from_millis(next.saturating_sub(now).max(1)));
            tokio::select! {
                () = tokio::time::sleep_until(until.min(visible)) => {}
                _ = arrivals.changed() => {}
            }
        }
    }

    fn delete_message(&self, request: &Value) -> Result<Value, Refusal> {
        let shelf = self.shelf(request)?;
        let handle = text(request, "ReceiptHandle")?;
        let receipt = handle.rsplit_once('/').filter(|(name, _)| *name == shelf.config.name);
        let receipt = receipt.and_then(|(_, receipt)| Uuid::parse_str(receipt).ok()).ok_or_else(|| Refusal::receipt_handle(handle))?;
        shelf.queue().delete(receipt);
        Ok(json!({}))
    }

    fn queue_attributes(&self, request: &Value) -> Result<Value, Refusal> {
        let shelf = self.shelf(request)?;
        let counts = shelf.queue().counts((self.clock)());
        let started = (self.started_at / 1000).to_string();
        let all = [
            ("QueueArn", queue_arn(&shelf.config.name)),
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", started.clone()),
            ("LastModifiedTimestamp", started),
            ("VisibilityTimeout", shelf.config.visibility_timeout.as_secs().to_string()),
            ("MessageRetentionPeriod", shelf.config.retention.as_secs().to_string()),
            ("MaximumMessageSize", LARGEST_MESSAGE.to_string()),
            ("DelaySeconds", "0".to_owned()),
            ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
        ];
        let names = names(request, "AttributeNames")?;
        // A queue without a policy or a dead-letter queue simply has no such attribute.
        let absent =
            ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];
        for name in &names {
            if *name != "All" && !absent.contains(name) && !all.iter().any(|(known, _)| known == name) {
                return Err(Refusal::attribute_name(name));
            }
        }
        let wanted = all.into_iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name || *wanted == "All"));
        let attributes: Map<_, _> = wanted.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        Ok(if attributes.is_empty() { json!({}) } else { json!({"Attributes": attributes}) })
    }
}

/// A message as its receiver gets it, with the attributes asked for.
fn received(queue: &str, message: &Message, request: &Value) -> Value {
    let receipt = message.receipt.unwrap_or_default();
    let mut received = json!({
        "MessageId": message.id, "ReceiptHandle": format!("{queue}/{receipt}"), "Body": message.body,
        "MD5OfBody": attributes::body_md5(&message.body),
    });
    let system = [
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("SentTimestamp", message.sent_at.to_string()),
        ("SenderId", ACCOUNT.to_owned()),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.unwrap_or_default().to_string()),
    ];
    let asked = |lists: &[&str], name: &str| {
        let names = lists.iter().filter_map(|list| request[list].as_array()).flatten().filter_map(Value::as_str);
        names.into_iter().any(|wanted| {
            wanted == name || matches!(wanted, "All" | ".*") || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    };
    let system = system.into_iter().filter(|(name, _)| asked(&["AttributeNames", "MessageSystemAttributeNames"], name));
    let system: Map<_, _> = system.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    if !system.is_empty() {
        received["Attributes"] = system.into();
    }
    let own = message.attributes.iter().filter(|(name, _)| asked(&["MessageAttributeNames"], name));
    let own: attributes::MessageAttributes = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(md5) = attributes::attributes_md5(&own) {
        received["MD5OfMessageAttributes"] = md5.into();
        received["MessageAttributes"] = own.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<Map<_, _>>().into();
    }
    received
}

fn attributes_size(attributes: &attributes::MessageAttributes) -> usize {
    let size = |(name, value): (&String, &AttributeValue)| {
        name.len()
            + match value {
                AttributeValue::Text(kind, value) => kind.len() + value.len(),
                AttributeValue::Binary(kind, value) => kind.len() + value.len(),
            }
    };
    attributes.iter().map(size).sum()
}

fn text<'a>(request: &'a Value, parameter: &str) -> Result<&'a str, Refusal> {
    request[parameter].as_str().filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(parameter))
}

fn names<'a>(request: &'a Value, parameter: &str) -> Result<Vec<&'a str>, Refusal> {
    let refuse = || Refusal::invalid(format!("{parameter} is not a list of names."));
    match &request[parameter] {
        Value::Null => Ok(Vec::new()),
        Value::Array(names) => names.iter().map(|name| name.as_str().ok_or_else(refuse)).collect(),
        _ => Err(refuse()),
    }
}

fn number(request: &Value, parameter: &str, allowed: RangeInclusive<u64>) -> Result<Option<u64>, Refusal> {
    let value = &request[parameter];
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_u64().filter(|number| allowed.contains(number));
    let (least, most) = (allowed.start(), allowed.end());
    let message =
        || format!("Value {value} for parameter {parameter} is invalid. Reason: Must be between {least} and {most}, if provided.");
    number.map(Some).ok_or_else(|| Refusal::invalid(message()))
}

fn seconds(request: &Value, parameter: &str, allowed: RangeInclusive<u64>) -> Result<Option<Duration>, Refusal> {
    Ok(number(request, parameter, allowed)?.map(Duration::from_secs))
}
