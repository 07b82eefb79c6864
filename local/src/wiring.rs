//! From what the template says to what the rooms are told. The rooms do not know the template, nor it them.

use std::{collections::BTreeMap, path::Path};

use serde_json::json;

use crate::{
    account::{GAME_SERVER, REGION, SECRET_ACCESS_KEY, access_key_of},
    dynamodb::{self, AttributeType, KeyAttribute, StreamViewType, TableConfig},
    gamelift::{self, GameServerConfig},
    gateway,
    lambda::{EventInvokeConfig, FunctionConfig},
    queue_mappings::QueueMappingConfig,
    sns::{SubscriptionConfig, TopicConfig},
    sqs::{QueueConfig, RedriveConfig},
    streams::MappingConfig,
    template::{self, KeyType, StreamView},
};

/// What an account allows all its APIs together, where a stage sets no limit of its own: requests per second, and at once.
const ACCOUNT_RATE: f64 = 10_000.0;
const ACCOUNT_BURST: u32 = 5_000;

/// Where functions find the services of this machine: the variables that every AWS SDK knows.
pub struct Endpoints {
    /// Of all that is here.
    pub front_door: String,
    /// What the developer has put in the place of a service, by its name.
    pub replaced: BTreeMap<String, String>,
}

impl Endpoints {
    /// In the order in which a later one of the same name counts.
    fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let own = [("AWS_ENDPOINT_URL".to_owned(), self.front_door.clone())];
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
        program: directory.join(&function.binary),
        arguments: Vec::new(),
        timeout: function.timeout,
        memory_mb: function.memory_mb,
        platform_lines: function.platform_lines,
        environment,
        reserved_concurrency: function.reserved_concurrency,
        event_invoke: EventInvokeConfig {
            maximum_retry_attempts: function.event_invoke.maximum_retry_attempts,
            maximum_event_age: function.event_invoke.maximum_event_age,
            on_failure_queue: function.event_invoke.on_failure_queue_arn.clone(),
        },
    }
}

/// The program that serves game sessions. It finds the services of this machine as functions do, and may do what its policy says.
pub fn game_server(program: &Path, endpoints: &Endpoints) -> GameServerConfig {
    let key = access_key_of(GAME_SERVER);
    let variables = [
        ("AWS_ENDPOINT_URL", endpoints.front_door.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &key),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    GameServerConfig { program: program.to_path_buf(), environment, ..GameServerConfig::default() }
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
    let redrive = queue.redrive.as_ref().map(|redrive| RedriveConfig {
        dead_letter_queue_arn: redrive.dead_letter_queue_arn.clone(),
        maximum_receive_count: redrive.maximum_receive_count,
    });
    QueueConfig {
        name: queue.name.clone(),
        visibility_timeout: queue.visibility_timeout,
        retention: queue.retention,
        delay: queue.delay,
        receive_wait: queue.receive_wait,
        maximum_message_bytes: queue.maximum_message_bytes as usize,
        redrive,
        redrive_allow_policy: queue.redrive_allow.as_ref().map(redrive_allow_policy),
    }
}

fn redrive_allow_policy(allow: &template::RedriveAllow) -> String {
    let policy = match allow {
        template::RedriveAllow::All => json!({"redrivePermission": "allowAll"}),
        template::RedriveAllow::Nobody => json!({"redrivePermission": "denyAll"}),
        template::RedriveAllow::Queues(arns) => json!({"redrivePermission": "byQueue", "sourceQueueArns": arns}),
    };
    policy.to_string()
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
        custom_event_data: queue.custom_event_data.clone(),
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
        batching_window: mapping.batching_window,
        report_batch_item_failures: mapping.report_batch_item_failures,
        filter_patterns: mapping.filter_patterns.clone(),
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

/// Where a mapping begins.
pub fn starting_position(mapping: &template::StreamMapping) -> dynamodb::StartingPosition {
    match mapping.starting_position {
        template::StartingPosition::TrimHorizon => dynamodb::StartingPosition::TrimHorizon,
        template::StartingPosition::Latest => dynamodb::StartingPosition::Latest,
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
    use std::time::Duration;

    use super::*;

    const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: dead, RedriveAllowPolicy: {redrivePermission: byQueue, sourceQueueArns: [!GetAtt Work.Arn]}}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: work
      DelaySeconds: 5
      ReceiveMessageWaitTimeSeconds: 20
      MaximumMessageSize: 2048
      RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:123456789012:dead', maxReceiveCount: 5}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: worker}}
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      Events:
        Written: {Type: DynamoDB, Properties: {Stream: !GetAtt Rows.StreamArn, StartingPosition: LATEST}}
        Due: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, ScalingConfig: {MaximumConcurrency: 4}}}
        Told: {Type: SNS, Properties: {Topic: !Ref News, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}}}
  News: {Type: 'AWS::SNS::Topic', Properties: {TopicName: news}}
