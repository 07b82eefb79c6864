//! What the local stack boots from: the template, understood. A resource has its logical id, such as `PlayersTable`, and its physical name,
//! such as `muster-dev-players`; what becomes of a function's event has the id that SAM gives it, the function's and the event's. What is
//! read from properties has their names, and refuses any other.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    rules::Notes,
    scalars::{limit, parsed, patterns, seconds, source, texts},
};

/// A template with its parameters' values put in. Lists are in the order of logical ids, and mappings in that of functions and events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    pub parameters: BTreeMap<String, String>,
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
    pub queues: Vec<Queue>,
    pub topics: Vec<Topic>,
    pub state_machines: Vec<StateMachine>,
    pub game_session_queues: Vec<GameSessionQueue>,
    pub apis: Vec<WebSocketApi>,
    pub stream_mappings: Vec<StreamMapping>,
    pub queue_mappings: Vec<QueueMapping>,
    pub topic_subscriptions: Vec<TopicSubscription>,
    pub managed_policies: Vec<ManagedPolicy>,
    /// Every statement of an `AWS::SNS::TopicPolicy` or an `AWS::SQS::QueuePolicy`.
    pub resource_policies: Vec<ResourcePolicy>,
    pub alarms: Vec<Alarm>,
    /// Everything that conditions keep, whether or not it has an effect here.
    pub resources: Vec<Resource>,
    /// The name of the one `AWS::Logs::LogGroup`, to which all functions log. Empty if there is none.
    pub log_group: String,
    /// The outputs. Values are those that AWS would give, which need not lead anywhere on one machine.
    pub outputs: BTreeMap<String, String>,
    /// What the template names that has no effect on one machine: types of resources and names of properties, by the reason.
    pub notes: Notes,
}

impl Manifest {
    /// What all physical names begin with, such as `muster-dev-`.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-{}-", self.parameter("Game"), self.parameter("Stage"))
    }

    /// The value of a parameter; empty if there is none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Function {
    pub name: String,
    /// The ARN, without an alias.
    pub arn: String,
    /// The property `Handler`, such as `send-message`.
    pub handler: String,
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
    #[serde(rename = "MemorySize", deserialize_with = "parsed")]
    pub memory_mb: u32,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// How many invocations of it may run at once; `None` is the account's limit.
    #[serde(rename = "ReservedConcurrentExecutions", default, deserialize_with = "limit")]
    pub reserved_concurrency: Option<usize>,
    #[serde(rename = "EventInvokeConfig")]
    pub event_invoke: EventInvoke,
    #[serde(skip)]
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EventInvoke {
    #[serde(deserialize_with = "parsed")]
    pub maximum_retry_attempts: u32,
    #[serde(rename = "MaximumEventAgeInSeconds", deserialize_with = "seconds")]
    pub maximum_event_age: Duration,
    #[serde(rename = "DestinationConfig")]
    pub on_failure_queue_arn: Option<String>,
}

/// A table, with its partition and its sort key. Keys are strings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Table {
    pub name: String,
    pub hash_key: String,
    pub range_key: Option<String>,
    /// Whether the table has a stream, whose records hold the new image.
    #[serde(rename = "StreamSpecification", default, deserialize_with = "parsed")]
    pub stream: bool,
    /// The attribute that holds the second of expiry, if rows expire.
    #[serde(rename = "TimeToLiveSpecification")]
    pub ttl_attribute: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Queue {
    pub name: String,
    pub arn: String,
    /// How long a message that was received stays hidden.
    #[serde(deserialize_with = "seconds")]
    pub visibility_timeout: Duration,
    #[serde(rename = "MessageRetentionPeriod", deserialize_with = "seconds")]
    pub retention: Duration,
    #[serde(rename = "RedrivePolicy")]
    pub redrive: Option<Redrive>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Redrive {
    #[serde(rename = "deadLetterTargetArn")]
    pub dead_letter_queue_arn: String,
    /// A message that has been received this often is moved instead of received again.
    #[serde(rename = "maxReceiveCount", deserialize_with = "parsed")]
    pub maximum_receive_count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Topic {
    pub name: String,
    pub arn: String,
}

/// A state machine of Step Functions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StateMachine {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The file of its definition, relative to that of the template.
    pub definition_uri: String,
    #[serde(default)]
    pub definition_substitutions: BTreeMap<String, String>,
    #[serde(skip)]
    pub statements: Vec<Statement>,
}

impl StateMachine {
    /// The logical id of the role that SAM makes for it, by which its statements are known.
    pub fn role(&self) -> String {
        format!("{}Role", self.logical_id)
    }
}

/// A queue of GameLift's, which places game sessions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GameSessionQueue {
    pub name: String,
    pub arn: String,
    #[serde(rename = "TimeoutInSeconds", deserialize_with = "seconds")]
    pub timeout: Duration,
    #[serde(rename = "NotificationTarget")]
    pub notification_topic_arn: Option<String>,
}

