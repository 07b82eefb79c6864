//! What the local stack knows of each type: the properties that have no effect, those that have one value here, and defaults. They are
//! dealt with here, so that the structs of the manifest say what is left, and refuse any other property.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    declarations::{API, FUNCTION, GAME_SESSION_QUEUE, MANAGED_POLICY, QUEUE, TABLE, TOPIC},
    error::Problem,
};

/// Reasons, each with the types and properties that it is about.
pub(super) type Notes = BTreeMap<&'static str, BTreeSet<String>>;

const ALARMS: &str = "nothing watches metrics on one machine; errors are in the functions' logs";
const BILL: &str = "nothing is billed on one machine";
const BUILD: &str = "functions are built from this workspace for this machine";
const DOMAIN: &str = "the local stack is reached at 127.0.0.1";
const LOGS: &str = "the functions' logs go to the terminal";
const ONE_PLACE: &str = "the local fleet has one place";
const PEOPLE: &str = "for people";
const TABLES: &str = "tables are the developer's own files";
const TAGS: &str = "tags are for bills and accounts";

/// Types of resources that have no effect.
const TYPES: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::ApiMapping", DOMAIN),
    ("AWS::ApiGatewayV2::DomainName", DOMAIN),
    ("AWS::Budgets::Budget", BILL),
    ("AWS::CloudWatch::Alarm", ALARMS),
    ("AWS::CloudWatch::Dashboard", ALARMS),
    ("AWS::Cognito::UserPoolClient", "the local stack is an issuer itself"),
    ("AWS::Logs::LogGroup", LOGS),
    ("AWS::Logs::QueryDefinition", LOGS),
    ("AWS::SNS::Subscription", "alarms are not sent from one machine"),
];

