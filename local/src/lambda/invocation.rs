//! One call of a function, from the moment it is asked for until it is answered, and how large its parts may be (Lambda developer guide,
//! "Lambda quotas").

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::InvokeError;
use crate::clock;

/// The largest request of a synchronous invocation in bytes.
pub(super) const REQUEST_LIMIT: usize = 6 * 1024 * 1024;
/// The largest request of an asynchronous invocation in bytes.
pub(super) const EVENT_LIMIT: usize = 1024 * 1024;
/// The largest answer in bytes: 6 MiB and the 100 bytes that AWS leaves for its envelope.
pub(super) const ANSWER_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// What comes of an invocation.
pub(super) type Answer = Result<Bytes, InvokeError>;

/// What a function is asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// A UUID.
    pub(super) id: String,
    /// The function's ARN, qualified as the caller has qualified it.
    pub(super) arn: String,
    pub(super) payload: Bytes,
}

impl Request {
    pub(super) fn new(arn: String, payload: Bytes) -> Request {
        Request { id: Uuid::new_v4().to_string(), arn, payload }
    }
}

/// An invocation that waits or runs.
pub(super) struct Invocation {
    pub(super) request: Request,
    answer: oneshot::Sender<Answer>,
}

/// What a function process is told about its invocation: the answer to its `next`. The deadline is epoch milliseconds.
pub(super) type Delivery = (Request, u64);

impl Invocation {
    /// A new invocation, and where its answer will come.
    pub(super) fn new(request: Request) -> (Invocation, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Invocation { request, answer }, answered)
    }

    /// What to tell the process, which from now has the time `remaining`.
    pub(super) fn delivery(&self, remaining: Duration) -> Delivery {
        (self.request.clone(), clock::now().saturating_add(clock::milliseconds(remaining)))
    }

    /// Answers. The caller may have stopped waiting meanwhile, as AWS's callers may; the function has run all the same.
    pub(super) fn answer(self, answer: Answer) {
        drop(self.answer.send(answer));
    }
}

/// Why a body is of no use.
pub(super) enum BadBody {
    /// It has so many bytes, more than the limit.
    TooLarge(usize),
    Broken(axum::Error),
}

/// Reads a body to its end, also one above the limit: a peer that is cut off while it writes would take that for a failure of the
/// connection, where on AWS it is answered.
pub(super) async fn read(mut body: Body, limit: usize) -> Result<Bytes, BadBody> {
    let (mut whole, mut bytes) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BadBody::Broken)?.into_data() else { continue };
        bytes += data.len();
        if bytes <= limit {
            whole.extend_from_slice(&data);
        }
    }
    if bytes <= limit { Ok(whole.freeze()) } else { Err(BadBody::TooLarge(bytes)) }
}
