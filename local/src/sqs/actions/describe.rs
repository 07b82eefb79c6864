//! What there is: `GetQueueUrl`, `GetQueueAttributes`, `ListQueues` and `ListDeadLetterSourceQueues`.

use serde_json::{Map, Value, json};

use crate::{
    account::queue_arn,
    sqs::{Sqs, error::Refusal, request},
};

/// Attributes that a queue of this stack never has, but that may be asked for.
const ABSENT: [&str; 8] = [
    "Policy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

impl Sqs {
    pub(super) fn queue_url(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::text(request, "QueueName")?;
        self.queues().get(name).ok_or_else(Refusal::no_queue)?;
        Ok(json!({"QueueUrl": self.url(name)}))
    }

    pub(super) fn list_queues(&self, request: &Value) -> Result<Value, Refusal> {
        let prefix = request::optional_text(request, "QueueNamePrefix")?.unwrap_or_default();
        let names = self.queues().names().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
        self.listed("QueueUrls", request, names)
    }

    /// The queues whose dead letters come to this one.
    pub(super) fn list_sources(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::queue_name(request)?;
        let names = {
            let queues = self.queues();
            queues.get(name).ok_or_else(Refusal::no_queue)?;
            queues.sources(name).map(str::to_owned).collect()
        };
        // AWS writes this one member with a small letter.
        self.listed("queueUrls", request, names)
    }

    fn listed(&self, member: &str, request: &Value, names: Vec<String>) -> Result<Value, Refusal> {
        let (names, next) = request::page(request, names)?;
        let mut answer = json!({member: names.iter().map(|name| self.url(name)).collect::<Vec<_>>()});
        if let Some(next) = next {
            answer["NextToken"] = next.into();
        }
        Ok(answer)
    }

    pub(super) fn queue_attributes(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::queue_name(request)?;
        let names = request::names(request, "AttributeNames")?;
        let (config, counts) = {
            let mut queues = self.queues();
            let queue = queues.get_mut(name).ok_or_else(Refusal::no_queue)?;
            (queue.config.clone(), queue.counts(self.clock().now()))
        };
        let started = (self.started_at() / 1000).to_string();
        let redrive = config.redrive.map(|redrive| {
            json!({"deadLetterTargetArn": redrive.dead_letter_queue_arn, "maxReceiveCount": redrive.maximum_receive_count}).to_string()
        });
        let seconds = |duration: std::time::Duration| Some(duration.as_secs().to_string());
        let all = [
            ("QueueArn", Some(queue_arn(name))),
            ("ApproximateNumberOfMessages", Some(counts.visible.to_string())),
            ("ApproximateNumberOfMessagesNotVisible", Some(counts.in_flight.to_string())),
            ("ApproximateNumberOfMessagesDelayed", Some(counts.delayed.to_string())),
            ("CreatedTimestamp", Some(started.clone())),
            ("LastModifiedTimestamp", Some(started)),
            ("VisibilityTimeout", seconds(config.visibility_timeout)),
            ("MessageRetentionPeriod", seconds(config.retention)),
            ("MaximumMessageSize", Some(config.maximum_message_bytes.to_string())),
            ("DelaySeconds", seconds(config.delay)),
            ("ReceiveMessageWaitTimeSeconds", seconds(config.receive_wait)),
            ("RedrivePolicy", redrive),
            ("RedriveAllowPolicy", config.redrive_allow_policy),
        ];
        let known = |name: &&str| *name == "All" || ABSENT.contains(name) || all.iter().any(|(known, _)| known == name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            return Err(Refusal::attribute_name(unknown));
        }
        let wanted = all.into_iter().filter(|(name, _)| names.iter().any(|wanted| wanted == name || *wanted == "All"));
        let attributes: Map<_, _> = wanted.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        Ok(if attributes.is_empty() { json!({}) } else { json!({"Attributes": attributes}) })
    }
}
