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

/// How long a message is hidden from others where a queue does not say it.
const DEFAULT_VISIBILITY_SECONDS: u64 = 30;

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
        properties.problem("FifoQueue", "the local stack has standard queues only; give messages an id or a version to order them by");
    }
    let seconds = |key, range, default: u64| Duration::from_secs(properties.integer(key, range).map_or(default, i64::unsigned_abs));
    let visibility_timeout = seconds("VisibilityTimeout", 0..=43_200, DEFAULT_VISIBILITY_SECONDS);
    let retention = seconds("MessageRetentionPeriod", 60..=1_209_600, 345_600);
    let redrive = properties.section("RedrivePolicy").and_then(|policy| redrive(&policy, resolver).inspect(|_| policy.finish(&[])));
    properties.finish(notes::QUEUE);
    Some(Queue { logical_id: id.to_owned(), name: name?, arn: resolver.arn(id)?, visibility_timeout, retention, redrive })
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

/// Checks that a dead-letter queue is another one.
pub(super) fn check(queues: &[Queue], resolver: &Resolver<'_>) {
    for queue in queues {
        let Some(redrive) = &queue.redrive else { continue };
        let target = queues.iter().find(|target| target.arn == redrive.dead_letter_queue_arn);
        if target.is_none_or(|target| target.logical_id != queue.logical_id) {
            continue;
        }
        let path = format!("Resources.{}.Properties.RedrivePolicy.deadLetterTargetArn", queue.logical_id);
        let line = resolver.resources.declared.get(&queue.logical_id).map(|declaration| declaration.line);
        resolver.report.problem(&path, line, "a queue cannot be its own dead-letter queue");
    }
}

/// The `VisibilityTimeout` of a queue, for those who look at it from elsewhere. `None` if it is wrong, which its own reader reports.
pub(super) fn visibility_timeout(id: &str, resolver: &Resolver<'_>) -> Option<Duration> {
    let property = resolver.resources.declared.get(id)?.properties.get("VisibilityTimeout");
    let value = property.and_then(|node| resolver.resolve(node, &format!("Resources.{id}.Properties.VisibilityTimeout")));
    value.map_or(Some(DEFAULT_VISIBILITY_SECONDS), |value| value.scalar()?.parse().ok()).map(Duration::from_secs)
}
