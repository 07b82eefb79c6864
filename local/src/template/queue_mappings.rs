//! Events of a function: `Type: SQS`, an event source mapping from a queue.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sqs.html>

use std::time::Duration;

use super::{filter_criteria, manifest::QueueMapping, notes, queues, resolver::Resolver, resources::QUEUE, section::Section};

/// Reads the properties of one event. The ranges are those of `CreateEventSourceMapping`; `timeout` is the function's.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
pub(super) fn read(
    logical_id: &str,
    function_arn: Option<&str>,
    timeout: Duration,
    section: Section<'_>,
    resolver: &Resolver<'_>,
) -> Option<QueueMapping> {
    let owner = section.required_text("Queue").and_then(|arn| {
        let owner = resolver.owner(QUEUE, "Arn", &arn);
        if owner.is_none() {
            section.problem("Queue", format!("{arn} is not a queue of this template; use !GetAtt SomeQueue.Arn"));
        }
        owner
    });
    if let Some(visibility_timeout) = owner.and_then(|queue| queues::visibility_timeout(queue, resolver))
        && visibility_timeout < timeout
    {
        let (visibility_timeout, timeout) = (visibility_timeout.as_secs(), timeout.as_secs());
        let message = format!("Queue visibility timeout: {visibility_timeout} seconds is less than Function timeout: {timeout} seconds");
        section.problem("Queue", format!("Lambda refuses this mapping: {message}"));
    }
    // Lambda takes more only with a batching window, which is not understood here.
    let batch_size = section.integer("BatchSize", 1..=10).unwrap_or(10);
    let report_batch_item_failures = filter_criteria::reports_batch_item_failures(&section);
    let maximum_concurrency = section.section("ScalingConfig").and_then(|scaling| {
        let maximum = scaling.integer("MaximumConcurrency", 2..=1_000);
        scaling.finish(&[]);
        maximum
    });
    section.finish(notes::QUEUE_EVENT);

    Some(QueueMapping {
        logical_id: logical_id.to_owned(),
        function_arn: function_arn?.to_owned(),
        queue: resolver.physical_name(owner?)?,
        batch_size: u32::try_from(batch_size).ok()?,
        report_batch_item_failures,
        maximum_concurrency: maximum_concurrency.and_then(|maximum| u32::try_from(maximum).ok()),
    })
}
