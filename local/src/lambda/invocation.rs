//! One call of a function, from the moment it is asked for until it is answered.

use bytes::Bytes;
use tokio::{sync::oneshot, time::Instant};

use super::InvokeError;

/// What comes of an invocation.
pub(super) type Answer = Result<Bytes, InvokeError>;

/// What a function process is told about its invocation: the answer to its `next`. The deadline is epoch milliseconds.
pub(super) type Delivery = (Request, u64);

/// What a function is asked.
#[derive(Clone, Default)]
pub(super) struct Request {
    /// A UUID.
    pub(super) id: String,
    /// The function's ARN, qualified as the caller has qualified it.
    pub(super) arn: String,
    pub(super) payload: Bytes,
}

/// An invocation that waits or runs.
pub(super) struct Invocation {
    pub(super) request: Request,
    /// When a process was handed it.
    pub(super) handed_over: Option<Instant>,
    /// Whether it is the first of its process.
    pub(super) cold: bool,
    answer: oneshot::Sender<Answer>,
}

impl Invocation {
    /// A new invocation, and where its answer will come.
    pub(super) fn new(request: Request) -> (Invocation, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Invocation { request, handed_over: None, cold: true, answer }, answered)
    }

    /// Answers. The caller may have stopped waiting meanwhile, as AWS's callers may; the function has run all the same.
    pub(super) fn answer(self, answer: Answer) {
        drop(self.answer.send(answer));
    }
}
