//! The calls of functions around a connection: the authorizer and `$connect` before it opens, `$disconnect` after its end.

use std::time::Instant;

use http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{
    Gateway,
    authorizer_answer::decide,
    connection::Connection,
    error_frame::{FORBIDDEN, TIMED_OUT, TOO_MANY_REQUESTS, fault},
    events::{ConnectionFacts, RequestFacts, authorizer_event, connect_event, disconnect_event},
    handshake_request::HandshakeRequest,
};
use crate::{clock, lambda::InvokeError, weather::Mishap};

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
    let answer = gateway.ask("$connect", route, &connect_event(connection, handshake)).await.map_err(|message| {
        let status = if message == TIMED_OUT { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        (status, message)
    })?;
    let failed = |why: &str| (StatusCode::BAD_GATEWAY, fault("route $connect", why));
    match StatusCode::from_u16(answer.status_code) {
        Ok(status) if status.is_success() => {
            let subprotocol = answer.header("Sec-WebSocket-Protocol").map(HeaderValue::from_str).transpose();
            subprotocol.map_err(|_| failed("Sec-WebSocket-Protocol cannot be a header"))
        }
        Ok(status) if !status.is_informational() => Err((status, status.canonical_reason().unwrap_or("Refused"))),
        _ => Err(failed("the answer's status cannot end a request")),
    }
}

async fn authorize(gateway: &Gateway, connection: &mut ConnectionFacts, handshake: &HandshakeRequest) -> Result<(), Refusal> {
    let failed = |why: &str| (StatusCode::INTERNAL_SERVER_ERROR, fault("authorizer", why));
    let method_arn = gateway.method_arn();
    let event = authorizer_event(connection, handshake, &method_arn);
    let asked_at = Instant::now();
    let answer = match gateway.invoke(&gateway.shared.api.authorizer_arn, &event).await {
        None => return Err(failed("the function took too long")),
        Some(Err(InvokeError::Function { message, .. })) if message == UNAUTHORIZED.1 => return Err(UNAUTHORIZED),
        Some(answer) => answer.map_err(|error| failed(&format!("the function failed: {error}")))?,
    };
    let mut context = decide(&answer, &method_arn).map_err(|why| failed(&why))?.ok_or((StatusCode::FORBIDDEN, FORBIDDEN))?;
    context.insert("integrationLatency".to_owned(), clock::milliseconds(asked_at.elapsed()).into());
    connection.authorizer = Some(context);
    Ok(())
}

/// Tells `$disconnect`, where the API has it and the weather lets it. Nobody waits for its answer, and nothing repeats it.
pub(super) async fn disconnect(gateway: &Gateway, connection: &Connection, closing: &CloseFrame) {
    if let Some(route) = gateway.shared.api.routes.get("$disconnect")
        && !gateway.shared.weather.happens(Mishap::NoDisconnect)
    {
        let event = disconnect_event(&connection.facts, &RequestFacts::now(), closing);
        drop(gateway.ask("$disconnect", route, &event).await);
    }
}
