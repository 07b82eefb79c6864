//! One call of an AWS service, whichever way its protocol says which operation it is of.

use axum::http::{Method, header, request::Parts};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::account::function_arn;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    Sns,
    GameLift,
    /// Of API Gateway.
    Connections,
    Lambda,
    Logs,
    CloudWatch,
    StepFunctions,
    Sts,
    CloudFormation,
}

/// How a request is written and an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// By `X-Amz-Target` or the path.
    Json,
    /// Smithy's RPC v2.
    Cbor,
    /// A form, answered with XML.
    Query,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) protocol: Protocol,
    /// The operation, such as `PutItem`; of `@connections` the method.
    pub(crate) operation: String,
    /// Of an operation in the path, the `path`; of an invocation, the `function`, as qualified as the request has it.
    pub(crate) parameters: Value,
}

/// Each with what its actions begin with, and what its requests have in `X-Amz-Target` before the point or in the `Version` of a form.
const SERVICES: [(Service, &str, &[&str]); 11] = [
    (Service::DynamoDb, "dynamodb", &["DynamoDB_20120810", "DynamoDBStreams_20120810"]),
    (Service::Sqs, "sqs", &["AmazonSQS"]),
    (Service::Sns, "sns", &["2010-03-31"]),
    (Service::GameLift, "gamelift", &["GameLift"]),
    (Service::Connections, "execute-api", &[]),
    (Service::Lambda, "lambda", &[]),
    (Service::Logs, "logs", &["Logs_20140328"]),
    (Service::CloudWatch, "cloudwatch", &["GraniteServiceVersion20100801"]),
    (Service::StepFunctions, "states", &["AWSStepFunctions"]),
    (Service::Sts, "sts", &["2011-06-15"]),
    (Service::CloudFormation, "cloudformation", &["2010-05-15"]),
];

impl Service {
    /// What actions of the service begin with.
    pub(crate) fn prefix(self) -> &'static str {
        SERVICES.iter().find(|(service, ..)| *service == self).map_or("", |(_, prefix, _)| prefix)
    }

    /// By what a request has in `X-Amz-Target` before the point, or in the `Version` of a form.
    pub(super) fn named(name: &str) -> Option<Self> {
        SERVICES.iter().find(|(_, _, names)| names.contains(&name)).map(|(service, ..)| *service)
    }
}

impl Call {
    /// Reads a call; none if the request is not one of a service that is here. What of the body cannot be read is as if it were not there,
    /// and the service refuses it.
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Option<Self> {
        let path = parts.uri.path();
        if parts.method == Method::POST && path == "/" {
            if let Some((name, operation)) = text(parts, "x-amz-target").split_once('.') {
                return Self::new(Service::named(name)?, Protocol::Json, operation, serde_json::from_slice(body).unwrap_or_default());
            }
            let form = form(body);
            let member = |name| form[name].as_str().unwrap_or_default().to_owned();
            return Self::new(Service::named(&member("Version"))?, Protocol::Query, &member("Action"), form);
        }
        let (service, operation) = match path.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
            ["service", "GameLift", "operation", operation] => {
                return Self::new(Service::GameLift, Protocol::Cbor, operation, ciborium::from_reader(body).unwrap_or_default());
            }
            [_, "@connections", ..] => (Service::Connections, parts.method.as_str()),
            ["2015-03-31", "functions", function, "invocations"] => {
                let function = json!({"function": qualified(function, parts.uri.query())});
                return Self::new(Service::Lambda, Protocol::Json, "InvokeFunction", function);
            }
            ["2015-03-31", "functions", ..] => (Service::Lambda, "ListFunctions"),
            ["2015-03-31", "event-source-mappings", ..] => (Service::Lambda, "ListEventSourceMappings"),
            _ => return None,
        };
        Self::new(service, Protocol::Json, operation, json!({ "path": path, "query": parts.uri.query() }))
    }

    fn new(service: Service, protocol: Protocol, operation: &str, parameters: Value) -> Option<Self> {
        Some(Self { service, protocol, operation: operation.to_owned(), parameters })
    }
}

/// The name of a function in a path, with the qualifier in the path or the query.
fn qualified(function: &str, query: Option<&str>) -> String {
    let decoded = |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default();
    let name = decoded(function);
    let name = name.strip_prefix(&function_arn("")).unwrap_or(&name).to_owned();
    let qualifier = form(query.unwrap_or_default().as_bytes())["Qualifier"].as_str().map(|qualifier| format!(":{qualifier}"));
    name.clone() + &qualifier.filter(|qualifier| !name.ends_with(qualifier)).unwrap_or_default()
}

/// The members of a form as a JSON object of texts.
pub(crate) fn form(body: &[u8]) -> Value {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
}

/// The value of a header; empty if it is not there or no text.
pub(super) fn text<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The service for which a request is signed, such as `s3`.
pub(super) fn signed_for(parts: &Parts) -> &str {
    let scope = text(parts, header::AUTHORIZATION.as_str()).split_once("Credential=").map_or("", |(_, scope)| scope);
    scope.split('/').nth(3).unwrap_or_default()
}
