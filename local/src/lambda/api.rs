//! `Invoke`, as AWS clients call it over HTTP (Lambda API reference, "Invoke"), as far as the runbook needs it. The rest is refused by
//! name.

use std::collections::HashMap;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use bytes::Bytes;
use serde_json::{Value, json, value::RawValue};

use super::{EVENT, InvokeError, Lambda, REQUEST_RESPONSE, events, new_id, version};

impl Lambda {
    /// `POST /2015-03-31/functions/{name}/invocations`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(handle).layer(DefaultBodyLimit::disable()))
            .route("/2015-03-31/{*operation}", any(not_here))
            .with_state(self.clone())
    }

    /// Invokes under the id of the call, which the function sees as its own.
    async fn call(&self, id: &str, function: &str, headers: &HeaderMap, payload: Bytes) -> Response {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let kind = match header("x-amz-invocation-type") {
            None | Some("RequestResponse") => REQUEST_RESPONSE,
            Some("Event") => EVENT,
            Some(other) => return not_implemented(&format!("X-Amz-Invocation-Type: {other}")),
        };
        for name in ["X-Amz-Log-Type", "X-Amz-Client-Context"] {
            if header(name).is_some_and(|value| value != "None") {
                return not_implemented(name);
            }
        }
        let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
        let (pool, request) = match self.request(kind, id, function, payload) {
            Ok(found) => found,
            Err(error @ InvokeError::NotFound(_)) => return refusal(404, "ResourceNotFoundException", &error.to_string()),
            Err(error) => return refusal(413, "RequestTooLargeException", &error.to_string()),
        };
        if let Err(error) = serde_json::from_slice::<&RawValue>(&request.payload) {
            let message = format!("Could not parse request body into json: Could not parse payload into json: {error}");
            return refusal(400, "InvalidRequestContentException", &message);
        }
        if kind == EVENT {
            return match events::accept(pool, request) {
                Ok(()) => StatusCode::ACCEPTED.into_response(),
                Err(stopped) => refusal(500, "ServiceException", &stopped.to_string()),
            };
        }
        let answered = [("content-type", "application/json"), ("x-amz-executed-version", version(&request.arn))];
        match pool.invoke(request).await {
            Ok(answer) => (answered, answer).into_response(),
            Err(InvokeError::Function { payload, .. }) => (answered, [("x-amz-function-error", "Unhandled")], payload).into_response(),
            Err(_) => {
                let whose = if pool.is_reserved() { "ReservedFunction" } else { "" };
                let reason = format!("{whose}ConcurrentInvocationLimitExceeded");
                let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
                refused(429, "TooManyRequestsException", body)
            }
        }
    }
}

async fn handle(
    State(lambda): State<Lambda>,
    Path(function): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    let qualifier = query.get("Qualifier").map(|qualifier| format!(":{qualifier}")).filter(|qualifier| !function.ends_with(qualifier));
    let (id, qualified) = (new_id(), function + &qualifier.unwrap_or_default());
    let response = lambda.call(&id, &qualified, &headers, payload).await;
    ([("x-amzn-requestid", id)], response).into_response()
}

async fn not_here(method: Method, uri: Uri) -> Response {
    ([("x-amzn-requestid", new_id())], not_implemented(&format!("{method} {}", uri.path()))).into_response()
}

fn not_implemented(what: &str) -> Response {
    let message =
        format!("{what} is not implemented: this stack has Invoke, as RequestResponse or Event, and nothing else of Lambda's API");
    refusal(400, "InvalidParameterValueException", &message)
}

fn refusal(status: u16, name: &'static str, message: &str) -> Response {
    refused(status, name, json!({"Type": "User", "Message": message}))
}

fn refused(status: u16, name: &'static str, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or_default(), [("x-amzn-errortype", name)], Json(body)).into_response()
}
