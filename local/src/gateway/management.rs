//! The management API: `/{stage}/@connections/{id}`, by which functions push to clients.

use axum::{
    body::{Body, to_bytes},
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::json;
use tokio::sync::TryAcquireError;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{
    Gateway,
    closing::DELETED,
    connection::Connection,
    identifiers::{is_connection_id, new_id},
    limits::MESSAGE_BYTES,
};
use crate::clock::iso8601_with_milliseconds;

/// How much of a body that is too long is read before it is refused. A client that is answered while it is still sending
/// may see a reset instead of the answer; API Gateway takes 10 MB.
const MAXIMUM_BODY_BYTES: usize = 10 * 1024 * 1024;

/// `POST` queues the body for the client, and never waits for the client's socket. `GET` says since when the client is connected, who it
/// is, and when a message last came or went. `DELETE` closes the connection, which is gone for every later request.
pub(super) async fn manage(
    State(gateway): State<Gateway>,
    id: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = to_bytes(body, MAXIMUM_BODY_BYTES).await.ok().filter(|body| body.len() <= MESSAGE_BYTES);
    let Some(body) = body else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", Some("Payload too large"));
    };
    let id = id.map(|Path(id)| id).unwrap_or_default();
    if !is_connection_id(&id) {
        return error(StatusCode::BAD_REQUEST, "BadRequestException", Some(&format!("Invalid connectionId: {id}")));
    }
    let Some(connection) = gateway.connections().get(&id).cloned() else { return gone() };
    match method {
        Method::POST => post(&gateway, &connection, &headers, &body),
        Method::DELETE => {
            gateway.forget(&connection, DELETED);
            answer(StatusCode::NO_CONTENT, String::new())
        }
        _ => {
            let described = json!({
                "connectedAt": iso8601_with_milliseconds(connection.facts.connected_at),
                "identity": connection.facts.identity,
                "lastActiveAt": iso8601_with_milliseconds(connection.last_active_at()),
            });
            answer(StatusCode::OK, described.to_string())
        }
    }
}

fn post(gateway: &Gateway, connection: &Connection, headers: &HeaderMap, body: &[u8]) -> Response {
    // Clients get text, always; bytes that are none would break the client's socket. The copy is there because the body may
    // be a piece of the HTTP layer's larger buffer, which a waiting message would keep.
    let Ok(text) = Utf8Bytes::try_from(Bytes::copy_from_slice(body)) else {
        return error(StatusCode::BAD_REQUEST, "BadRequestException", Some("The body is not UTF-8, and clients are sent text"));
    };
    match connection.push(Message::Text(text.clone())) {
        Ok(()) => {
            gateway.tell_frame("out", connection, &text);
            gateway.shared.meter.of_caller(headers).gateway_message(body.len());
            answer(StatusCode::OK, String::new())
        }
        Err(TryAcquireError::Closed) => gone(),
        Err(TryAcquireError::NoPermits) => {
            error(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", Some("The client's send buffer is full"))
        }
    }
}

fn gone() -> Response {
    error(StatusCode::GONE, "GoneException", None)
}

/// The SDKs tell errors apart by the header.
fn error(status: StatusCode, kind: &str, message: Option<&str>) -> Response {
    ([("x-amzn-errortype", kind)], answer(status, json!({ "message": message }).to_string())).into_response()
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-amzn-requestid", &new_id())], body).into_response()
}
