//! How large a payload may be (Lambda developer guide, "Lambda quotas"), and reading one.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::InvokeError;

/// The largest request of a synchronous invocation in bytes.
pub(super) const REQUEST_LIMIT: usize = 6 * 1024 * 1024;

/// The largest request of an asynchronous invocation in bytes.
pub(super) const EVENT_LIMIT: usize = 1024 * 1024;

/// The largest answer in bytes: 6 MiB and the 100 bytes that AWS leaves for its envelope.
pub(super) const ANSWER_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// Refuses a request above the limit, without its payload.
pub(super) fn check(bytes: usize, limit: usize) -> Result<(), InvokeError> {
    if bytes > limit { Err(InvokeError::RequestTooLarge { bytes, limit }) } else { Ok(()) }
}

/// A body that was read to its end.
pub(super) enum Payload {
    /// All of it.
    Whole(Bytes),
    /// It had so many bytes, more than the limit.
    TooLarge(usize),
}

/// Reads a body to its end, also one above the limit: a peer that is cut off while it writes would take that for a failure of the
/// connection, where on AWS it is answered.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Payload, axum::Error> {
    let mut whole = BytesMut::new();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        bytes += data.len();
        if bytes <= limit {
            whole.extend_from_slice(&data);
        }
    }
    Ok(if bytes <= limit { Payload::Whole(whole.freeze()) } else { Payload::TooLarge(bytes) })
}