enum Rule {
    /// It has no effect, for this reason.
    Noted(&'static str),
    /// It has this value or is not there.
    Only(&'static str),
    /// It has this value, alone or in a list, or is not there: a boolean.
    Flag(&'static str),
    /// What it is when it is not there.
    Default(&'static str),
    /// It is a map of this one member, which takes its place.
    Holds(&'static str),
}
use Rule::{Default, Flag, Holds, Noted, Only};

/// For a type of resource, or what is in one, and a property: its rules, in the order in which they are applied. A dot leads into a map.
const RULES: &[(&str, &str, Rule)] = &[
    (API, "Name", Noted(PEOPLE)),
    (API, "PropagateTags", Noted(TAGS)),
    (API, "Tags", Noted(TAGS)),
    (API, "RouteSelectionExpression", Only("$request.body.route")),
    (API, "Auth.AuthType", Only("CUSTOM")),
    (API, "Auth.IdentitySource", Only("context.stage")),
    (API, "Auth", Holds("AuthArn")),
    ("a route", "RouteResponseSelectionExpression", Flag("$default")),
    ("AWS::ApiGatewayV2::RouteResponse", "RouteResponseKey", Only("$default")),
    (FUNCTION, "Architectures", Noted(BUILD)),
    (FUNCTION, "CodeUri", Noted(BUILD)),
    (FUNCTION, "LoggingConfig", Noted(LOGS)),
    (FUNCTION, "PropagateTags", Noted(TAGS)),
    (FUNCTION, "RecursiveLoop", Noted("nothing stops loops on one machine")),
    (FUNCTION, "Tags", Noted(TAGS)),
    (FUNCTION, "AutoPublishAlias", Only("live")),
    (FUNCTION, "AutoPublishAliasAllProperties", Noted("one version of each function is there")),
    (FUNCTION, "Runtime", Only("provided.al2023")),
    (FUNCTION, "MemorySize", Default("128")),
    (FUNCTION, "Timeout", Default("3")),
    (FUNCTION, "Environment", Holds("Variables")),
    (FUNCTION, "EventInvokeConfig.MaximumRetryAttempts", Default("2")),
    (FUNCTION, "EventInvokeConfig.MaximumEventAgeInSeconds", Default("21600")),
    (FUNCTION, "EventInvokeConfig.DestinationConfig", Holds("OnFailure")),
    (FUNCTION, "EventInvokeConfig.DestinationConfig.Type", Only("SQS")),
    (FUNCTION, "EventInvokeConfig.DestinationConfig", Holds("Destination")),
    ("DynamoDB", "StartingPosition", Only("TRIM_HORIZON")),
    ("DynamoDB", "BatchSize", Default("100")),
    ("DynamoDB", "BisectBatchOnFunctionError", Flag("true")),
    ("DynamoDB", "FunctionResponseTypes", Flag("ReportBatchItemFailures")),
    ("DynamoDB", "FilterCriteria", Holds("Filters")),
    ("DynamoDB", "DestinationConfig", Holds("OnFailure")),
    ("DynamoDB", "DestinationConfig.Type", Only("SQS")),
    ("DynamoDB", "DestinationConfig", Holds("Destination")),
    ("SQS", "BatchSize", Default("10")),
    ("SQS", "FunctionResponseTypes", Flag("ReportBatchItemFailures")),
    ("SQS", "ScalingConfig", Holds("MaximumConcurrency")),
    ("SNS", "RedrivePolicy", Holds("deadLetterTargetArn")),
    (TABLE, "BillingMode", Noted(BILL)),
    (TABLE, "DeletionProtectionEnabled", Noted(TABLES)),
    (TABLE, "PointInTimeRecoverySpecification", Noted(TABLES)),
    (TABLE, "Tags", Noted(TAGS)),
    (TABLE, "StreamSpecification", Holds("StreamViewType")),
    (TABLE, "StreamSpecification", Flag("NEW_IMAGE")),
    (TABLE, "TimeToLiveSpecification.Enabled", Only("true")),
    (TABLE, "TimeToLiveSpecification", Holds("AttributeName")),
    (QUEUE, "SqsManagedSseEnabled", Noted("data is not encrypted on one machine")),
    (QUEUE, "Tags", Noted(TAGS)),
    (QUEUE, "VisibilityTimeout", Default("30")),
    (QUEUE, "MessageRetentionPeriod", Default("345600")),
    (TOPIC, "Tags", Noted(TAGS)),
    (GAME_SESSION_QUEUE, "Destinations", Noted(ONE_PLACE)),
    (GAME_SESSION_QUEUE, "PlayerLatencyPolicies", Noted(ONE_PLACE)),
    (GAME_SESSION_QUEUE, "Tags", Noted(TAGS)),
    (MANAGED_POLICY, "Description", Noted(PEOPLE)),
    ("a policy document", "Version", Only("2012-10-17")),
    ("a statement", "Sid", Noted(PEOPLE)),
    ("a statement", "Effect", Only("Allow")),
    ("a condition", "ArnEquals", Holds("aws:SourceArn")),
    ("a condition", "ArnLike", Holds("aws:SourceArn")),
];

/// Whether a type of resource has no effect, which is noted.
pub(super) fn note(kind: &str, notes: &mut Notes) -> bool {
    let Some((_, reason)) = TYPES.iter().find(|(noted, _)| *noted == kind) else { return false };
    notes.entry(reason).or_default().insert(kind.to_owned());
    true
}

/// Applies the rules of a type to its properties. What is not a map is left to the struct of the manifest to refuse.
pub(super) fn apply(kind: &str, properties: &mut Value, notes: &mut Notes) -> Result<(), Problem> {
    for (_, path, rule) in RULES.iter().filter(|(of, ..)| *of == kind) {
        let (parents, key) = path.rsplit_once('.').map_or((None, *path), |(parents, key)| (Some(parents), key));
        let mut map = properties.as_object_mut();
        for parent in parents.iter().flat_map(|parents| parents.split('.')) {
            map = map.and_then(|map| match rule {
                Default(_) => map.entry(parent).or_insert_with(|| Map::new().into()).as_object_mut(),
                _ => map.get_mut(parent)?.as_object_mut(),
            });
        }
        if let Some(map) = map {
            rule.apply(key, map, notes).map_err(|message| Problem::new(message).within(path))?;
        }
    }
    Ok(())
}

impl Rule {
    fn apply(&self, key: &str, map: &mut Map<String, Value>, notes: &mut Notes) -> Result<(), String> {
        let Some(value) = map.remove(key) else {
            if let Default(value) = self {
                map.insert(key.to_owned(), (*value).into());
            }
            return Ok(());
        };
        match self {
            Noted(reason) => drop(notes.entry(reason).or_default().insert(key.to_owned())),
            Only(word) | Flag(word) => {
                if value != *word && value != Value::from_iter([*word]) {
                    return Err(format!("the local stack does not implement {value} here; it knows {word}"));
                }
                if matches!(self, Flag(_)) {
                    map.insert(key.to_owned(), "true".into());
                }
            }
            Default(_) => drop(map.insert(key.to_owned(), value)),
            Holds(member) => match value {
                Value::Object(mut inner) if inner.len() == 1 && inner.contains_key(*member) => {
                    map.extend(inner.remove(*member).map(|value| (key.to_owned(), value)));
                }
                Value::Object(inner) => {
                    let members: Vec<&str> = inner.keys().map(String::as_str).collect();
                    return Err(format!("the local stack knows {member} here and nothing else, not {}", members.join(", ")));
                }
                _ => return Err(format!("this has to be a map of {member}")),
            },
        }
        Ok(())
    }
}
