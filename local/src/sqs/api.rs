//! The actions, as the JSON protocol names them.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    LARGEST_MESSAGE, Sqs, SqsError,
    error::{ATTRIBUTE, CONTENTS, INVALID},
    parameters::{check, entries, names, number, queue_name, receipt, receipt_handle, text},
    queue::Message,
};
use crate::account::{ACCOUNT, queue_arn};

/// The bytes of the messages in a request or an answer, by which AWS bills it.
pub(super) fn payload_bytes(value: &Value) -> usize {
    let body = |message: &Value| ["MessageBody", "Body"].iter().filter_map(|name| message[name].as_str()).map(str::len).sum::<usize>();
    let listed = ["Entries", "Messages"].iter().filter_map(|list| value[list].as_array()).flatten();
    body(value) + listed.map(body).sum::<usize>()
}

impl Sqs {
    /// The answer to the request `action`.
    pub(super) async fn act(&self, action: &str, request: &Value) -> Result<Value, SqsError> {
        check(action, request)?;
        match action {
            "SendMessage" => self.send_message(queue_name(request)?, request),
            "SendMessageBatch" => self.batch("SendMessageBatchRequestEntry", request, Sqs::send_message),
            "ReceiveMessage" => self.receive_message(request).await,
            "DeleteMessage" => self.delete_message(queue_name(request)?, request),
            "DeleteMessageBatch" => self.batch("DeleteMessageBatchRequestEntry", request, Sqs::delete_message),
            "ChangeMessageVisibility" => self.change_visibility(queue_name(request)?, request),
            "ChangeMessageVisibilityBatch" => self.batch("ChangeMessageVisibilityBatchRequestEntry", request, Sqs::change_visibility),
            "GetQueueUrl" => {
                let name = text(request, "QueueName")?;
                self.store().queue(name)?;
                Ok(json!({"QueueUrl": self.url(name)}))
            }
            "GetQueueAttributes" => self.queue_attributes(request),
            "ListQueues" => Ok(json!({"QueueUrls": self.store().queues.keys().map(|name| self.url(name)).collect::<Vec<_>>()})),
            _ => Err(SqsError::unsupported(action)),
        }
    }

