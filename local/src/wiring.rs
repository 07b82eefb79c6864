//! From what the template says to what the rooms are told. The rooms do not know the template, nor it them.

use std::{collections::BTreeMap, path::Path};

use crate::{
    account::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY},
    dynamodb::{self, AttributeType, KeyAttribute, StreamViewType, TableConfig},
    gamelift::{self, GameServerConfig},
    gateway,
    lambda::{EventInvokeConfig, FunctionConfig},
    queue_mappings::QueueMappingConfig,
    sns::{SubscriptionConfig, TopicConfig},
    sqs::{QueueConfig, RedriveConfig},
    streams::MappingConfig,
    template,
};

/// Where functions find the services of this machine: the variables that every AWS SDK knows.
pub struct Endpoints {
    /// Of the engine itself.
    pub dynamodb: String,
    /// Of everything else.
    pub front_door: String,
    /// What the developer has put in the place of a service, by its name.
    pub replaced: BTreeMap<String, String>,
}

impl Endpoints {
    /// In the order in which a later one of the same name counts.
    fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let own =
            [("AWS_ENDPOINT_URL".to_owned(), self.front_door.clone()), ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.dynamodb.clone())];
        let replaced =
            self.replaced.iter().map(|(service, url)| (format!("AWS_ENDPOINT_URL_{}", service.to_ascii_uppercase()), url.clone()));
        own.into_iter().chain(replaced)
    }
}

/// A function whose binary is in `directory`.
pub fn function(function: &template::Function, directory: &Path, endpoints: &Endpoints) -> FunctionConfig {
    let template = function.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let environment: BTreeMap<String, String> = template.chain(endpoints.variables()).collect();
    FunctionConfig {
        logical_id: function.logical_id.clone(),
        name: function.name.clone(),
        program: directory.join(&function.handler),
        arguments: Vec::new(),
        timeout: function.timeout,
        memory_mb: function.memory_mb,
        platform_lines: false,
        environment,
        reserved_concurrency: function.reserved_concurrency,
        event_invoke: EventInvokeConfig {
            maximum_retry_attempts: function.event_invoke.maximum_retry_attempts,
            maximum_event_age: function.event_invoke.maximum_event_age,
            on_failure_queue: function.event_invoke.on_failure_queue_arn.clone(),
        },
    }
}

/// The program that serves game sessions. It finds the services of this machine as functions do.
pub fn game_server(program: &Path, endpoints: &Endpoints) -> GameServerConfig {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoints.front_door.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    GameServerConfig { program: program.to_path_buf(), environment, ..GameServerConfig::default() }
}

/// A table.
pub fn table(table: &template::Table) -> TableConfig {
    let key = |name: &String| KeyAttribute { name: name.clone(), kind: AttributeType::String };
    TableConfig {
        name: table.name.clone(),
        hash_key: key(&table.hash_key),
        range_key: table.range_key.as_ref().map(key),
        stream: table.stream.then_some(StreamViewType::NewImage),
        ttl_attribute: table.ttl_attribute.clone(),
    }
}

/// A queue.
pub fn queue(queue: &template::Queue) -> QueueConfig {
    let redrive = queue.redrive.as_ref().map(|redrive| RedriveConfig {
        dead_letter_queue_arn: redrive.dead_letter_queue_arn.clone(),
        maximum_receive_count: redrive.maximum_receive_count,
    });
    QueueConfig {
        name: queue.name.clone(),
        visibility_timeout: queue.visibility_timeout,
        retention: queue.retention,
        redrive,
        ..QueueConfig::default()
    }
}

/// A topic.
pub fn topic(topic: &template::Topic) -> TopicConfig {
    TopicConfig { name: topic.name.clone() }
}

/// A function's subscription to a topic.
pub fn subscription(subscription: &template::TopicSubscription) -> SubscriptionConfig {
    SubscriptionConfig {
        logical_id: subscription.logical_id.clone(),
        topic_arn: subscription.topic_arn.clone(),
        function_arn: subscription.function_arn.clone(),
        dead_letter_queue_arn: subscription.dead_letter_queue_arn.clone(),
    }
}

