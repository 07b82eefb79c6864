//! `Invoke`, as AWS clients call it over HTTP (Lambda API reference, "Invoke"), as far as the runbook needs it. The rest is refused by name.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    InvokeError, LATEST, Lambda, events,
    invocation::{BadBody, EVENT_LIMIT, REQUEST_LIMIT, Request, read},
};
use crate::account::function_arn;

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Qualifier")]
    qualifier: Option<String>,
}

/// A refused call: the status, the error's name and the body.
struct Refusal(u16, &'static str, Value);

impl Refusal {
    fn new(status: u16, name: &'static str, message: String) -> Refusal {
        Refusal(status, name, json!({"Type": "User", "Message": message}))
    }

    fn service(error: &InvokeError) -> Refusal {
        Refusal::new(500, "ServiceException", error.to_string())
    }

    fn not_implemented(what: &str) -> Refusal {
        let message =
            format!("{what} is not implemented: this stack has Invoke, as RequestResponse or Event, and nothing else of Lambda's API");
        Refusal::new(400, "InvalidParameterValueException", message)
    }
}

impl Lambda {
    /// `POST /2015-03-31/functions/{name}/invocations`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(handle))
            .route("/2015-03-31/{*operation}", any(not_implemented))
            .with_state(self.clone())
    }

    /// Invokes, where `request` has an id and nothing else.
    async fn call(&self, mut request: Request, function: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refusal> {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let (is_event, limit, kind) = match header("x-amz-invocation-type") {
            None | Some("RequestResponse") => (false, REQUEST_LIMIT, "RequestResponse"),
            Some("Event") => (true, EVENT_LIMIT, "Event"),
            Some(other) => return Err(Refusal::not_implemented(&format!("X-Amz-Invocation-Type: {other}"))),
        };
        for name in ["X-Amz-Log-Type", "X-Amz-Client-Context", "X-Amz-Tenant-Id", "X-Amz-Durable-Execution-Name"] {
            if header(name).is_some_and(|value| value != "None") {
                return Err(Refusal::not_implemented(name));
            }
        }
        let not_found = || {
            let arn = function_arn(function.strip_prefix(&function_arn("")).unwrap_or(function));
            Refusal::new(404, "ResourceNotFoundException", format!("Function not found: {arn}"))
        };
        let (pool, arn) = self.find(function).ok_or_else(not_found)?;
        request.arn = arn;
        request.payload = match read(body, limit).await {
            Ok(payload) if payload.is_empty() => Bytes::from_static(b"{}"),
            Ok(payload) => payload,
            Err(BadBody::TooLarge(bytes)) => {
                let message = format!("{bytes} byte payload is too large for the {kind} invocation type (limit {limit} bytes)");
                return Err(Refusal::new(413, "RequestTooLargeException", message));
            }
            Err(BadBody::Broken(error)) => return Err(Refusal::new(400, "InvalidRequestContentException", error.to_string())),
        };
        if let Err(error) = serde_json::from_slice::<&RawValue>(&request.payload) {
            let message = format!("Could not parse request body into json: Could not parse payload into json: {error}");
            return Err(Refusal::new(400, "InvalidRequestContentException", message));
        }
        if is_event {
            return events::accept(pool, request)
                .map(|()| StatusCode::ACCEPTED.into_response())
                .map_err(|stopped| Refusal::service(&stopped));
        }
        let answered = [("content-type", "application/json"), ("x-amz-executed-version", LATEST)];
        match pool.invoke(request).await {
            Ok(answer) => Ok((answered, answer).into_response()),
            Err(InvokeError::Function { payload, .. }) => Ok((answered, [("x-amz-function-error", "Unhandled")], payload).into_response()),
            Err(InvokeError::Throttled) => {
                let whose = if pool.is_reserved() { "ReservedFunction" } else { "" };
                let body =
                    json!({"Reason": format!("{whose}ConcurrentInvocationLimitExceeded"), "Type": "User", "message": "Rate Exceeded."});
                Err(Refusal(429, "TooManyRequestsException", body))
            }
            Err(other) => Err(Refusal::service(&other)),
        }
    }
}

async fn not_implemented(method: Method, uri: Uri) -> Response {
    respond(&Request::new(String::new(), Bytes::new()).id, Err(Refusal::not_implemented(&format!("{method} {}", uri.path()))))
}

async fn handle(
    State(lambda): State<Lambda>,
    Path(function): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let suffix = parameters.qualifier.filter(|qualifier| !qualifier.is_empty()).map(|qualifier| format!(":{qualifier}"));
    let suffix = suffix.filter(|suffix| !function.ends_with(suffix)).unwrap_or_default();
    // The one id of the call, which the function sees as its own.
    let request = Request::new(String::new(), Bytes::new());
    let id = request.id.clone();
    respond(&id, lambda.call(request, &format!("{function}{suffix}"), &headers, body).await)
}

fn respond(id: &str, result: Result<Response, Refusal>) -> Response {
    let response = result.unwrap_or_else(|Refusal(status, name, body)| {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        (status, [("x-amzn-errortype", name)], axum::Json(body)).into_response()
    });
    ([("x-amzn-requestid", id)], response).into_response()
}
