//! The management API: `/{stage}/@connections/{id}`, by which functions push to clients.

use axum::{
    body::{Body, to_bytes},
    extract::{Path, State},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{Gateway, closing::Closing, identifiers::new_id, outbox::SendError};
use crate::clock::iso8601_with_milliseconds;

/// How much of a body that is too long is read before it is refused. A client that is answered while it is still sending
/// may see a reset instead of the answer; API Gateway takes 10 MB.
const MAXIMUM_BODY_BYTES: usize = 10 * 1024 * 1024;

/// `POST`: queues the body for the client. It never waits for the client's socket.
pub(super) async fn post_to_connection(State(gateway): State<Gateway>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let body = to_bytes(body, MAXIMUM_BODY_BYTES).await.ok().filter(|body| body.len() <= gateway.limits().message_bytes);
    let Some(body) = body else {
        return error(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", json!("Payload too large"));
    };
    let Some(connection) = gateway.find(&id) else { return gone() };
    // Clients get text, always; bytes that are none would break the client's socket. The copy is there because the body may
    // be a piece of the HTTP layer's larger buffer, which a waiting message would keep.
    let Ok(text) = Utf8Bytes::try_from(Bytes::copy_from_slice(&body)) else {
        return error(StatusCode::BAD_REQUEST, "BadRequestException", json!("The body is not UTF-8, and clients are sent text"));
    };
    match connection.push(Message::Text(text), gateway.limits()) {
        Ok(()) => {
            gateway.meter().of_caller(&headers).gateway_message(body.len());
            answer(StatusCode::OK, Body::empty())
        }
        Err(SendError::Gone) => gone(),
        Err(SendError::Full) => error(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", json!("The client's send buffer is full")),
    }
}

/// `GET`: since when the client is connected, who it is, and when a message last came or went.
pub(super) async fn get_connection(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let Some(connection) = gateway.find(&id) else { return gone() };
    let facts = &connection.facts;
    let body = json!({
        "connectedAt": iso8601_with_milliseconds(facts.connected_at),
        "identity": facts.identity,
        "lastActiveAt": iso8601_with_milliseconds(connection.last_active_at()),
    });
    answer(StatusCode::OK, Body::from(body.to_string()))
}

/// `DELETE`: closes the connection, which is gone for every later request.
pub(super) async fn delete_connection(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let Some(connection) = gateway.find(&id) else { return gone() };
    gateway.forget(&connection, Closing::DELETED);
    answer(StatusCode::NO_CONTENT, Body::empty())
}

fn gone() -> Response {
    error(StatusCode::GONE, "GoneException", Value::Null)
}

/// The SDKs tell errors apart by the header.
fn error(status: StatusCode, kind: &'static str, message: Value) -> Response {
    let mut response = answer(status, Body::from(json!({ "message": message }).to_string()));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

fn answer(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(id) = HeaderValue::from_str(&new_id()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
