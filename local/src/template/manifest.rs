//! What the local stack boots from: the template, understood.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::error::Note;

/// A template with its parameters' values put in. Lists are in the order of logical ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// The values of the parameters. Those marked `NoEcho` are `****`.
    pub parameters: BTreeMap<String, String>,
    /// Every `AWS::Serverless::Function`.
    pub functions: Vec<Function>,
    /// Every `AWS::DynamoDB::Table`.
    pub tables: Vec<Table>,
    /// Every `AWS::SQS::Queue`.
    pub queues: Vec<Queue>,
    /// Every `AWS::SNS::Topic`.
    pub topics: Vec<Topic>,
    /// Every `AWS::GameLift::GameSessionQueue`.
    pub game_session_queues: Vec<GameSessionQueue>,
    /// Every `AWS::Serverless::WebSocketApi`.
    pub apis: Vec<WebSocketApi>,
    /// Every event of type `DynamoDB`, in the order of functions and then of events.
    pub stream_mappings: Vec<StreamMapping>,
    /// Every event of type `SQS`, in the same order.
    pub queue_mappings: Vec<QueueMapping>,
    /// Every event of type `SNS`, in the same order.
    pub topic_subscriptions: Vec<TopicSubscription>,
    /// Every `AWS::IAM::ManagedPolicy`.
    pub managed_policies: Vec<ManagedPolicy>,
    /// Every statement of an `AWS::SQS::QueuePolicy` or `AWS::SNS::TopicPolicy`.
    pub resource_policies: Vec<ResourcePolicy>,
    /// Every `AWS::CloudWatch::Alarm`.
    pub alarms: Vec<Alarm>,
    /// The outputs. Values are those that AWS would give, which need not lead anywhere on one machine.
    pub outputs: BTreeMap<String, Output>,
    /// What the template names that has no effect on one machine, in the order of lines.
    pub notes: Vec<Note>,
}

impl Manifest {
    /// The notes by reason, for a short list of what has no effect.
    pub fn notes_by_reason(&self) -> BTreeMap<&str, Vec<&Note>> {
        let mut reasons: BTreeMap<&str, Vec<&Note>> = BTreeMap::new();
        for note in &self.notes {
            reasons.entry(&note.reason).or_default().push(note);
        }
        reasons
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The logical id, such as `SendMessageFunction`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-send-message`.
    pub name: String,
    /// `arn:aws:lambda:eu-central-1:123456789012:function:NAME`.
    pub arn: String,
    /// The Cargo binary, from `Metadata.BuildProperties.Binary`, such as `send-message`.
    pub binary: String,
    /// The longest an invocation may take.
    pub timeout: Duration,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Whether Lambda itself logs that an invocation begins and ends.
    pub platform_lines: bool,
    /// The variables of `Environment`.
    pub environment: BTreeMap<String, String>,
    /// How many invocations of it may run at once; `None` is the account's limit.
    pub reserved_concurrency: Option<usize>,
    /// What becomes of asynchronous invocations.
    pub event_invoke: EventInvoke,
    /// What the function may do.
    pub statements: Vec<Statement>,
}

/// A statement of a policy, whose effect is to allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands, such as `PlayFunction.Policies[0].Statement[1]`.
    pub place: String,
    /// Patterns of actions, such as `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// Patterns of ARNs.
    pub resources: Vec<String>,
}

/// A policy for roles that are not the template's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// The logical id, such as `GameServerPolicy`.
    pub logical_id: String,
    /// What whoever has it may do.
    pub statements: Vec<Statement>,
}

/// What a service of AWS may do with a queue or a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcePolicy {
    /// The statement.
    pub statement: Statement,
    /// The principal, such as `sns.amazonaws.com`.
    pub service: String,
    /// The pattern of the ARN of what the service acts for, if it matters.
    pub source_arn: Option<String>,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The name, such as `muster-dev-faults`.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The physical names of the queues that it watches, if it does.
    pub queues: Vec<String>,
}

