//! `SendMessage` and `SendMessageBatch`.

use serde_json::{Value, json};

use super::batch::{self, Results};
use crate::sqs::{
    Sqs, attributes,
    config::{LARGEST_MESSAGE, QueueConfig},
    error::Refusal,
    message::Content,
    request,
};

/// A message to send, checked.
struct Message {
    content: Content,
    /// In milliseconds, unless it is the queue's.
    delay: Option<u64>,
}

impl Sqs {
    pub(super) fn send_message(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::queue_name(request)?;
        let config = self.config(name)?;
        self.put(&config, read(&config, request)?)
    }

    pub(super) fn send_message_batch(&self, request: &Value) -> Result<Value, Refusal> {
        let config = self.config(request::queue_name(request)?)?;
        let entries = batch::entries(request, "SendMessageBatchRequestEntry")?;
        let messages: Vec<_> = entries.iter().map(|(id, entry)| (*id, read(&config, entry))).collect();
        let bytes = messages.iter().filter_map(|(_, message)| Some(message.as_ref().ok()?.content.bytes())).sum();
        if bytes > LARGEST_MESSAGE {
            return Err(Refusal::batch_too_long(LARGEST_MESSAGE, bytes));
        }
        let mut results = Results::default();
        for (id, message) in messages {
            results.add(id, message.and_then(|message| self.put(&config, message)));
        }
        Ok(results.answer())
    }

    fn config(&self, name: &str) -> Result<QueueConfig, Refusal> {
        self.queues().get(name).map(|queue| queue.config.clone()).ok_or_else(Refusal::no_queue)
    }

    fn put(&self, config: &QueueConfig, Message { content, delay }: Message) -> Result<Value, Refusal> {
        let mut answer = json!({"MD5OfMessageBody": attributes::body_md5(&content.body)});
        let sums = [
            ("MD5OfMessageAttributes", attributes::attributes_md5(&content.attributes)),
            ("MD5OfMessageSystemAttributes", content.trace_header.as_deref().and_then(attributes::trace_header_md5)),
        ];
        for (name, sum) in sums {
            if let Some(sum) = sum {
                answer[name] = sum.into();
            }
        }
        let id = self.queues().send(&config.name, content, delay, self.clock().now());
        answer["MessageId"] = id.ok_or_else(Refusal::no_queue)?.into();
        self.wake(&config.name);
        Ok(answer)
    }
}

/// Reads and checks what to send.
fn read(config: &QueueConfig, request: &Value) -> Result<Message, Refusal> {
    let body = request::text(request, "MessageBody")?;
    if !body.chars().all(attributes::is_allowed) {
        return Err(Refusal::contents());
    }
    if let Some(id) = request::optional_text(request, "MessageDeduplicationId")? {
        let reason = "The request includes a parameter that is not valid for this queue type.";
        return Err(Refusal::value(id, "MessageDeduplicationId", reason));
    }
    let content = Content {
        body: body.to_owned(),
        attributes: attributes::read(&request["MessageAttributes"])?,
        trace_header: attributes::read_trace_header(&request["MessageSystemAttributes"])?,
        group_id: group_id(request)?,
    };
    if content.bytes() > config.maximum_message_bytes {
        let most = config.maximum_message_bytes;
        return Err(Refusal::invalid(format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.")));
    }
    let delay = request::number(request, "DelaySeconds", 0..=900)?.map(|seconds| seconds * 1000);
    Ok(Message { content, delay })
}

fn group_id(request: &Value) -> Result<Option<String>, Refusal> {
    let Some(id) = request::optional_text(request, "MessageGroupId")? else { return Ok(None) };
    if id.is_empty() || id.len() > 128 || !id.chars().all(|c| c.is_ascii_graphic()) {
        let reason = "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.";
        return Err(Refusal::value(id, "MessageGroupId", reason));
    }
    Ok(Some(id.to_owned()))
}
