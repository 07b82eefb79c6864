//! What an operator asks of the account, the stack, its alarms, its functions and their logs, from what the template says and the stack
//! knows: the commands of docs/operations.md, and nothing else of these services.

mod alarms;
mod functions;
mod logs;
mod stacks;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, http::StatusCode, response::Response};
use serde_json::Value;

use crate::{
    aws_json,
    front_door::{Service, query},
    lambda::Lambda,
    sqs::Sqs,
    template::Manifest,
};

/// What answers operators. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Operators {
    manifest: Arc<Manifest>,
    lambda: Lambda,
    sqs: Sqs,
}

/// A refused request: a code and a message.
type Refused = (&'static str, String);

impl Operators {
    pub(crate) fn new(manifest: &Manifest, lambda: Lambda, sqs: Sqs) -> Operators {
        Operators { manifest: Arc::new(manifest.clone()), lambda, sqs }
    }

    /// The routes of the Lambda API that list things.
    pub(crate) fn router(&self) -> Router {
        functions::router(self.clone())
    }

    /// Answers a form of STS or CloudFormation. `caller` is who signed it, if it was a function or had a managed policy.
    pub(crate) fn form(&self, service: Service, form: &Value, caller: Option<&str>) -> Response {
        let action = form["Action"].as_str().unwrap_or_default();
        match (service, action) {
            (Service::Sts, "GetCallerIdentity") => stacks::caller_identity(caller),
            (Service::CloudFormation, "DescribeStacks") => stacks::describe(&self.manifest, form["StackName"].as_str()),
            _ => query(StatusCode::BAD_REQUEST, "InvalidAction", &not_here(&format!("{}:{action}", service.prefix()))),
        }
    }

    /// Answers an operation of CloudWatch or its logs in JSON.
    pub(crate) fn json(&self, service: Service, operation: &str, body: &[u8]) -> Response {
        let Ok(request) = serde_json::from_slice(if body.is_empty() { b"{}" } else { body }) else {
            return aws_json::error(StatusCode::BAD_REQUEST, "SerializationException", "the body is not JSON");
        };
        let answer = match (service, operation) {
            (Service::CloudWatch, "DescribeAlarms") => Ok(alarms::describe(self, &request)),
            (Service::Logs, "FilterLogEvents") => {
                logs::filter(&self.manifest.log_group, |since| self.lambda.all_log_lines(since), &request)
            }
            _ => Err(("UnknownOperationException", not_here(&format!("{}:{operation}", service.prefix())))),
        };
        match answer {
            Ok(answer) => aws_json::answer(&answer),
            Err((kind, message)) => aws_json::error(StatusCode::BAD_REQUEST, kind, &message),
        }
    }
}

fn not_here(asked: &str) -> String {
    let here = "sts get-caller-identity, cloudformation describe-stacks, cloudwatch describe-alarms, logs filter-log-events and tail, \
                lambda invoke, list-functions and list-event-source-mappings, and what is implemented of DynamoDB, SQS, SNS, GameLift and Step Functions";
    format!("{asked} is not implemented: this stack has {here}")
}
