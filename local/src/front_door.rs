//! The one port of the stack: AWS's APIs by the header or the form that names the operation, beside every other room's routes.

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::Response,
    routing::post,
};

use crate::{aws_json, dynamodb::DynamoDb, sns::Sns, sqs::Sqs};

/// More than the largest message of SQS, 1 MiB, needs, and that of SNS in a form.
const BODY_BYTES: usize = 8 * 1024 * 1024;
/// The content type of the query protocol, behind which a character set may be named.
const FORM: &str = "application/x-www-form-urlencoded";

/// `POST /`, handed to the service that `X-Amz-Target` names, or to SNS, which speaks in forms without it.
pub fn router(dynamodb: DynamoDb, sqs: Sqs, sns: Sns) -> Router {
    Router::new().route("/", post(dispatch)).with_state((dynamodb, sqs, sns))
}

async fn dispatch(State((dynamodb, sqs, sns)): State<(DynamoDb, Sqs, Sns)>, request: Request) -> Response {
    let target = header(&request, "x-amz-target");
    let is_form = target.is_empty() && header(&request, "content-type").starts_with(FORM);
    match target.split_once('.') {
        Some(("DynamoDB_20120810", "CreateTable" | "DeleteTable" | "UpdateTable" | "UpdateTimeToLive")) => {
            refuse(StatusCode::BAD_REQUEST, &format!("{target} is not implemented: the tables of this stack are those of its template"))
        }
        Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", _)) => dynamodb.handle(request).await,
        Some(("AmazonSQS", action)) => match to_bytes(request.into_body(), BODY_BYTES).await {
            Ok(body) => sqs.handle(action, &body).await,
            Err(error) => unreadable(&error),
        },
        _ if is_form => match to_bytes(request.into_body(), BODY_BYTES).await {
            Ok(body) => sns.handle(&body),
            Err(error) => unreadable(&error),
        },
        _ => {
            let asked = if target.is_empty() { "a request without X-Amz-Target" } else { &target };
            let here = "this stack has what template.yaml names: DynamoDB, its streams, SQS and SNS";
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
