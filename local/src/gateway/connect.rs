//! The calls of functions around a connection: the authorizer and `$connect` before it opens, `$disconnect` after its end.

use std::time::Instant;

use http::{HeaderValue, StatusCode};

use super::{
    Gateway,
    authorizer_answer::decide,
    closing::Closing,
    connection::Connection,
    error_frame::{FORBIDDEN, INTERNAL_SERVER_ERROR, TIMED_OUT, TOO_MANY_REQUESTS},
    events::{ConnectionFacts, RequestFacts, authorizer_event, connect_event, disconnect_event},
    handshake_request::HandshakeRequest,
    proxy_answer::ProxyAnswer,
};
use crate::{clock, lambda::InvokeError, report::report, weather::Mishap};

/// Why a client may not connect: the status of the handshake, and the `message` of its body.
pub(super) type Refusal = (StatusCode, &'static str);

const UNAUTHORIZED: Refusal = (StatusCode::UNAUTHORIZED, "Unauthorized");

/// Asks the authorizer, notes in `connection` what it says, and asks `$connect`. What that answered as `Sec-WebSocket-Protocol`.
pub(super) async fn connect(
    gateway: &Gateway,
    connection: &mut ConnectionFacts,
    handshake: &HandshakeRequest,
) -> Result<Option<HeaderValue>, Refusal> {
    if !gateway.admits() {
        return Err((StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS));
    }
    authorize(gateway, connection, handshake).await?;
    let Some(route) = gateway.shared.api.routes.get("$connect") else { return Ok(None) };
    let failed = |why: &str| {
        report("gateway", format_args!("route $connect: {why}"));
        (StatusCode::BAD_GATEWAY, INTERNAL_SERVER_ERROR)
    };
    let answer = match gateway.invoke(&route.function_arn, connect_event(connection, handshake)).await {
        Err(_) => return Err((StatusCode::GATEWAY_TIMEOUT, TIMED_OUT)),
        Ok(Err(error)) => return Err(failed(&format!("the function failed: {error}"))),
        Ok(Ok(answer)) => ProxyAnswer::parse(&answer).map_err(|why| failed(&why))?,
    };
    match StatusCode::from_u16(answer.status()) {
        Ok(status) if status.is_success() => {
            let subprotocol = answer.header("Sec-WebSocket-Protocol").map(HeaderValue::from_str).transpose();
            subprotocol.map_err(|_| failed("Sec-WebSocket-Protocol cannot be a header"))
        }
        Ok(status) if !status.is_informational() => Err((status, status.canonical_reason().unwrap_or("Refused"))),
        _ => Err(failed("the answer's status cannot end a request")),
    }
}

async fn authorize(gateway: &Gateway, connection: &mut ConnectionFacts, handshake: &HandshakeRequest) -> Result<(), Refusal> {
    if !gateway.shared.api.authorizer.identity_sources.iter().all(|source| handshake.has(source) == Some(true)) {
        return Err(UNAUTHORIZED);
    }
    let failed = |why: &str| {
        report("gateway", format_args!("authorizer: {why}"));
        (StatusCode::INTERNAL_SERVER_ERROR, INTERNAL_SERVER_ERROR)
    };
    let method_arn = gateway.method_arn();
    let event = authorizer_event(connection, handshake, &method_arn);
    let asked_at = Instant::now();
    let answer = match gateway.invoke(&gateway.shared.api.authorizer.function_arn, event).await {
        Err(_) => return Err(failed("the function took too long")),
        Ok(Err(InvokeError::Function { message, .. })) if message == UNAUTHORIZED.1 => return Err(UNAUTHORIZED),
        Ok(Err(error)) => return Err(failed(&format!("the function failed: {error}"))),
        Ok(Ok(answer)) => answer,
    };
    let mut context = decide(&answer, &method_arn).map_err(|why| failed(&why))?.ok_or((StatusCode::FORBIDDEN, FORBIDDEN))?;
    context.insert("integrationLatency".to_owned(), clock::milliseconds(asked_at.elapsed()).into());
    connection.authorizer = Some(context);
    Ok(())
}

/// Tells `$disconnect`, where the API has it and the weather lets it. Nobody waits for its answer, and nothing repeats it.
pub(super) async fn disconnect(gateway: &Gateway, connection: &Connection, closing: &Closing) {
    let Some(route) = gateway.shared.api.routes.get("$disconnect") else { return };
    if gateway.shared.weather.happens(Mishap::NoDisconnect) {
        return;
    }
    let event = disconnect_event(&connection.facts, &RequestFacts::now(), closing);
    if let Err(error) = gateway.shared.lambda.invoke(&route.function_arn, event).await.result {
        report("gateway", format_args!("route $disconnect: the function failed: {error}"));
    }
}
