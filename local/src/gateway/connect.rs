//! The calls of functions around a connection: the authorizer and `$connect` before it opens, `$disconnect` after its end.

use std::time::Instant;

use http::{HeaderValue, StatusCode};
use tokio::time::timeout;

use super::{
    Gateway,
    authorizer_answer::{Decision, decide},
    closing::Closing,
    connection::Connection,
    error_frame::FrameError,
    events::{AuthorizerContext, ConnectionFacts, RequestFacts, authorizer_event, connect_event, disconnect_event},
    handshake_request::HandshakeRequest,
    identifiers::new_id,
    proxy_answer::ProxyAnswer,
};
use crate::{clock, lambda::InvokeError, report::report};

/// Why a client may not connect.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The status of the handshake.
    pub(super) status: StatusCode,
    /// The `message` of its body.
    pub(super) message: &'static str,
}

/// A client that may connect.
#[derive(Debug)]
pub(super) struct Accepted {
    /// For every later event.
    pub(super) authorizer: AuthorizerContext,
    /// What `$connect` answered as `Sec-WebSocket-Protocol`.
    pub(super) subprotocol: Option<HeaderValue>,
}

const FAULT: &str = "Internal server error";

fn refuse(status: StatusCode, message: &'static str) -> Refusal {
    Refusal { status, message }
}

/// Asks the authorizer, then `$connect`, where the API has them.
pub(super) async fn connect(
    gateway: &Gateway,
    connection: &ConnectionFacts,
    request: &RequestFacts,
    handshake: &HandshakeRequest,
) -> Result<Accepted, Refusal> {
    if !gateway.admits() {
        return Err(refuse(StatusCode::TOO_MANY_REQUESTS, FrameError::TooManyRequests.message()));
    }
    let authorizer = authorize(gateway, connection, request, handshake).await?;
    let Some(route) = gateway.api().routes.get("$connect") else { return Ok(Accepted { authorizer, subprotocol: None }) };
    let event = connect_event(connection, request, handshake, &authorizer);
    let failed = |why: &str| {
        report("gateway", format_args!("route $connect: {why}"));
        refuse(StatusCode::BAD_GATEWAY, FAULT)
    };
    let answer = match timeout(gateway.limits().integration_timeout, gateway.lambda().invoke(&route.function_arn, event))
        .await
        .map(|invoked| invoked.result)
    {
        Err(_) => return Err(refuse(StatusCode::GATEWAY_TIMEOUT, FrameError::EndpointTimedOut.message())),
        Ok(Err(error)) => return Err(failed(&format!("the function failed: {error}"))),
        Ok(Ok(answer)) => ProxyAnswer::parse(&answer).map_err(|why| failed(&why))?,
    };
    if !answer.is_success() {
        let status = StatusCode::from_u16(answer.status).ok().filter(|status| !status.is_informational());
        return Err(status.map_or_else(|| failed("the answer's status cannot end a request"), |status| refuse(status, message_of(status))));
    }
    let subprotocol = answer.header("Sec-WebSocket-Protocol").map(HeaderValue::from_str).transpose();
    Ok(Accepted { authorizer, subprotocol: subprotocol.map_err(|_| failed("Sec-WebSocket-Protocol cannot be a header"))? })
}

fn message_of(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Refused")
}

async fn authorize(
    gateway: &Gateway,
    connection: &ConnectionFacts,
    request: &RequestFacts,
    handshake: &HandshakeRequest,
) -> Result<AuthorizerContext, Refusal> {
    let Some(authorizer) = &gateway.api().authorizer else { return Ok(None) };
    let unauthorized = || refuse(StatusCode::UNAUTHORIZED, "Unauthorized");
    if !gateway.identity_sources().iter().all(|source| source.is_in(handshake)) {
        return Err(unauthorized());
    }
    let failed = |why: &str| {
        report("gateway", format_args!("authorizer: {why}"));
        refuse(StatusCode::INTERNAL_SERVER_ERROR, FAULT)
    };
    let method_arn = gateway.method_arn();
    let event = authorizer_event(connection, request, handshake, &method_arn);
    let asked_at = Instant::now();
    let answer = match timeout(gateway.limits().integration_timeout, gateway.lambda().invoke(&authorizer.function_arn, event))
        .await
        .map(|invoked| invoked.result)
    {
        Err(_) => return Err(failed("the function took too long")),
        Ok(Err(InvokeError::Function { message, .. })) if message == "Unauthorized" => return Err(unauthorized()),
        Ok(Err(error)) => return Err(failed(&format!("the function failed: {error}"))),
        Ok(Ok(answer)) => answer,
    };
    match decide(&answer, &method_arn).map_err(|why| failed(&why))? {
        Decision::Deny => Err(refuse(StatusCode::FORBIDDEN, "Forbidden")),
        Decision::Allow(mut context) => {
            let latency = clock::milliseconds(asked_at.elapsed());
            context.insert("integrationLatency".to_owned(), latency.into());
            Ok(Some(context))
        }
    }
}

/// Tells `$disconnect`, where the API has it. Nobody waits for its answer, and nothing repeats it.
pub(super) async fn disconnect(gateway: &Gateway, connection: &Connection, closing: &Closing) {
    let Some(route) = gateway.api().routes.get("$disconnect") else { return };
    let request = RequestFacts { request_id: new_id(), at: clock::now() };
    let event = disconnect_event(&connection.facts, &request, closing, &connection.authorizer);
    if let Err(error) = gateway.lambda().invoke(&route.function_arn, event).await.result {
        report("gateway", format_args!("route $disconnect: the function failed: {error}"));
    }
}