/// A function's `EventInvokeConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInvoke {
    /// How often an event that failed is tried again.
    pub maximum_retry_attempts: u32,
    /// The age at which an event is given up.
    pub maximum_event_age: Duration,
    /// The ARN of the queue for records of events that are given up, which is a queue of the same template.
    pub on_failure_queue_arn: Option<String>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The logical id, such as `PlayersTable`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-players`.
    pub name: String,
    /// The partition key.
    pub hash_key: Key,
    /// The sort key.
    pub range_key: Option<Key>,
    /// What the stream's records hold, if the table has a stream.
    pub stream: Option<StreamView>,
    /// The attribute that holds the second of expiry, if rows expire.
    pub ttl_attribute: Option<String>,
}

/// A key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The attribute's name.
    pub name: String,
    /// The attribute's type.
    pub kind: KeyType,
}

/// The type of a key attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `S`.
    String,
    /// `N`.
    Number,
    /// `B`.
    Binary,
}

/// What the records of a stream hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamView {
    /// `KEYS_ONLY`.
    KeysOnly,
    /// `NEW_IMAGE`.
    NewImage,
    /// `OLD_IMAGE`.
    OldImage,
    /// `NEW_AND_OLD_IMAGES`.
    NewAndOldImages,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The logical id, such as `MessagesDeliverDeadLetters`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-messages-deliver-dead-letters`.
    pub name: String,
    /// `arn:aws:sqs:eu-central-1:123456789012:NAME`.
    pub arn: String,
    /// How long a message that was received stays hidden.
    pub visibility_timeout: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a new message stays hidden.
    pub delay: Duration,
    /// How long a receive waits for a message when it does not say so itself.
    pub receive_wait: Duration,
    /// The largest message in bytes.
    pub maximum_message_bytes: u32,
    /// Where messages go that are received too often.
    pub redrive: Option<Redrive>,
    /// Whose messages may come here as dead letters; `None`, as on AWS, is those of any queue.
    pub redrive_allow: Option<RedriveAllow>,
}

/// A queue's `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The ARN of the dead-letter queue, which is a queue of the same template.
    pub dead_letter_queue_arn: String,
    /// A message that has been received this often is moved instead of received again.
    pub maximum_receive_count: u32,
}

