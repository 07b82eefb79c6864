//! The one port of the stack: AWS's APIs by the header or the form that names the operation, beside every other room's routes.

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::Response,
    routing::post,
};

use crate::{
    aws_json,
    dynamodb::DynamoDb,
    gamelift::{self, GameLift},
    sns::Sns,
    sqs::Sqs,
};

/// More than the largest message of SQS, 1 MiB, needs, and that of SNS in a form.
const BODY_BYTES: usize = 8 * 1024 * 1024;
/// The content type of the query protocol, behind which a character set may be named.
const FORM: &str = "application/x-www-form-urlencoded";

/// What is behind `POST /`.
#[derive(Clone)]
pub struct Services {
    /// By `X-Amz-Target`.
    pub dynamodb: DynamoDb,
    /// By `X-Amz-Target`.
    pub sqs: Sqs,
    /// By a form, without `X-Amz-Target`.
    pub sns: Sns,
    /// By `X-Amz-Target`, for those who do not speak CBOR.
    pub gamelift: GameLift,
}

/// `POST /`, handed to the service that `X-Amz-Target` names, or to SNS, which speaks in forms without it.
pub fn router(services: Services) -> Router {
    Router::new().route("/", post(dispatch)).with_state(services)
}

async fn dispatch(State(Services { dynamodb, sqs, sns, gamelift }): State<Services>, request: Request) -> Response {
    let target = header(&request, "x-amz-target");
    let is_form = target.is_empty() && header(&request, "content-type").starts_with(FORM);
    match target.split_once('.') {
        Some(("DynamoDB_20120810", "CreateTable" | "DeleteTable" | "UpdateTable" | "UpdateTimeToLive")) => {
            refuse(StatusCode::BAD_REQUEST, &format!("{target} is not implemented: the tables of this stack are those of its template"))
        }
        Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", _)) => dynamodb.handle(request).await,
        Some(("AmazonSQS", action)) => {
            let sqs = sqs.of_caller(request.headers());
            match to_bytes(request.into_body(), BODY_BYTES).await {
                Ok(body) => sqs.handle(action, &body).await,
                Err(error) => unreadable(&error),
            }
        }
        Some(("GameLift", operation)) => match to_bytes(request.into_body(), gamelift::BODY_BYTES).await {
            Ok(body) => gamelift.handle(operation, &body),
            Err(error) => unreadable(&error),
        },
        _ if is_form => match to_bytes(request.into_body(), BODY_BYTES).await {
            Ok(body) => sns.handle(&body),
            Err(error) => unreadable(&error),
        },
        _ => {
            let asked = if target.is_empty() { "a request without X-Amz-Target" } else { &target };
            let here = "this stack has what template.yaml names: DynamoDB, its streams, SQS, SNS and GameLift";
            refuse(StatusCode::BAD_REQUEST, &format!("{asked} is not implemented: {here}"))
        }
    }
}

fn header(request: &Request, name: &str) -> String {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn unreadable(error: &axum::Error) -> Response {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("the request's body cannot be read: {error}"))
}

/// The answer to every path that is no room's.
pub async fn nothing_here(uri: Uri) -> Response {
    let path = uri.path();
    refuse(StatusCode::NOT_FOUND, &format!("{path} is not here: this stack has what template.yaml names, and GET / says where"))
}

fn refuse(status: StatusCode, message: &str) -> Response {
    aws_json::error(status, "com.amazon.coral.service#UnknownOperationException", message)
}