    /// The answer of a batch, whose entries are what `act` takes alone and succeed or fail by themselves.
    fn batch(&self, entry: &str, request: &Value, act: fn(&Sqs, &str, &Value) -> Result<Value, SqsError>) -> Result<Value, SqsError> {
        let queue = queue_name(request)?;
        self.store().queue(queue)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, one) in entries(request, entry)? {
            match check(entry, one).and_then(|()| act(self, queue, one)) {
                Ok(mut result) => {
                    result["Id"] = id.into();
                    successful.push(result);
                }
                Err(error) => failed.push(error.of_entry(id)),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    fn send_message(&self, queue: &str, request: &Value) -> Result<Value, SqsError> {
        let body = text(request, "MessageBody")?;
        let delay = number(request, "DelaySeconds", 0..=900)?.unwrap_or(0);
        let id = self.put(queue, body, delay * 1000)?;
        Ok(json!({"MessageId": id.to_string(), "MD5OfMessageBody": md5(body)}))
    }

    /// Puts a message into the queue `name` that can be received after `delay` milliseconds.
    pub(super) fn put(&self, name: &str, body: &str, delay: u64) -> Result<Uuid, SqsError> {
        if !body.chars().all(is_allowed) {
            let allowed = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
            return Err(SqsError::new(CONTENTS, format!("Invalid characters found. Valid unicode characters are {allowed}")));
        }
        if body.len() > LARGEST_MESSAGE {
            let reason = format!("Message must be shorter than {LARGEST_MESSAGE} bytes.");
            return Err(SqsError::new(INVALID, format!("One or more parameters are invalid. Reason: {reason}")));
        }
        self.store().send(name, body.to_owned(), delay, self.clock().now())
    }

    /// Waits for as long as the request says, or until there is a message.
    async fn receive_message(&self, request: &Value) -> Result<Value, SqsError> {
        let name = queue_name(request)?;
        let limit = number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1) as usize;
        let visibility = number(request, "VisibilityTimeout", 0..=43_200)?.map(|seconds| seconds * 1000);
        let wait = number(request, "WaitTimeSeconds", 0..=20)?.unwrap_or(0) * 1000;
        let wanted = [names(request, "AttributeNames")?, names(request, "MessageSystemAttributeNames")?].concat();
        // A name that is refused must not cost a receipt.
        shown(name, Uuid::nil(), &Message::default(), &wanted)?;
        let mut bell = self.store().bell.subscribe();
        let until = self.clock().now().saturating_add(wait);
        loop {
            bell.mark_unchanged();
            let now = self.clock().now();
            let (messages, next_visible) = self.store().receive(name, limit, visibility, now)?;
            if !messages.is_empty() {
                let messages = messages.iter().map(|(id, message)| shown(name, *id, message, &wanted));
                return Ok(json!({"Messages": messages.collect::<Result<Vec<_>, _>>()?}));
            }
            if now >= until {
                return Ok(json!({}));
            }
            tokio::select! {
                () = self.clock().sleep_until(next_visible.map_or(until, |next| next.min(until))) => {}
                _ = bell.changed() => {}
            }
        }
    }

    /// An old handle succeeds without deleting anything, as it may on AWS.
    fn delete_message(&self, queue: &str, request: &Value) -> Result<Value, SqsError> {
        let mut store = self.store();
        let messages = store.queue(queue)?;
        let (id, count) = receipt(request, queue)?;
        messages.delete(id, count);
        Ok(json!({}))
    }

    /// Hides a message that is in flight for so long from now on; 0 shows it.
    fn change_visibility(&self, queue: &str, request: &Value) -> Result<Value, SqsError> {
        let missing = || SqsError::missing("VisibilityTimeout");
        let seconds = number(request, "VisibilityTimeout", 0..=43_200)?.ok_or_else(missing)?;
        let (id, count) = receipt(request, queue)?;
        let (now, mut store) = (self.clock().now(), self.store());
        if !store.queue(queue)?.hide(id, count, now.saturating_add(seconds * 1_000), now) {
            let message = format!(
                "Value {} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available \
                                   for visibility timeout change.",
                text(request, "ReceiptHandle")?
            );
            return Err(SqsError::new(INVALID, message));
        }
        store.bell.send_replace(());
        Ok(json!({}))
    }

    fn queue_attributes(&self, request: &Value) -> Result<Value, SqsError> {
        let (name, wanted) = (queue_name(request)?, names(request, "AttributeNames")?);
        let mut store = self.store();
        let queue = store.queue(name)?;
        let counts = queue.counts(self.clock().now());
        let redrive = queue.template.redrive.as_ref().map(|redrive| {
            json!({"deadLetterTargetArn": redrive.dead_letter_queue_arn, "maxReceiveCount": redrive.maximum_receive_count}).to_string()
        });
        let all = [
            ("QueueArn", Some(queue_arn(name))),
            ("ApproximateNumberOfMessages", Some(counts.visible.to_string())),
            ("ApproximateNumberOfMessagesNotVisible", Some(counts.in_flight.to_string())),
            ("ApproximateNumberOfMessagesDelayed", Some(counts.delayed.to_string())),
            ("VisibilityTimeout", Some(queue.template.visibility_timeout.as_secs().to_string())),
            ("MessageRetentionPeriod", Some(queue.template.retention.as_secs().to_string())),
            ("RedrivePolicy", redrive),
        ];
        let attributes = picked(all, &wanted)?;
        Ok(if attributes.is_empty() { json!({}) } else { json!({"Attributes": attributes}) })
    }
}

/// A message as its receiver gets it, with the attributes of the system that are wanted.
fn shown(queue: &str, id: Uuid, message: &Message, wanted: &[&str]) -> Result<Value, SqsError> {
    let mut received = json!({
        "MessageId": id.to_string(), "Body": message.body, "MD5OfBody": md5(&message.body),
        "ReceiptHandle": receipt_handle(queue, id, message.receive_count),
    });
    let all = [
        ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
        ("SentTimestamp", Some(message.sent_at.to_string())),
        ("SenderId", Some(ACCOUNT.to_owned())),
        ("ApproximateFirstReceiveTimestamp", message.first_received_at.map(|time| time.to_string())),
        ("DeadLetterQueueSourceArn", message.source_arn.clone()),
    ];
    let attributes = picked(all, wanted)?;
    if !attributes.is_empty() {
        received["Attributes"] = attributes.into();
    }
    Ok(received)
}

/// The attributes that are wanted by name or by `All`, as far as they have values. A name that is none of them is refused.
fn picked<const N: usize>(all: [(&str, Option<String>); N], wanted: &[&str]) -> Result<Map<String, Value>, SqsError> {
    if let Some(unknown) = wanted.iter().find(|wanted| **wanted != "All" && all.iter().all(|(name, _)| name != *wanted)) {
        return Err(SqsError::new(ATTRIBUTE, format!("Unknown Attribute {unknown}.")));
    }
    let picked = all.into_iter().filter(|(name, _)| wanted.contains(name) || wanted.contains(&"All"));
    Ok(picked.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect())
}

/// Whether a message may hold this character. (SQS API reference, `SendMessage`.)
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn md5(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