/// A queue's `RedriveAllowPolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveAllow {
    /// `allowAll`.
    All,
    /// `denyAll`.
    Nobody,
    /// `byQueue`: the queues with these ARNs.
    Queues(Vec<String>),
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The logical id, such as `PlacementTopic`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-placements`.
    pub name: String,
    /// `arn:aws:sns:eu-central-1:123456789012:NAME`.
    pub arn: String,
}

/// A queue of GameLift's, which places game sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GameSessionQueue {
    /// The logical id, such as `GameSessionQueue`.
    pub logical_id: String,
    /// The name, such as `muster-dev`.
    pub name: String,
    /// `arn:aws:gamelift:eu-central-1:123456789012:gamesessionqueue/NAME`.
    pub arn: String,
    /// How long a placement may take before it is given up, 10 to 600 seconds.
    pub timeout: Duration,
    /// The ARNs of fleets or their aliases, in the order in which they are tried.
    pub destinations: Vec<String>,
    /// The ARN of the topic that hears of placements, which is a topic of the same template.
    pub notification_topic_arn: Option<String>,
    /// What every event of the queue carries.
    pub custom_event_data: Option<String>,
}

/// A WebSocket API with its one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct WebSocketApi {
    /// The logical id, such as `WebSocketApi`.
    pub logical_id: String,
    /// Ten letters and digits, the same at every start.
    pub api_id: String,
    /// The stage, such as `dev`.
    pub stage: String,
    /// Where a frame's route key is, such as `$request.body.route`.
    pub route_selection_expression: String,
    /// Who decides about `$connect`.
    pub authorizer: Option<Authorizer>,
    /// The routes by route key.
    pub routes: BTreeMap<String, Route>,
    /// The limit of the stage's `DefaultRouteSettings`.
    pub throttle: Throttle,
}

/// A Lambda authorizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// The ARN of a function of the same template.
    pub function_arn: String,
    /// What a handshake has to bring, such as `route.request.querystring.token`. Without one of them, API Gateway answers 401 by itself.
    pub identity_sources: Vec<String>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The ARN of a function of the same template.
    pub function_arn: String,
    /// Whether what the function returns is sent to the client: the route has both `RouteResponseSelectionExpression` and a
    /// `AWS::ApiGatewayV2::RouteResponse`.
    pub route_response: bool,
}

/// A throttle; `None` means the account's own limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throttle {
    /// Requests per second.
    pub rate_limit: Option<f64>,
    /// Requests at once.
    pub burst_limit: Option<u32>,
}

/// An event source mapping from a table's stream to a function.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamMapping {
    /// The logical id that SAM gives it: the function's and the event's, such as `MessagesDeliverFunctionInserted`.
    pub logical_id: String,
    /// The ARN of the function.
    pub function_arn: String,
    /// The physical name of the table, which has a stream.
    pub table: String,
    /// Whether records are delivered at all.
    pub enabled: bool,
    /// Where reading begins.
    pub starting_position: StartingPosition,
    /// The most records in one invocation.
    pub batch_size: u32,
    /// How long to wait for a batch to fill.
    pub batching_window: Duration,
    /// How often a failed batch is tried again; `None` is until the records expire.
    pub maximum_retry_attempts: Option<u32>,
    /// The age at which a record is given up; `None` is until it expires.
    pub maximum_record_age: Option<Duration>,
    /// Whether a failing batch is halved.
    pub bisect_batch_on_error: bool,
    /// Whether the function answers with the items that failed.
    pub report_batch_item_failures: bool,
    /// How many batches of one shard run at once.
    pub parallelization_factor: u32,
    /// Patterns of which a record has to match one; none lets every record pass.
    pub filter_patterns: Vec<Value>,
    /// The ARN of the queue for records that are given up, which is a queue of the same template.
    pub on_failure_queue_arn: Option<String>,
}

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueMapping {
    /// The logical id that SAM gives it: the function's and the event's, such as `ReconcilePlacementFunctionDue`.
    pub logical_id: String,
    /// The ARN of the function.
    pub function_arn: String,
    /// The physical name of the queue.
    pub queue: String,
    /// Whether messages are delivered at all.
    pub enabled: bool,
    /// The most messages in one invocation.
    pub batch_size: u32,
    /// How long to wait for a batch to fill.
    pub batching_window: Duration,
    /// Whether the function answers with the items that failed.
    pub report_batch_item_failures: bool,
    /// Patterns of which a message has to match one; none lets every message pass.
    pub filter_patterns: Vec<Value>,
    /// The most batches at once; `None` is as many as the function takes.
    pub maximum_concurrency: Option<u32>,
}

/// A function's subscription to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSubscription {
    /// The logical id that SAM gives it: the function's and the event's, such as `PlacementEventFunctionPlaced`.
    pub logical_id: String,
    /// The ARN of the function.
    pub function_arn: String,
    /// The ARN of the topic, which is a topic of the same template.
    pub topic_arn: String,
    /// The ARN of the queue for messages that cannot be handed to the function, which is a queue of the same template.
    pub dead_letter_queue_arn: Option<String>,
}

/// Where a mapping begins to read a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// `TRIM_HORIZON`: at the oldest record.
    TrimHorizon,
    /// `LATEST`: after the newest record.
    Latest,
}

/// An output of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The value, as AWS would give it.
    pub value: String,
    /// What the template says about it.
    pub description: Option<String>,
}
