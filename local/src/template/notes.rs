//! What a template may name that has no effect on one machine, and why.

use super::{
    declarations::{Declaration, FUNCTION, WEB_SOCKET_API},
    manifest::Manifest,
};

const ALARMS: &str = "nothing watches metrics on one machine; errors are in the functions' logs";
const LOGS: &str = "the functions' logs go to the terminal";
const ISSUER: &str = "the local stack is an issuer itself";
const DOMAIN: &str = "the local stack is reached at 127.0.0.1";
const BUILD: &str = "functions are built from this workspace for this machine";
const BILL: &str = "nothing is billed on one machine";
const TAGS: &str = "tags are for bills and accounts";

/// Types of resources.
const TYPES: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::ApiMapping", DOMAIN),
    ("AWS::ApiGatewayV2::DomainName", DOMAIN),
    ("AWS::Budgets::Budget", BILL),
    ("AWS::CloudWatch::Alarm", ALARMS),
    ("AWS::CloudWatch::Dashboard", ALARMS),
    ("AWS::Cognito::UserPoolClient", ISSUER),
    ("AWS::Logs::LogGroup", LOGS),
    ("AWS::Logs::QueryDefinition", LOGS),
    ("AWS::SNS::Subscription", "alarms are not sent from one machine"),
];

/// Properties of the types that are understood.
const PROPERTIES: &[(&str, &[&str], &str)] = &[
    ("AWS::DynamoDB::Table", &["BillingMode"], BILL),
    ("AWS::DynamoDB::Table", &["DeletionProtectionEnabled", "PointInTimeRecoverySpecification"], "tables are the developer's own files"),
    ("AWS::DynamoDB::Table", &["Tags"], TAGS),
    ("AWS::GameLift::GameSessionQueue", &["Destinations", "PlayerLatencyPolicies"], "the local fleet has one place"),
    ("AWS::GameLift::GameSessionQueue", &["Tags"], TAGS),
    ("AWS::IAM::ManagedPolicy", &["Description"], "for people"),
    ("AWS::SNS::Topic", &["Tags"], TAGS),
    ("AWS::SQS::Queue", &["SqsManagedSseEnabled"], "data is not encrypted on one machine"),
    ("AWS::SQS::Queue", &["Tags"], TAGS),
    (FUNCTION, &["Architectures", "CodeUri"], BUILD),
    (FUNCTION, &["LoggingConfig"], LOGS),
    (FUNCTION, &["PropagateTags", "Tags"], TAGS),
    (FUNCTION, &["RecursiveLoop"], "nothing stops loops on one machine"),
    (WEB_SOCKET_API, &["Name"], "for people"),
    (WEB_SOCKET_API, &["PropagateTags", "Tags"], TAGS),
];

/// Takes out of a resource what has no effect, and notes it. Whether that is all of it.
pub(super) fn note(declaration: &mut Declaration, manifest: &mut Manifest) -> bool {
    if let Some((kind, reason)) = TYPES.iter().find(|(kind, _)| *kind == declaration.kind) {
        manifest.notes.entry(reason).or_default().insert((*kind).to_owned());
        return true;
    }
    for (_, properties, reason) in PROPERTIES.iter().filter(|(kind, ..)| *kind == declaration.kind) {
        for property in *properties {
            if declaration.properties.remove(*property).is_some() {
                manifest.notes.entry(reason).or_default().insert((*property).to_owned());
            }
        }
    }
    false
}