";

    fn manifest() -> template::Manifest {
        template::load(TEMPLATE, &BTreeMap::new(), "test").unwrap()
    }

    #[test]
    fn a_mapping_begins_where_the_template_says() {
        assert_eq!(starting_position(&manifest().stream_mappings[0]), dynamodb::StartingPosition::Latest);
    }

    #[test]
    fn a_queue_is_what_the_template_says() {
        let manifest = manifest();
        let [dead, work] = [0, 1].map(|index| queue(&manifest.queues[index]));
        let allow = json!({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:eu-central-1:123456789012:work"]});
        assert_eq!(dead.redrive_allow_policy, Some(allow.to_string()));
        let expected = QueueConfig {
            name: "work".to_owned(),
            delay: Duration::from_secs(5),
            receive_wait: Duration::from_secs(20),
            maximum_message_bytes: 2_048,
            redrive: Some(RedriveConfig {
                dead_letter_queue_arn: "arn:aws:sqs:eu-central-1:123456789012:dead".to_owned(),
                maximum_receive_count: 5,
            }),
            ..QueueConfig::default()
        };
        assert_eq!(work, expected);
    }

    #[test]
    fn a_topic_and_its_subscription_are_what_the_template_says() {
        let manifest = manifest();
        assert_eq!(topic(&manifest.topics[0]), TopicConfig { name: "news".to_owned() });
        let expected = SubscriptionConfig {
            logical_id: "WorkerTold".to_owned(),
            topic_arn: "arn:aws:sns:eu-central-1:123456789012:news".to_owned(),
            function_arn: manifest.functions[0].arn.clone(),
            dead_letter_queue_arn: Some("arn:aws:sqs:eu-central-1:123456789012:dead".to_owned()),
        };
        assert_eq!(subscription(&manifest.topic_subscriptions[0]), expected);
    }

    #[test]
    fn a_queue_mapping_has_no_more_batches_at_once_than_there_are_environments() {
        let mapping = &manifest().queue_mappings[0];
        assert_eq!((queue_mapping(mapping, 10).concurrency, queue_mapping(mapping, 3).concurrency), (4, 3));
        assert_eq!((queue_mapping(mapping, 10).queue.as_str(), queue_mapping(mapping, 10).name.as_str()), ("work", "WorkerDue"));
    }

    #[test]
    fn a_game_server_finds_the_stack_as_functions_do() {
        let endpoints = Endpoints { front_door: "http://here".to_owned(), replaced: BTreeMap::new() };
        let server = game_server(Path::new("server"), &endpoints);
        let key = access_key_of(GAME_SERVER);
        let expected =
            [("AWS_ENDPOINT_URL", "http://here"), ("AWS_REGION", REGION), ("AWS_ACCESS_KEY_ID", &key), ("AWS_SECRET_ACCESS_KEY", "local")];
        assert_eq!(server.environment, expected.map(|(name, value)| (name.into(), value.into())).into());
    }

    #[test]
    fn a_service_that_is_replaced_is_reached_where_the_developer_says_and_the_others_here() {
        let endpoints = Endpoints {
            front_door: "http://here".to_owned(),
            replaced: [("dynamodb", "http://proxy"), ("sqs", "http://queues")].map(|(name, url)| (name.into(), url.into())).into(),
        };
        let variables: BTreeMap<String, String> = endpoints.variables().collect();
        let expected =
            [("AWS_ENDPOINT_URL", "http://here"), ("AWS_ENDPOINT_URL_DYNAMODB", "http://proxy"), ("AWS_ENDPOINT_URL_SQS", "http://queues")];
        assert_eq!(variables, expected.map(|(name, url)| (name.into(), url.into())).into());
    }
}