/// A queue of GameLift's. Its fleets are pretended, so that it does not matter which they are.
pub fn game_session_queue(queue: &template::GameSessionQueue) -> gamelift::QueueConfig {
    gamelift::QueueConfig {
        name: queue.name.clone(),
        timeout: queue.timeout,
        topic_arn: queue.notification_topic_arn.clone(),
        ..gamelift::QueueConfig::default()
    }
}

/// A mapping from a queue to a function. No function has more than so many `environments`, and more batches at once would only wait.
pub fn queue_mapping(mapping: &template::QueueMapping, environments: usize) -> QueueMappingConfig {
    let concurrency = mapping.maximum_concurrency.map_or(environments, |maximum| environments.min(maximum as usize));
    QueueMappingConfig {
        name: mapping.logical_id.clone(),
        function_arn: mapping.function_arn.clone(),
        queue: mapping.queue.clone(),
        batch_size: mapping.batch_size as usize,
        report_batch_item_failures: mapping.report_batch_item_failures,
        concurrency,
        ..QueueMappingConfig::default()
    }
}

/// A mapping from a stream to a function.
pub fn mapping(mapping: &template::StreamMapping) -> MappingConfig {
    MappingConfig {
        name: mapping.logical_id.clone(),
        function_arn: mapping.function_arn.clone(),
        table: mapping.table.clone(),
        batch_size: mapping.batch_size as usize,
        maximum_retry_attempts: mapping.maximum_retry_attempts,
        maximum_record_age: mapping.maximum_record_age,
        bisect: mapping.bisect_batch_on_error,
        report_batch_item_failures: mapping.report_batch_item_failures,
        filter_patterns: mapping.filter_patterns.clone(),
        on_failure_queue: mapping.on_failure_queue_arn.clone(),
        ..MappingConfig::default()
    }
}

/// The WebSocket API.
pub fn api(api: &template::WebSocketApi) -> gateway::WebSocketApi {
    let route = |route: &template::Route| gateway::Route { function_arn: route.function_arn.clone(), route_response: route.route_response };
    gateway::WebSocketApi {
        api_id: api.api_id.clone(),
        stage: api.stage.clone(),
        route_selection_expression: "$request.body.route".to_owned(),
        authorizer: Some(gateway::Authorizer {
            function_arn: api.authorizer.function_arn.clone(),
            identity_sources: api.authorizer.identity_sources.clone(),
        }),
        routes: api.routes.iter().map(|(name, entry)| (name.clone(), route(entry))).collect(),
        throttle: Some(gateway::Throttle { rate_per_second: api.throttle.rate_limit, burst: api.throttle.burst_limit }),
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
    fn a_queue_mapping_has_no_more_batches_at_once_than_there_are_environments() {
        let mapping = template::QueueMapping {
            logical_id: "WorkerDue".to_owned(),
            function_arn: String::new(),
            queue: "work".to_owned(),
            batch_size: 10,
            report_batch_item_failures: false,
            maximum_concurrency: Some(4),
        };
        assert_eq!([10, 3].map(|environments| queue_mapping(&mapping, environments).concurrency), [4, 3]);
    }

    #[test]
    fn a_game_server_finds_the_stack_as_functions_do() {
        let endpoints = Endpoints { dynamodb: "http://engine".to_owned(), front_door: "http://here".to_owned(), replaced: BTreeMap::new() };
        let server = game_server(Path::new("server"), &endpoints);
        let expected = [
            ("AWS_ENDPOINT_URL", "http://here"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIALOCAL000000000000"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ];
        assert_eq!(server.environment, expected.map(|(name, value)| (name.into(), value.into())).into());
    }

    #[test]
    fn a_service_that_is_replaced_is_reached_where_the_developer_says_and_the_others_here() {
        let endpoints = Endpoints {
            dynamodb: "http://engine".to_owned(),
            front_door: "http://here".to_owned(),
            replaced: [("dynamodb", "http://proxy"), ("sqs", "http://queues")].map(|(name, url)| (name.into(), url.into())).into(),
        };
        let variables: BTreeMap<String, String> = endpoints.variables().collect();
        let expected =
            [("AWS_ENDPOINT_URL", "http://here"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://proxy"), ("AWS_ENDPOINT_URL_SQS", "http://queues")];
        assert_eq!(variables, expected.map(|(name, url)| (name.into(), url.into())).into());
    }
}
