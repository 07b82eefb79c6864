//! The engine's own HTTP server, for what is not answered in process. The engine's Region stands in every ARN it writes, so ARNs are
//! translated both ways. Only what is an ARN of the protocol is touched: items are tagged by type (`{"S":…}`), so no text of an item is ever
//! the value of such a member.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::Response,
};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use super::{
    DynamoDbError,
    capacity::{self, contains},
    endpoint::{CRC32, checksum},
    streams_api::{Call, StreamsApi},
};
use crate::{
    account::{ACCOUNT, REGION},
    aws_json,
    meter::Meter,
    report::report,
};

/// The Region and the account of the stack's ARNs, and those that the engine writes.
const OURS: (&str, &str) = (REGION, ACCOUNT);
const ENGINE: (&str, &str) = (dynoxide::streams::LOCAL_REGION, dynoxide::streams::LOCAL_ACCOUNT);
/// A record was asked for that is older than the stream.
const TRIMMED: &str = "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException";
const TRIMMED_MESSAGE: &str = "The operation attempted to read past the oldest stream record in a shard.";
/// Headers that speak of a connection or of bytes that may change on the way.
const NOT_FORWARDED: [header::HeaderName; 4] = [header::HOST, header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING];

pub(super) struct Proxy {
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    streams: Arc<StreamsApi>,
}

impl Proxy {
    pub(super) fn new(address: SocketAddr, streams: StreamsApi) -> Proxy {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Proxy { address, client: Client::builder(TokioExecutor::new()).build(connector), streams: Arc::new(streams) }
    }

    pub(super) async fn forward(&self, parts: Parts, body: Bytes, meter: &Meter) -> Response {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let call = Call::of(target);
        // What is not JSON is for the engine to refuse.
        let asked: Value = call.and_then(|_| serde_json::from_slice(&body).ok()).unwrap_or_default();
        if call == Some(Call::GetShardIterator) {
            match self.is_trimmed(asked.clone()).await {
                Ok(false) => {}
                Ok(true) => return aws_json::error(StatusCode::BAD_REQUEST, TRIMMED, TRIMMED_MESSAGE),
                Err(error) => return unavailable(&error),
            }
        }
        let counted = target.strip_prefix("DynamoDB_20120810.").and_then(|operation| capacity::ask(operation, &body));
        let (body, counted) = counted.map_or((body, None), |(body, counted)| (body, Some(counted)));
        let body = translate(&body, OURS, ENGINE).unwrap_or(body);
        let mut forwarded = http::Request::new(Full::new(body));
        *forwarded.method_mut() = parts.method;
        *forwarded.headers_mut() = forwardable(parts.headers);
        match format!("http://{}/", self.address).parse() {
            Ok(uri) => *forwarded.uri_mut() = uri,
            Err(error) => return unavailable(&error),
        }
        let response = match self.client.request(forwarded).await {
            Ok(response) => response,
            Err(error) => return unavailable(&error),
        };
        let (mut parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return unavailable(&error),
        };
        parts.headers = forwardable(parts.headers);
        let settled = counted.and_then(|counted| capacity::settle(meter, &counted, parts.status, &body));
        let presented = match call.filter(|_| parts.status.is_success()) {
            Some(call) => match self.present(call, asked, body.clone()).await {
                Ok(presented) => presented,
                Err(error) => return unavailable(&error),
            },
            None => settled,
        };
        let translated = translate(presented.as_ref().unwrap_or(&body), ENGINE, OURS);
        let body = match translated.or(presented) {
            Some(body) => {
                // The engine's is that of its own bytes.
                parts.headers.insert(CRC32, checksum(&body));
                body
            }
            None => body,
        };
        Response::from_parts(parts, Body::from(body))
    }

    async fn is_trimmed(&self, asked: Value) -> Result<bool, DynamoDbError> {
        let streams = Arc::clone(&self.streams);
        tokio::task::spawn_blocking(move || streams.asks_for_what_was_trimmed(&asked)).await?
    }

    /// The engine's answer as callers are to see it; none if it is already so.
    async fn present(&self, call: Call, asked: Value, answer: Bytes) -> Result<Option<Bytes>, DynamoDbError> {
        let streams = Arc::clone(&self.streams);
        let present = move || {
            let mut answer: Value = serde_json::from_slice(&answer)?;
            let changed = streams.present(call, &asked, &mut answer)?;
            Ok(changed.then(|| Bytes::from(answer.to_string())))
        };
        tokio::task::spawn_blocking(present).await?
    }
}

fn forwardable(mut headers: HeaderMap) -> HeaderMap {
    for name in NOT_FORWARDED {
        headers.remove(name);
    }
    headers
}

pub(super) fn unavailable(error: &dyn std::error::Error) -> Response {
    report("DynamoDB", format_args!("the engine does not answer: {error}"));
    let message = "The request processing has failed because of an unknown error, exception or failure.";
    aws_json::error(StatusCode::INTERNAL_SERVER_ERROR, "com.amazonaws.dynamodb.v20120810#InternalServerError", message)
}

/// `body` with ARNs and regions of `from` as those of `to`; none if there are none.
fn translate(body: &Bytes, (from, from_account): (&str, &str), (to, to_account): (&str, &str)) -> Option<Bytes> {
    let arn = format!("arn:aws:dynamodb:{from}:{from_account}:");
    let region = format!("\"{from}\"");
    if !contains(body, arn.as_bytes()) && !contains(body, region.as_bytes()) {
        return None;
    }
    // Not JSON: the engine has a word for that.
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let mut changed = false;
    visit(&mut value, &mut |name, text| {
        let is_arn = name.ends_with("Arn") || matches!(name, "TableName" | "message" | "Message");
        if name == "awsRegion" && text == from {
            *text = to.to_owned();
            changed = true;
        } else if is_arn && text.contains(&arn) {
            *text = text.replace(&arn, &format!("arn:aws:dynamodb:{to}:{to_account}:"));
            changed = true;
        }
    });
    changed.then(|| Bytes::from(value.to_string()))
}

/// Shows `change` each text that is a member's value, with the member's name.
fn visit(value: &mut Value, change: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) => change(name, text),
                    member => visit(member, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, change)),
        _ => {}
    }
}
