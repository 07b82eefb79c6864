//! Events of a function: mappings from a table's stream or a queue, and subscriptions to a topic.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html>

use std::time::Duration;

use serde::Deserialize;

use super::{
    error::Problem,
    manifest::{Manifest, QueueMapping, StreamMapping, TopicSubscription},
    scalars::{Json, Parsed},
};
use crate::account;

/// An event.
#[derive(Deserialize)]
#[serde(tag = "Type", content = "Properties", deny_unknown_fields)]
pub(super) enum Event {
    DynamoDB(StreamEvent),
    #[serde(rename = "SQS")]
    Sqs(QueueEvent),
    #[serde(rename = "SNS")]
    Sns(TopicEvent),
}

/// The properties of an event of a table's stream.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StreamEvent {
    stream: String,
    #[serde(rename = "StartingPosition")]
    _starting_position: StartingPosition,
    batch_size: Option<Parsed<u32>>,
    maximum_retry_attempts: Option<Parsed<i64>>,
    maximum_record_age_in_seconds: Option<Parsed<i64>>,
    bisect_batch_on_function_error: Option<Parsed<bool>>,
    #[serde(default)]
    function_response_types: Vec<FunctionResponseType>,
    #[serde(default)]
    filter_criteria: FilterCriteria,
    destination_config: Option<DestinationConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StartingPosition {
    TrimHorizon,
}

#[derive(Deserialize)]
enum FunctionResponseType {
    ReportBatchItemFailures,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: Json,
}

/// Where records go that are given up.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    #[serde(rename = "Type")]
    _type: DestinationType,
    destination: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DestinationType {
    Sqs,
}

/// The properties of an event of a queue.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct QueueEvent {
    queue: String,
    batch_size: Option<Parsed<u32>>,
    #[serde(default)]
    function_response_types: Vec<FunctionResponseType>,
    scaling_config: Option<ScalingConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScalingConfig {
    maximum_concurrency: Parsed<u32>,
}

/// The properties of an event of a topic.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TopicEvent {
    topic: String,
    redrive_policy: Option<SubscriptionRedrive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubscriptionRedrive {
    dead_letter_target_arn: String,
}

impl DestinationConfig {
    pub(super) fn queue_arn(self) -> String {
        self.on_failure.destination
    }
}

impl Event {
    /// Adds what the event of the function becomes, with Lambda's defaults.
    pub(super) fn add_to(self, manifest: &mut Manifest, logical_id: String, function_arn: String) -> Result<(), Problem> {
        match self {
            Self::DynamoDB(event) => manifest.stream_mappings.push(StreamMapping {
                logical_id,
                function_arn,
                table: named(&event.stream, &account::arn("dynamodb", "table/")).map_err(|problem| problem.within("Stream"))?,
                batch_size: event.batch_size.map_or(100, |size| size.0),
                // -1 is Lambda's word for no limit.
                maximum_retry_attempts: event.maximum_retry_attempts.and_then(|attempts| attempts.0.try_into().ok()),
                maximum_record_age: event
                    .maximum_record_age_in_seconds
                    .and_then(|seconds| seconds.0.try_into().ok())
                    .map(Duration::from_secs),
                bisect_batch_on_error: event.bisect_batch_on_function_error.is_some_and(|bisect| bisect.0),
                report_batch_item_failures: !event.function_response_types.is_empty(),
                filter_patterns: event.filter_criteria.filters.into_iter().map(|filter| filter.pattern.0).collect(),
                on_failure_queue_arn: event.destination_config.map(DestinationConfig::queue_arn),
            }),
            Self::Sqs(event) => manifest.queue_mappings.push(QueueMapping {
                logical_id,
                function_arn,
                queue: named(&event.queue, &account::queue_arn("")).map_err(|problem| problem.within("Queue"))?,
                batch_size: event.batch_size.map_or(10, |size| size.0),
                report_batch_item_failures: !event.function_response_types.is_empty(),
                maximum_concurrency: event.scaling_config.map(|scaling| scaling.maximum_concurrency.0),
            }),
            Self::Sns(event) => manifest.topic_subscriptions.push(TopicSubscription {
                logical_id,
                function_arn,
                topic_arn: event.topic,
                dead_letter_queue_arn: event.redrive_policy.map(|policy| policy.dead_letter_target_arn),
            }),
        }
        Ok(())
    }
}

/// The name in an ARN, behind `prefix` and before the next slash.
fn named(arn: &str, prefix: &str) -> Result<String, Problem> {
    let name = arn.strip_prefix(prefix).and_then(|rest| rest.split('/').next());
    name.map(str::to_owned).ok_or_else(|| Problem::new(format!("`{arn}` is not an ARN that begins with {prefix}")))
}
