//! `Invoke`, as AWS clients call it over HTTP (Lambda API reference, "Invoke"). The rest of the Lambda API is refused by name.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    InvokeError, Lambda,
    invocation::Request,
    payload::{self, EVENT_LIMIT, Payload, REQUEST_LIMIT},
    refusal::Refusal,
    target::{LATEST, Target},
};

/// The largest `X-Amz-Client-Context`, in bytes of base64.
const CLIENT_CONTEXT_LIMIT: usize = 3_583;

/// What becomes of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "Qualifier")]
    qualifier: Option<String>,
}

impl Lambda {
    /// `POST /2015-03-31/functions/{name}/invocations`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(handle))
            .route("/2015-03-31/{*operation}", any(not_implemented))
            .with_state(self.clone())
    }
}

async fn not_implemented(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    Refusal::UnknownOperation(format!("{method} {path} is not implemented: of the Lambda API this stack has Invoke"))
        .response(&Request::new(Bytes::new()).id)
}

async fn handle(
    State(lambda): State<Lambda>,
    Path(function): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // The one id of the call, which the function sees as its own.
    let request = Request::new(Bytes::new());
    let id = request.id.clone();
    match lambda.call(request, (&function, parameters.qualifier.as_deref()), &headers, body).await {
        Ok(response) => ([("x-amzn-requestid", id)], response).into_response(),
        Err(refusal) => refusal.response(&id),
    }
}

impl Lambda {
    async fn call(
        &self,
        mut request: Request,
        (function, qualifier): (&str, Option<&str>),
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Refusal> {
        let invocation_type = invocation_type(headers)?;
        if invocation_type == InvocationType::RequestResponse && header(headers, "x-amz-log-type").is_some_and(|kind| kind != "None") {
            let message = "X-Amz-Log-Type is not implemented: what functions print is in the terminal of the stack".to_owned();
            return Err(Refusal::InvalidParameterValue(message));
        }
        let mut target = Target::read(function);
        match (target.qualifier, qualifier.filter(|qualifier| !qualifier.is_empty())) {
            (Some(own), Some(other)) if own != other => {
                let message = "The derived qualifier from the function name does not match the specified qualifier.".to_owned();
                return Err(Refusal::InvalidParameterValue(message));
            }
            (own, other) => target.qualifier = own.or(other),
        }
        let pool = self.pools.by_name.get(target.name).filter(|_| target.exists()).ok_or_else(|| Refusal::not_found(&target))?;
        if invocation_type == InvocationType::DryRun {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let (limit, name) = match invocation_type {
            InvocationType::Event => (EVENT_LIMIT, "Event"),
            _ => (REQUEST_LIMIT, "RequestResponse"),
        };
        request.payload = match payload::read(body, limit).await {
            Ok(Payload::Whole(payload)) => json(payload)?,
            Ok(Payload::TooLarge(bytes)) => return Err(Refusal::too_large(bytes, name, limit)),
            Err(error) => return Err(Refusal::InvalidRequestContent(format!("The request body cannot be read: {error}"))),
        };
        if invocation_type == InvocationType::Event {
            return match self.pools.events.accept(pool, request) {
                Ok(()) => Ok(StatusCode::ACCEPTED.into_response()),
                Err(stopped) => Err(Refusal::Service(stopped.to_string())),
            };
        }
        request.client_context = header(headers, "x-amz-client-context").map(client_context).transpose()?;
        match pool.invoke(request).await {
            Ok(answer) => Ok(answered(answer, false)),
            Err(InvokeError::Function { payload, .. }) => Ok(answered(payload, true)),
            Err(InvokeError::Throttled) => Err(Refusal::TooManyRequests { reserved: pool.is_reserved() }),
            Err(InvokeError::NotFound(_)) => Err(Refusal::not_found(&target)),
            Err(InvokeError::RequestTooLarge { bytes, limit }) => Err(Refusal::too_large(bytes, name, limit)),
        }
    }
}

fn answered(payload: Bytes, failed: bool) -> Response {
    let mut response = ([("content-type", "application/json"), ("x-amz-executed-version", LATEST)], payload).into_response();
    if failed {
        response.headers_mut().insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
    }
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn invocation_type(headers: &HeaderMap) -> Result<InvocationType, Refusal> {
    match header(headers, "x-amz-invocation-type") {
        None | Some("RequestResponse") => Ok(InvocationType::RequestResponse),
        Some("Event") => Ok(InvocationType::Event),
        Some("DryRun") => Ok(InvocationType::DryRun),
        Some(other) => Err(Refusal::Validation(format!(
            "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum \
             value set: [Event, RequestResponse, DryRun]"
        ))),
    }
}

/// The payload, which has to be JSON. None at all is an empty object.
fn json(payload: Bytes) -> Result<Bytes, Refusal> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<&RawValue>(&payload) {
        Ok(_) => Ok(payload),
        Err(error) => Err(Refusal::InvalidRequestContent(format!(
            "Could not parse request body into json: Could not parse payload into json: {error}"
        ))),
    }
}

/// The client context as the Runtime API hands it on: decoded, and in one line.
fn client_context(encoded: &str) -> Result<String, Refusal> {
    let refuse = |why: &dyn std::fmt::Display| {
        Refusal::InvalidRequestContent(format!("Client context must be a valid Base64-encoded JSON object: {why}"))
    };
    if encoded.len() > CLIENT_CONTEXT_LIMIT {
        return Err(refuse(&format_args!("it has {} bytes, more than {CLIENT_CONTEXT_LIMIT}", encoded.len())));
    }
    let decoded = BASE64_STANDARD.decode(encoded).map_err(|error| refuse(&error))?;
    match serde_json::from_slice::<Value>(&decoded) {
        Ok(context) if context.is_object() => Ok(context.to_string()),
        Ok(_) => Err(refuse(&"it is not an object")),
        Err(error) => Err(refuse(&error)),
    }
}
