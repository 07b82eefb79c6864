//! One call of a function, from the moment it is asked for until it is answered.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::InvokeError;
use crate::clock;

/// What a function is asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// A UUID.
    pub(super) id: String,
    pub(super) payload: Bytes,
    /// What the caller says of itself, JSON in one line.
    pub(super) client_context: Option<String>,
}

impl Request {
    pub(super) fn new(payload: Bytes) -> Request {
        Request { id: Uuid::new_v4().to_string(), payload, client_context: None }
    }
}

/// An invocation that waits or runs.
pub(super) struct Invocation {
    pub(super) request: Request,
    trace_id: String,
    answer: oneshot::Sender<Result<Bytes, InvokeError>>,
}

/// What a function process is told about its invocation: the answer to its `next`.
pub(super) struct Delivery {
    pub(super) request: Request,
    pub(super) trace_id: String,
    /// Epoch milliseconds.
    pub(super) deadline_ms: u64,
    /// Whether the process has been told before.
    pub(super) again: bool,
}

impl Invocation {
    /// A new invocation, and where its answer will come.
    pub(super) fn new(request: Request) -> (Invocation, oneshot::Receiver<Result<Bytes, InvokeError>>) {
        let (answer, answered) = oneshot::channel();
        (Invocation { request, trace_id: trace_id(), answer }, answered)
    }

    /// What to tell the process, which from now has the time `remaining`.
    pub(super) fn delivery(&self, remaining: Duration, again: bool) -> Delivery {
        let deadline_ms = clock::now().saturating_add(clock::milliseconds(remaining));
        Delivery { request: self.request.clone(), trace_id: self.trace_id.clone(), deadline_ms, again }
    }

    /// Whether nobody awaits the answer any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    /// Answers. The caller may have stopped waiting meanwhile, as AWS's callers may; the function has run all the same.
    pub(super) fn answer(self, result: Result<Bytes, InvokeError>) {
        drop(self.answer.send(result));
    }
}

/// An X-Ray tracing header, unsampled: `Root=1-<8 hex digits of epoch seconds>-<24>;Parent=<16>;Sampled=0`.
fn trace_id() -> String {
    let random = Uuid::new_v4().simple().to_string();
    let parent = Uuid::new_v4().simple().to_string();
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", clock::now() / 1000, &random[..24], &parent[..16])
}
