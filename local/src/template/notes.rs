//! What a template may name that has no effect on one machine, and why. What is in no table here, and is not understood either, is an error.

use super::{
    error::Report,
    resources::Declaration,
    section::{Noted, Section},
};

/// Why what only tells people has no effect.
pub(super) const PEOPLE: &str = "alarms are not sent from one machine";
const ALARM: &str = "nothing watches metrics on one machine; errors are in the functions' logs";
const LOGS: &str = "the functions' logs go to the terminal";
const PERMISSIONS: &str = "permissions are not checked on one machine";
const USER_POOL: &str = "the local stack is an issuer itself, and makes no user pools";
const TAGS: &str = "tags are for bills and accounts";
const ENCRYPTION: &str = "data is not encrypted on one machine";
const LIFE: &str = "the local stack creates everything at its start and updates nothing";
const TRACING: &str = "nothing collects traces or detailed metrics on one machine";
const DESCRIPTION: &str = "for people";
const ONE_PLACE: &str = "the local fleet has one place";

/// The reason why a whole type of resource has no effect.
pub(super) fn of_type(kind: &str) -> Option<&'static str> {
    const TYPES: Noted = &[
        ("AWS::CloudWatch::Alarm", ALARM),
        ("AWS::CloudWatch::Dashboard", ALARM),
        ("AWS::Cognito::UserPool", USER_POOL),
        ("AWS::Cognito::UserPoolClient", USER_POOL),
        ("AWS::IAM::Role", PERMISSIONS),
        ("AWS::Logs::LogGroup", LOGS),
        ("AWS::Logs::QueryDefinition", LOGS),
        ("AWS::SNS::Subscription", PEOPLE),
    ];
    TYPES.iter().find(|(name, _)| *name == kind).map(|(_, reason)| *reason)
}

/// Notes a resource whose whole type has no effect.
pub(super) fn resource(id: &str, declaration: &Declaration, properties: &Section<'_>, report: &Report) {
    if let Some(reason) = of_type(&declaration.kind) {
        report.note(&format!("Resources.{id}"), declaration.line, format!("{}: {reason}", declaration.kind));
    }
    // Without it nobody could sign in, and the functions would be told of an issuer that is not there.
    if declaration.kind == "AWS::Cognito::UserPool" {
        let message = format!("{USER_POOL}: leave this one out by its condition, and tokens come from the issuer of this machine");
        report.problem(&format!("Resources.{id}"), declaration.line, message);
    }
    if declaration.kind == "AWS::SNS::Subscription" {
        protocol(properties);
    }
}

/// A subscription of a person is an alarm; one of a function or a queue would be work that does not happen. A function subscribes with an
/// event.
pub(super) fn protocol(subscription: &Section<'_>) {
    subscription.choice("Protocol", &["email", "email-json", "http", "https", "sms"]);
}

/// Members of a resource beside its properties.
pub(super) const ATTRIBUTES: Noted =
    &[("CreationPolicy", LIFE), ("DeletionPolicy", LIFE), ("UpdatePolicy", LIFE), ("UpdateReplacePolicy", LIFE)];

/// Members of the template itself.
pub(super) const TEMPLATE: Noted = &[("Metadata", DESCRIPTION)];

/// Members of an output.
pub(super) const OUTPUT: Noted = &[("Export", "there is no other stack to import it")];

/// Properties of a function.
pub(super) const FUNCTION: Noted = &[
    ("Architectures", "functions are built for this machine"),
    ("CodeUri", "functions are built from this workspace"),
    ("Description", DESCRIPTION),
    ("KmsKeyArn", ENCRYPTION),
    ("PermissionsBoundary", PERMISSIONS),
    ("PropagateTags", TAGS),
    ("RecursiveLoop", "nothing stops loops on one machine"),
    ("Role", PERMISSIONS),
    ("RolePath", PERMISSIONS),
    ("Tags", TAGS),
    ("Tracing", TRACING),
];

/// Properties of a managed policy.
pub(super) const POLICY: Noted = &[("Description", DESCRIPTION)];

/// Members of a function's `LoggingConfig`.
pub(super) const LOGGING: Noted = &[("ApplicationLogLevel", LOGS), ("LogGroup", LOGS)];

/// Members of a function's `Metadata`, and of that of other resources.
pub(super) const METADATA: Noted = &[("cfn-lint", "for the linter"), ("cfn_nag", "for the linter"), ("SamResourceId", "for SAM")];

/// Properties of a stream event.
pub(super) const STREAM_EVENT: Noted = &[("KmsKeyArn", ENCRYPTION), ("MetricsConfig", TRACING)];

/// Properties of a queue event.
pub(super) const QUEUE_EVENT: Noted =
    &[("KmsKeyArn", ENCRYPTION), ("MetricsConfig", TRACING), ("ProvisionedPollerConfig", "one poller is enough on one machine")];

/// Properties of a table.
pub(super) const TABLE: Noted = &[
    ("BillingMode", "nothing is billed on one machine, and no capacity is limited"),
    ("ContributorInsightsSpecification", TRACING),
    ("DeletionProtectionEnabled", LIFE),
    ("OnDemandThroughput", "no capacity is limited on one machine"),
    ("PointInTimeRecoverySpecification", "nothing is backed up on one machine"),
    ("ProvisionedThroughput", "no capacity is limited on one machine"),
    ("ResourcePolicy", PERMISSIONS),
    ("SSESpecification", ENCRYPTION),
    ("TableClass", "nothing is billed on one machine"),
    ("Tags", TAGS),
    ("WarmThroughput", "no capacity is limited on one machine"),
];

/// Members of a table's `StreamSpecification`.
pub(super) const STREAM: Noted = &[("ResourcePolicy", PERMISSIONS)];

/// Properties of a queue.
pub(super) const QUEUE: Noted =
    &[("KmsDataKeyReusePeriodSeconds", ENCRYPTION), ("KmsMasterKeyId", ENCRYPTION), ("SqsManagedSseEnabled", ENCRYPTION), ("Tags", TAGS)];

/// Properties of a topic.
pub(super) const TOPIC: Noted = &[
    ("DeliveryStatusLogging", LOGS),
    ("DisplayName", DESCRIPTION),
    ("KmsMasterKeyId", ENCRYPTION),
    ("SignatureVersion", "nothing is signed on one machine"),
    ("Tags", TAGS),
    ("TracingConfig", TRACING),
];

/// Properties of a queue of GameLift's.
pub(super) const GAME_SESSION_QUEUE: Noted =
    &[("FilterConfiguration", ONE_PLACE), ("PlayerLatencyPolicies", ONE_PLACE), ("PriorityConfiguration", ONE_PLACE), ("Tags", TAGS)];

/// Properties of a WebSocket API.
pub(super) const WEB_SOCKET_API: Noted = &[
    ("AccessLogSettings", LOGS),
    ("Description", DESCRIPTION),
    ("FailOnWarnings", LIFE),
    ("IpAddressType", "the local stack listens where it is told to"),
    ("Name", DESCRIPTION),
    ("PropagateTags", TAGS),
    ("Tags", TAGS),
];

/// Members of an API's `Auth`.
pub(super) const AUTH: Noted = &[("InvokeRole", PERMISSIONS), ("Name", DESCRIPTION)];

/// Members of a route.
pub(super) const ROUTE: Noted = &[("OperationName", DESCRIPTION)];

/// Members of `DefaultRouteSettings`.
pub(super) const ROUTE_SETTINGS: Noted = &[("DataTraceEnabled", LOGS), ("DetailedMetricsEnabled", TRACING), ("LoggingLevel", LOGS)];
