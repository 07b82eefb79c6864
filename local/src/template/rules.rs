//! What the local stack knows of properties beside their names: those that have no effect, those that have one value here, and defaults.
//! They are dealt with here, so that the structs of the manifest say what is left, and refuse any other property.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    declarations::{API, DOMAIN_NAME, FUNCTION, LOG_GROUP, QUEUE, STATE_MACHINE, TABLE, merge},
    error::{Problem, Within},
};

/// Reasons, each with the types and properties that it is about.
pub(super) type Notes = BTreeMap<&'static str, BTreeSet<String>>;

/// Types of resources, and names of properties, that have no effect, by the reason.
const NOTED: &[(&str, &[&str])] = &[
    ("alarms are not sent from one machine", &["AWS::SNS::Subscription"]),
    ("data is not encrypted on one machine", &["SqsManagedSseEnabled"]),
    ("for people", &["Description", "Name", "Sid"]),
    ("functions are built from this workspace for this machine", &["Architectures", "CodeUri"]),
    ("nothing is billed on one machine", &["AWS::Budgets::Budget", "BillingMode"]),
    ("nothing stops loops on one machine", &["RecursiveLoop"]),
    (
        "nothing watches metrics on one machine; errors are in the functions' logs",
        &["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"],
    ),
    ("one version of each function is there", &["AutoPublishAliasAllProperties"]),
    ("tables are the developer's own files", &["DeletionProtectionEnabled", "PointInTimeRecoverySpecification"]),
    ("tags are for bills and accounts", &["PropagateTags", "Tags"]),
    ("the functions' logs go to the terminal", &[LOG_GROUP, "AWS::Logs::QueryDefinition", "LoggingConfig"]),
    ("the local fleet has one place", &["Destinations", "PlayerLatencyPolicies"]),
    ("the local stack is an issuer itself", &["AWS::Cognito::UserPoolClient"]),
    ("the local stack is reached at 127.0.0.1", &["AWS::ApiGatewayV2::ApiMapping", DOMAIN_NAME]),
];

enum Rule {
    /// It has this value or is not there.
    Only(&'static str),
    /// It has this value, alone or in a list, or is not there: a boolean.
    Flag(&'static str),
    /// It is a map of this one member, which takes its place.
    Holds(&'static str),
}
use Rule::{Flag, Holds, Only};

/// For a type of resource, or what is in one, and a property: its rules, in the order in which they are applied.
const RULES: &[(&str, &str, Rule)] = &[
    (API, "/RouteSelectionExpression", Only("$request.body.route")),
    (API, "/Auth/AuthType", Only("CUSTOM")),
    (API, "/Auth/IdentitySource", Only("context.stage")),
    (API, "/Auth", Holds("AuthArn")),
    ("a route", "/RouteResponseSelectionExpression", Flag("$default")),
    ("AWS::ApiGatewayV2::RouteResponse", "/RouteResponseKey", Only("$default")),
    ("AWS::SNS::Subscription", "/Protocol", Only("email")),
    (FUNCTION, "/AutoPublishAlias", Only("live")),
    (FUNCTION, "/Runtime", Only("provided.al2023")),
    (FUNCTION, "/Environment", Holds("Variables")),
    (FUNCTION, "/EventInvokeConfig/DestinationConfig", Holds("OnFailure")),
    (FUNCTION, "/EventInvokeConfig/DestinationConfig/Type", Only("SQS")),
    (FUNCTION, "/EventInvokeConfig/DestinationConfig", Holds("Destination")),
    ("DynamoDB", "/StartingPosition", Only("TRIM_HORIZON")),
    ("DynamoDB", "/FunctionResponseTypes", Flag("ReportBatchItemFailures")),
    ("DynamoDB", "/FilterCriteria", Holds("Filters")),
    ("DynamoDB", "/DestinationConfig", Holds("OnFailure")),
    ("DynamoDB", "/DestinationConfig/Type", Only("SQS")),
    ("DynamoDB", "/DestinationConfig", Holds("Destination")),
    ("SQS", "/FunctionResponseTypes", Flag("ReportBatchItemFailures")),
    ("SQS", "/ScalingConfig", Holds("MaximumConcurrency")),
    ("SNS", "/RedrivePolicy", Holds("deadLetterTargetArn")),
    (STATE_MACHINE, "/Type", Only("STANDARD")),
    (TABLE, "/StreamSpecification", Holds("StreamViewType")),
    (TABLE, "/StreamSpecification", Flag("NEW_IMAGE")),
    (TABLE, "/TimeToLiveSpecification/Enabled", Only("true")),
    (TABLE, "/TimeToLiveSpecification", Holds("AttributeName")),
    ("a policy document", "/Version", Only("2012-10-17")),
    ("a statement", "/Effect", Only("Allow")),
];

/// What properties are when they are not there.
fn defaults(kind: &str) -> Value {
    match kind {
        FUNCTION => json!({
            "MemorySize": "128", "Timeout": "3",
            "EventInvokeConfig": {"MaximumRetryAttempts": "2", "MaximumEventAgeInSeconds": "21600"},
        }),
        QUEUE => json!({"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600"}),
        "DynamoDB" => json!({"BatchSize": "100"}),
        "SQS" => json!({"BatchSize": "10"}),
        _ => json!({}),
    }
}

/// Whether a type of resource or a property has no effect, which is noted.
pub(super) fn note(name: &str, notes: &mut Notes) -> bool {
    let Some((reason, _)) = NOTED.iter().find(|(_, noted)| noted.contains(&name)) else { return false };
    notes.entry(reason).or_default().insert(name.to_owned());
    true
}

/// Applies what is known of a type to its properties. What is not a map is left to the struct of the manifest to refuse.
pub(super) fn apply(kind: &str, properties: &mut Value, notes: &mut Notes) -> Result<(), Problem> {
    if let (Value::Object(own), Value::Object(mut all)) = (&mut *properties, defaults(kind)) {
        own.retain(|name, _| !note(name, notes));
        merge(&mut all, std::mem::take(own));
        *own = all;
    }
    for (_, path, rule) in RULES.iter().filter(|(of, ..)| *of == kind) {
        let (parent, key) = path.rsplit_once('/').unwrap_or_default();
        if let Some(map) = properties.pointer_mut(parent).and_then(Value::as_object_mut) {
            rule.apply(key, map).within(path[1..].replace('/', "."))?;
        }
    }
    Ok(())
}

impl Rule {
    fn apply(&self, key: &str, map: &mut Map<String, Value>) -> Result<(), Problem> {
        let Some(mut value) = map.remove(key) else { return Ok(()) };
        let (known, left) = match self {
            Only(word) => (word, (value == *word || value == json!([word])).then_some(None)),
            Flag(word) => (word, (value == *word || value == json!([word])).then(|| Some("true".into()))),
            Holds(member) => {
                let members = value.as_object_mut().filter(|members| members.len() == 1);
                (member, members.and_then(|members| members.remove(*member)).map(Some))
            }
        };
        let unknown = || Problem::new(format!("the local stack does not implement {value} here; it knows {known}"));
        map.extend(left.ok_or_else(unknown)?.map(|left| (key.to_owned(), left)));
        Ok(())
    }
}
