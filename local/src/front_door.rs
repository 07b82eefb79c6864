//! The one port of the stack: AWS's APIs by the header that names the operation, beside every other room's routes.

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
    sqs::Sqs,
};

/// More than the largest message of SQS, 1 MiB, needs.
const SQS_BODY_BYTES: usize = 8 * 1024 * 1024;

/// `POST /`, handed to the service that `X-Amz-Target` names.
pub fn router(dynamodb: DynamoDb, sqs: Sqs, gamelift: GameLift) -> Router {
    Router::new().route("/", post(dispatch)).with_state((dynamodb, sqs, gamelift))
}

async fn dispatch(State((dynamodb, sqs, gamelift)): State<(DynamoDb, Sqs, GameLift)>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    match target.split_once('.') {
        Some(("DynamoDB_20120810", "CreateTable" | "DeleteTable" | "UpdateTable" | "UpdateTimeToLive")) => {
            refuse(StatusCode::BAD_REQUEST, &format!("{target} is not implemented: the tables of this stack are those of its template"))
        }
        Some(("DynamoDB_20120810" | "DynamoDBStreams_20120810", _)) => dynamodb.handle(request).await,
        Some(("AmazonSQS", action)) => match to_bytes(request.into_body(), SQS_BODY_BYTES).await {
            Ok(body) => sqs.handle(action, &body).await,
            Err(error) => unreadable(&error),
        },
        Some(("GameLift", operation)) => match to_bytes(request.into_body(), gamelift::BODY_BYTES).await {
            Ok(body) => gamelift.handle(operation, &body),
            Err(error) => unreadable(&error),
        },
        _ => {
            let asked = if target.is_empty() { "a request without X-Amz-Target" } else { &target };
            let here = "this stack has what template.yaml names: DynamoDB, its streams, SQS and GameLift";
            refuse(StatusCode::BAD_REQUEST, &format!("{asked} is not implemented: {here}"))
        }
    }
}

/// The answer to every path that is no room's.
pub async fn nothing_here(uri: Uri) -> Response {
    let path = uri.path();
    refuse(StatusCode::NOT_FOUND, &format!("{path} is not here: this stack has what template.yaml names, and GET / says where"))
}

fn unreadable(error: &axum::Error) -> Response {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("the request's body cannot be read: {error}"))
}

fn refuse(status: StatusCode, message: &str) -> Response {
    aws_json::error(status, "com.amazon.coral.service#UnknownOperationException", message)
}
