//! From what the template says to what the rooms are told. The rooms do not know the template, nor it them.

use std::{collections::BTreeMap, path::Path};

use crate::{
    dynamodb::{self, AttributeType, KeyAttribute, StreamViewType, TableConfig},
    gateway,
    lambda::{EventInvokeConfig, FunctionConfig},
    sqs::{LARGEST_MESSAGE, QueueConfig},
    streams::MappingConfig,
    template::{self, KeyType, StartingPosition, StreamView},
};

/// What an account allows all its APIs together, where a stage sets no limit of its own: requests per second, and at once.
const ACCOUNT_RATE: f64 = 10_000.0;
const ACCOUNT_BURST: u32 = 5_000;

/// What the template says and can say on AWS, but no room does yet. None of it may be left out in silence.
pub fn unserved(manifest: &template::Manifest) -> Vec<String> {
    let mut unserved = Vec::new();
    for queue in &manifest.queues {
        let asked = [
            ("RedrivePolicy", queue.redrive.is_some()),
            ("DelaySeconds", !queue.delay.is_zero()),
            ("ReceiveMessageWaitTimeSeconds", !queue.receive_wait.is_zero()),
            ("MaximumMessageSize", queue.maximum_message_bytes as usize != LARGEST_MESSAGE),
        ];
        unserved.extend(asked.iter().filter(|(_, asked)| *asked).map(|(property, _)| format!("{}.{property}", queue.logical_id)));
    }
    let late = manifest.stream_mappings.iter().filter(|mapping| mapping.starting_position == StartingPosition::Latest);
    unserved.extend(late.map(|mapping| format!("{}.StartingPosition LATEST", mapping.logical_id)));
    unserved
}

/// Where functions find the services of this machine: the variables that every AWS SDK knows.
pub struct Endpoints {
    /// Of the engine itself.
    pub dynamodb: String,
    /// Of everything else.
    pub front_door: String,
}

impl Endpoints {
    fn variables(&self) -> [(String, String); 2] {
        [("AWS_ENDPOINT_URL".to_owned(), self.front_door.clone()), ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.dynamodb.clone())]
    }
}

/// A function whose binary is in `directory`.
pub fn function(function: &template::Function, directory: &Path, endpoints: &Endpoints) -> FunctionConfig {
    let template = function.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let environment: BTreeMap<String, String> = template.chain(endpoints.variables()).collect();
    FunctionConfig {
        logical_id: function.logical_id.clone(),
        name: function.name.clone(),
        program: directory.join(&function.binary),
        arguments: Vec::new(),
        timeout: function.timeout,
        memory_mb: function.memory_mb,
        environment,
        reserved_concurrency: function.reserved_concurrency,
        event_invoke: EventInvokeConfig {
            maximum_retry_attempts: function.event_invoke.maximum_retry_attempts,
            maximum_event_age: function.event_invoke.maximum_event_age,
            on_failure_queue: function.event_invoke.on_failure_queue_arn.clone(),
        },
    }
}

/// A table, billed on demand.
pub fn table(table: &template::Table) -> TableConfig {
    TableConfig {
        name: table.name.clone(),
        hash_key: key(&table.hash_key),
        range_key: table.range_key.as_ref().map(key),
        stream: table.stream.map(view),
        ttl_attribute: table.ttl_attribute.clone(),
    }
}

fn key(key: &template::Key) -> KeyAttribute {
    let kind = match key.kind {
        KeyType::String => AttributeType::String,
        KeyType::Number => AttributeType::Number,
        KeyType::Binary => AttributeType::Binary,
    };
    KeyAttribute { name: key.name.clone(), kind }
}

fn view(view: StreamView) -> StreamViewType {
    match view {
        StreamView::KeysOnly => StreamViewType::KeysOnly,
        StreamView::NewImage => StreamViewType::NewImage,
        StreamView::OldImage => StreamViewType::OldImage,
        StreamView::NewAndOldImages => StreamViewType::NewAndOldImages,
    }
}

/// A queue.
pub fn queue(queue: &template::Queue) -> QueueConfig {
    QueueConfig { name: queue.name.clone(), visibility_timeout: queue.visibility_timeout, retention: queue.retention }
}

/// A mapping from a stream to a function.
pub fn mapping(mapping: &template::StreamMapping) -> MappingConfig {
    MappingConfig {
        name: mapping.logical_id.clone(),
        function_arn: mapping.function_arn.clone(),
        table: mapping.table.clone(),
        batch_size: mapping.batch_size as usize,
        batching_window: mapping.batching_window,
        maximum_retry_attempts: mapping.maximum_retry_attempts,
        maximum_record_age: mapping.maximum_record_age,
        bisect: mapping.bisect_batch_on_error,
        report_batch_item_failures: mapping.report_batch_item_failures,
        filter_patterns: mapping.filter_patterns.clone(),
        on_failure_queue: mapping.on_failure_queue_arn.clone(),
        parallelization_factor: mapping.parallelization_factor as usize,
        ..MappingConfig::default()
    }
}

/// The WebSocket API.
pub fn api(api: &template::WebSocketApi) -> gateway::WebSocketApi {
    let authorizer = api.authorizer.as_ref().map(|authorizer| gateway::Authorizer {
        function_arn: authorizer.function_arn.clone(),
        identity_sources: authorizer.identity_sources.clone(),
    });
    let route = |route: &template::Route| gateway::Route { function_arn: route.function_arn.clone(), route_response: route.route_response };
    let throttle = gateway::Throttle {
        rate_per_second: api.throttle.rate_limit.unwrap_or(ACCOUNT_RATE),
        burst: api.throttle.burst_limit.unwrap_or(ACCOUNT_BURST),
    };
    gateway::WebSocketApi {
        api_id: api.api_id.clone(),
        stage: api.stage.clone(),
        route_selection_expression: api.route_selection_expression.clone(),
        authorizer,
        routes: api.routes.iter().map(|(name, entry)| (name.clone(), route(entry))).collect(),
        throttle: Some(throttle),
    }
}

/// The options of the engine: its file is in `data`, if anything is to be kept.
pub fn dynamodb(data: Option<&Path>) -> dynamodb::DynamoDbOptions {
    dynamodb::DynamoDbOptions { path: data.map(|data| data.join("dynamodb.sqlite")), ..dynamodb::DynamoDbOptions::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_room_does_yet_is_named() {
        let text = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: 5
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
";
        let manifest = template::load(text, &BTreeMap::new(), "test").unwrap();
        assert_eq!(unserved(&manifest), ["Work.RedrivePolicy", "Work.DelaySeconds"]);
    }
}