/// A WebSocket API with its one stage. The route key of a frame is `$request.body.route`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct WebSocketApi {
    pub logical_id: String,
    pub api_id: String,
    #[serde(rename = "StageName")]
    pub stage: String,
    /// The function that decides about `$connect`.
    #[serde(rename = "Auth")]
    pub authorizer_arn: String,
    pub routes: BTreeMap<String, Route>,
    #[serde(rename = "DefaultRouteSettings")]
    pub throttle: Throttle,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Route {
    pub function_arn: String,
    /// Whether what the function returns is sent to the client: the route has both a `RouteResponseSelectionExpression` and an
    /// `AWS::ApiGatewayV2::RouteResponse`.
    #[serde(rename = "RouteResponseSelectionExpression", default, deserialize_with = "parsed")]
    pub route_response: bool,
}

/// The limit of the stage's `DefaultRouteSettings`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Throttle {
    #[serde(rename = "ThrottlingRateLimit", deserialize_with = "parsed")]
    pub rate_limit: f64,
    #[serde(rename = "ThrottlingBurstLimit", deserialize_with = "parsed")]
    pub burst_limit: u32,
}

/// An event source mapping from a table's stream to a function: from the oldest record on, one batch of a shard at a time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StreamMapping {
    /// The logical id that SAM gives it: the function's and the event's, such as `MessagesDeliverFunctionInserted`.
    pub logical_id: String,
    pub function_arn: String,
    #[serde(rename = "Stream", deserialize_with = "source")]
    pub table: String,
    #[serde(deserialize_with = "parsed")]
    pub batch_size: u32,
    /// How often a failed batch is tried again; `None` is until the records expire.
    #[serde(default, deserialize_with = "limit")]
    pub maximum_retry_attempts: Option<u32>,
    /// The age at which a record is given up; `None` is until it expires.
    #[serde(rename = "MaximumRecordAgeInSeconds", default, deserialize_with = "seconds")]
    pub maximum_record_age: Option<Duration>,
    #[serde(rename = "BisectBatchOnFunctionError", default, deserialize_with = "parsed")]
    pub bisect_batch_on_error: bool,
    #[serde(rename = "FunctionResponseTypes", default, deserialize_with = "parsed")]
    pub report_batch_item_failures: bool,
    /// Patterns of which a record has to match one; none lets every record pass.
    #[serde(rename = "FilterCriteria", default, deserialize_with = "patterns")]
    pub filter_patterns: Vec<Value>,
    #[serde(rename = "DestinationConfig")]
    pub on_failure_queue_arn: Option<String>,
}

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueueMapping {
    pub logical_id: String,
    pub function_arn: String,
    #[serde(deserialize_with = "source")]
    pub queue: String,
    #[serde(deserialize_with = "parsed")]
    pub batch_size: u32,
    #[serde(rename = "FunctionResponseTypes", default, deserialize_with = "parsed")]
    pub report_batch_item_failures: bool,
    /// The most batches at once; `None` is as many as the function takes.
    #[serde(rename = "ScalingConfig", default, deserialize_with = "limit")]
    pub maximum_concurrency: Option<u32>,
}

/// A function's subscription to a topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TopicSubscription {
    pub logical_id: String,
    pub function_arn: String,
    #[serde(rename = "Topic")]
    pub topic_arn: String,
    #[serde(rename = "RedrivePolicy")]
    pub dead_letter_queue_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    /// Where it stands, such as `PlayFunction.Policies[0].Statement[1]`.
    pub place: String,
    #[serde(rename = "Action", deserialize_with = "texts")]
    pub actions: Vec<String>,
    /// Patterns of ARNs, in which `*` is any text.
    #[serde(rename = "Resource", deserialize_with = "texts")]
    pub resources: Vec<String>,
}

/// A policy for programs outside of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedPolicy {
    pub logical_id: String,
    pub statements: Vec<Statement>,
}

/// What a topic or a queue allows a service of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePolicy {
    pub statement: Statement,
    /// The principal, such as `sns.amazonaws.com`.
    pub service: String,
    /// Patterns of the ARNs of what the service acts for; `None` is anything.
    pub source_arns: Option<Vec<String>>,
}

/// A resource of any type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub logical_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub name: String,
    /// What to do about it.
    pub description: String,
    /// The names of the queues whose messages it watches.
    pub queues: Vec<String>,
}
