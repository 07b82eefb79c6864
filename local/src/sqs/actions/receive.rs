//! `ReceiveMessage`, which may wait.

use serde_json::{Map, Value, json};

use crate::{
    account::ACCOUNT,
    clock::milliseconds,
    sqs::{
        Sqs,
        attributes::{self, MessageAttributes},
        error::Refusal,
        message::Message,
        queue::LONGEST_VISIBILITY_SECONDS,
        request,
    },
};

const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// What a receiver wants to know of a message.
struct Wanted<'a> {
    system: Vec<&'a str>,
    own: Vec<&'a str>,
}

impl Sqs {
    pub(super) async fn receive_message(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::queue_name(request)?;
        let limit = request::number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1) as usize;
        let visibility = request::number(request, "VisibilityTimeout", 0..=LONGEST_VISIBILITY_SECONDS)?;
        let wait = request::number(request, "WaitTimeSeconds", 0..=20)?;
        let wanted = Wanted::read(request)?;
        let mut arrivals = self.arrivals(name).ok_or_else(Refusal::no_queue)?;
        let clock = self.clock();
        let mut until = None;
        loop {
            arrivals.mark_unchanged();
            let now = clock.now();
            let (received, next, over_limit, is_last) = {
                let mut queues = self.queues();
                let queue = queues.get_mut(name).ok_or_else(Refusal::no_queue)?;
                let wait = wait.map_or_else(|| milliseconds(queue.config.receive_wait), |seconds| seconds * 1000);
                let visibility = visibility.map_or_else(|| milliseconds(queue.config.visibility_timeout), |seconds| seconds * 1000);
                // A long poll that finds too many messages in flight waits in silence; only a short one is told. (SQS developer guide,
                // "Amazon SQS message quotas".)
                let over_limit = wait == 0 && queue.is_over_limit(now);
                let received = queues.receive(name, limit, visibility, now).ok_or_else(Refusal::no_queue)?;
                let next = queues.get(name).and_then(|queue| queue.next_visible());
                let until = *until.get_or_insert(now.saturating_add(wait));
                (received, next.map_or(until, |next| next.min(until)), over_limit, now >= until)
            };
            if let Some(dead_letter_queue) = &received.dead_letter_queue {
                self.wake(dead_letter_queue);
            }
            if !received.messages.is_empty() {
                let messages: Vec<_> = received.messages.iter().map(|message| wanted.show(name, message)).collect();
                return Ok(json!({"Messages": messages}));
            }
            if over_limit {
                return Err(Refusal::over_limit());
            }
            if is_last {
                return Ok(json!({}));
            }
            tokio::select! {
                () = clock.sleep_until(next) => {}
                _ = arrivals.changed() => {}
            }
        }
    }
}

impl<'a> Wanted<'a> {
    fn read(request: &'a Value) -> Result<Wanted<'a>, Refusal> {
        let mut system = request::names(request, "AttributeNames")?;
        system.extend(request::names(request, "MessageSystemAttributeNames")?);
        if let Some(unknown) = system.iter().find(|name| !SYSTEM_ATTRIBUTES.contains(name)) {
            return Err(Refusal::attribute_name(unknown));
        }
        Ok(Wanted { system, own: request::names(request, "MessageAttributeNames")? })
    }

    fn wants_own(&self, name: &str) -> bool {
        self.own.iter().any(|wanted| {
            *wanted == name || matches!(*wanted, "All" | ".*") || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    }

    /// A message as its receiver gets it.
    fn show(&self, queue: &str, message: &Message) -> Value {
        let content = &message.content;
        let mut received = json!({
            "MessageId": message.id, "Body": content.body, "MD5OfBody": attributes::body_md5(&content.body),
            "ReceiptHandle": request::receipt_handle(queue, message.receipt.unwrap_or_default()),
        });
        let system = [
            ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
            ("SentTimestamp", Some(message.sent_at.to_string())),
            ("SenderId", Some(ACCOUNT.to_owned())),
            ("ApproximateFirstReceiveTimestamp", message.first_received_at.map(|time| time.to_string())),
            ("AWSTraceHeader", content.trace_header.clone()),
            ("MessageGroupId", content.group_id.clone()),
            ("DeadLetterQueueSourceArn", message.source_arn.clone()),
        ];
        let wanted = |name: &str| self.system.iter().any(|wanted| *wanted == name || *wanted == "All");
        let system = system.into_iter().filter(|(name, _)| wanted(name));
        let system: Map<_, _> = system.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        if !system.is_empty() {
            received["Attributes"] = system.into();
        }
        let own = content.attributes.iter().filter(|(name, _)| self.wants_own(name));
        let own: MessageAttributes = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(md5) = attributes::attributes_md5(&own) {
            received["MD5OfMessageAttributes"] = md5.into();
            received["MessageAttributes"] = attributes::to_json(&own);
        }
        received
    }
}
