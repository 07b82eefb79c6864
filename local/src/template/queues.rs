//! `AWS::SQS::Queue`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html>

use std::time::Duration;

use super::{
    manifest::{Queue, Redrive},
    notes,
    resolver::Resolver,
    resources::QUEUE,
    section::Section,
};

/// Reads a queue. `None` if it cannot be created.
pub(super) fn read(id: &str, properties: Section<'_>, resolver: &Resolver<'_>) -> Option<Queue> {
    let name = resolver.physical_name(id);
    if let Some(name) = properties.text("QueueName")
        && (name.is_empty() || name.len() > 80 || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        properties
            .problem("QueueName", format!("`{name}` is not a standard queue's name: 1 to 80 letters, digits, hyphens and underscores"));
    }
    if properties.boolean("FifoQueue") == Some(true) {
        properties.problem("FifoQueue", "the local stack has standard queues only");
    }
    let seconds = |key, range, default: u64| Duration::from_secs(properties.integer(key, range).map_or(default, i64::unsigned_abs));
    let visibility_timeout = seconds("VisibilityTimeout", 0..=43_200, 30);
    let retention = seconds("MessageRetentionPeriod", 60..=1_209_600, 345_600);
    let delay = seconds("DelaySeconds", 0..=900, 0);
    let receive_wait = seconds("ReceiveMessageWaitTimeSeconds", 0..=20, 0);
    let maximum_message_bytes = properties.integer("MaximumMessageSize", 1_024..=1_048_576).unwrap_or(1_048_576);
    let redrive = properties.section("RedrivePolicy").and_then(|policy| redrive(&policy, resolver).inspect(|_| policy.finish(&[])));
    properties.finish(notes::QUEUE);
    Some(Queue {
        logical_id: id.to_owned(),
        name: name?,
        arn: resolver.arn(id)?,
        visibility_timeout,
        retention,
        delay,
        receive_wait,
        maximum_message_bytes: u32::try_from(maximum_message_bytes).ok()?,
        redrive,
    })
}

fn redrive(policy: &Section<'_>, resolver: &Resolver<'_>) -> Option<Redrive> {
    policy.require("maxReceiveCount");
    let arn = policy.required_text("deadLetterTargetArn");
    let maximum = policy.integer("maxReceiveCount", 1..=1_000);
    if let Some(arn) = &arn
        && resolver.owner(QUEUE, "Arn", arn).is_none()
    {
        policy.problem("deadLetterTargetArn", format!("{arn} is not a queue of this template; use !GetAtt SomeQueue.Arn"));
    }
    Some(Redrive { dead_letter_queue_arn: arn?, maximum_receive_count: u32::try_from(maximum?).ok()? })
}
