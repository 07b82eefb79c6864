//! What answers a request: the engine in process for what functions do all the time, else the engine's own HTTP server, for which requests
//! and answers are translated. Both count the capacity that was used up, and neither says so to a client that has not asked.

use std::net::SocketAddr;

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use dynoxide::{
    Database,
    auth_material::{self, AuthMaterial},
};
use http_body_util::{BodyExt, Limited};

use super::{direct, proxy::Proxy, streams_api::StreamsApi};
use crate::{aws_json, meter::Meter};

/// What the engine takes at most, bytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// The checksum of an answer, which some SDKs check.
pub(super) const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");

/// Answers the DynamoDB and DynamoDB Streams protocol.
pub(super) struct Endpoint {
    database: Database,
    proxy: Proxy,
    meter: Meter,
}

impl Endpoint {
    /// For the engine `database`, whose own server is at `address`.
    pub(super) fn new(database: Database, address: SocketAddr, streams: StreamsApi, meter: Meter) -> Endpoint {
        Endpoint { database, proxy: Proxy::new(address, streams), meter }
    }

    /// Answers one request. May block for as long as the engine takes.
    pub(super) async fn handle(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                let message = format!("the request's body cannot be read: {error}");
                return aws_json::error(StatusCode::PAYLOAD_TOO_LARGE, "com.amazon.coral.service#SerializationException", &message);
            }
        };
        let meter = self.meter.of_caller(&parts.headers);
        if let Some((operation, content_type)) = plain(&parts)
            && let Some(answer) = direct::answer(&self.database, operation, &body, &meter)
        {
            return respond(answer.status, content_type, answer.json);
        }
        self.proxy.forward(parts, body, &meter).await
    }
}

/// The operation and the content type to answer with, if the request is one that the engine's server would let pass to its engine.
fn plain(parts: &Parts) -> Option<(&str, &'static str)> {
    let text = |name: &HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let operation = parts.headers.get("x-amz-target")?.to_str().ok()?.strip_prefix("DynamoDB_20120810.")?;
    let content_type = match text(&header::CONTENT_TYPE)? {
        "application/x-amz-json-1.0" => "application/x-amz-json-1.0",
        "application/json" => "application/json",
        _ => return None,
    };
    // With an Origin, the engine's server adds what browsers want.
    if parts.method != Method::POST || parts.headers.contains_key(header::ORIGIN) {
        return None;
    }
    let signed = AuthMaterial {
        authorization: text(&header::AUTHORIZATION),
        query: parts.uri.query().unwrap_or(""),
        has_date_header: parts.headers.contains_key("x-amz-date") || parts.headers.contains_key(header::DATE),
    };
    auth_material::validate(signed).is_none().then_some((operation, content_type))
}

fn respond(status: StatusCode, content_type: &'static str, json: String) -> Response {
    let mut request_id = format!("{:X}{:X}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    request_id.truncate(52);
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(content_type)), (CRC32, checksum(json.as_bytes()))];
    (status, headers, [("x-amzn-requestid", request_id)], Bytes::from(json)).into_response()
}

/// The checksum of a body, as its header says it.
pub(super) fn checksum(body: &[u8]) -> HeaderValue {
    HeaderValue::from(crc32fast::hash(body))
}
