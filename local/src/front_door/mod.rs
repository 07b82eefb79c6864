//! The one port of the stack: AWS's APIs by the header or the form that names the operation, beside every other room's routes.
//!
//! [`call`] reads which operation of which service a request is, [`callers`] is what functions have to pass, and [`refusal`] is how
//! services refuse.

mod call;
mod callers;
mod refusal;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::Response,
    routing::post,
};

#[cfg(test)]
pub(crate) use self::call::Protocol;
use self::call::{signed_for, text};
pub(crate) use self::{
    call::{Call, Service, form},
    callers::{Callers, check},
    refusal::{escape, query, xml},
};
use crate::{
    account, aws_json, dynamodb::DynamoDb, gamelift::GameLift, operators::Operators, sns::Sns, sqs::Sqs, stepfunctions::StepFunctions,
};

/// More than the largest message of SQS, 1 MiB, needs, and that of SNS in a form; and no less than any room takes.
const BODY_BYTES: usize = 16 * 1024 * 1024;
/// The content type of the query protocol, behind which a character set may be named.
const FORM: &str = "application/x-www-form-urlencoded";
const HERE: &str = "this stack has what template.yaml names: DynamoDB, its streams, SQS, SNS, GameLift and Step Functions, and what \
                    operators look at: STS, CloudFormation, CloudWatch and its logs";

/// What is behind `POST /`.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) dynamodb: DynamoDb,
    pub(crate) sqs: Sqs,
    pub(crate) sns: Sns,
    /// For those who do not speak CBOR.
    pub(crate) gamelift: GameLift,
    pub(crate) step_functions: StepFunctions,
    pub(crate) operators: Operators,
}

/// `POST /`, handed to the service that `X-Amz-Target` names, or the `Version` of a form.
pub(crate) fn router(services: Services) -> Router {
    Router::new().route("/", post(dispatch)).with_state(services)
}

async fn dispatch(State(services): State<Services>, request: Request) -> Response {
    let Services { dynamodb, sqs, sns, gamelift, step_functions, operators } = services;
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_BYTES).await {
        Ok(body) => body,
        Err(error) => return unreadable(&error),
    };
    let target = text(&parts, "x-amz-target");
    let (name, operation) = target.split_once('.').unwrap_or_default();
    match Service::named(name) {
        Some(Service::DynamoDb) => dynamodb.handle(parts.headers, body).await,
        Some(Service::Sqs) => sqs.of_caller(&parts.headers).handle(operation, &body).await,
        Some(Service::GameLift) => gamelift.handle(operation, &body),
        Some(Service::StepFunctions) => step_functions.handle(operation, &body),
        Some(service) => operators.json(service, operation, &body),
        None if target.is_empty() && text(&parts, "content-type").starts_with(FORM) => {
            let form = form(&body);
            match Service::named(form["Version"].as_str().unwrap_or_default()) {
                Some(Service::Sns) => sns.handle(&form),
                Some(service) => operators.form(service, &form, account::signed_by(&parts.headers).as_deref()),
                None => {
                    let asked = format!("{} {}", signed_for(&parts), form["Action"].as_str().unwrap_or_default());
                    query(StatusCode::BAD_REQUEST, "InvalidAction", &format!("{asked} is not implemented: {HERE}"))
                }
            }
        }
        None => {
            let asked = if target.is_empty() { "a request without X-Amz-Target" } else { target };
            refuse(StatusCode::BAD_REQUEST, &format!("{asked} is not implemented: {HERE}"))
        }
    }
}

fn unreadable(error: &axum::Error) -> Response {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("the request's body cannot be read: {error}"))
}

/// The answer to every path that is no room's.
pub(crate) async fn nothing_here(uri: Uri) -> Response {
    let path = uri.path();
    refuse(StatusCode::NOT_FOUND, &format!("{path} is not here: this stack has what template.yaml names, and GET / says where"))
}

fn refuse(status: StatusCode, message: &str) -> Response {
    aws_json::error(status, "com.amazon.coral.service#UnknownOperationException", message)
}
