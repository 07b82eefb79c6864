//! One open connection, as the rest of the gateway sees it: what may be sent to it, and how it is asked to close. The task
//! that owns its socket is in [`super::socket`].

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

use super::{
    closing::Closing,
    events::{AuthorizerContext, ConnectionFacts},
    limits::Limits,
    outbox::{Outbox, SendError},
};
use crate::{clock, lock::lock};

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// What its events say of it.
    pub(super) facts: ConnectionFacts,
    /// What its authorizer said of it.
    pub(super) authorizer: AuthorizerContext,
    outbox: Mutex<Outbox>,
    /// Wakes the socket's task when there is something to send, to read again, or to close.
    wake: Notify,
    /// When the last message came or went, in epoch milliseconds.
    last_active_at: AtomicU64,
    in_work: AtomicUsize,
}

impl Connection {
    /// A connection that nothing waits for.
    pub(super) fn new(facts: ConnectionFacts, authorizer: AuthorizerContext) -> Connection {
        Connection {
            facts,
            authorizer,
            outbox: Mutex::default(),
            wake: Notify::new(),
            last_active_at: AtomicU64::new(clock::now()),
            in_work: AtomicUsize::new(0),
        }
    }

    /// The outbox. Nothing awaits or panics while it is held.
    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    /// Queues a message from the management API, without waiting for the socket.
    pub(super) fn push(&self, message: Message, limits: &Limits) -> Result<(), SendError> {
        self.outbox().offer(message, limits.send_buffer_bytes)?;
        self.wake.notify_one();
        Ok(())
    }

    /// Queues an answer to one of the client's own messages. An answer to a client that has left is dropped, as on AWS: then false.
    pub(super) fn answer(&self, message: Message) -> bool {
        let there = self.outbox().add(message).is_ok();
        if there {
            self.wake.notify_one();
        }
        there
    }

    /// Asks the socket to close after what is already queued; later messages find the connection gone.
    pub(super) fn close(&self, closing: Closing) -> bool {
        let first = self.outbox().close(closing);
        self.wake.notify_one();
        first
    }

    /// Returns when something has changed for the socket's task.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Notes that a message came or went.
    pub(super) fn touch(&self) {
        self.last_active_at.store(clock::now(), Ordering::Relaxed);
    }

    /// When the last message came or went, in epoch milliseconds.
    pub(super) fn last_active_at(&self) -> u64 {
        self.last_active_at.load(Ordering::Relaxed)
    }

    /// Whether another message may be read: neither too many are in work nor too many answers unread.
    pub(super) fn may_read(&self, limits: &Limits) -> bool {
        self.in_work.load(Ordering::Acquire) < limits.messages_in_work && !self.outbox().is_full(limits.send_buffer_bytes)
    }

    /// Counts one message in, for as long as the guard lives.
    pub(super) fn work(self: std::sync::Arc<Self>) -> InWork {
        self.in_work.fetch_add(1, Ordering::AcqRel);
        InWork(self)
    }
}

/// One message in work.
#[derive(Debug)]
pub(super) struct InWork(pub(super) std::sync::Arc<Connection>);

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::AcqRel);
        // The socket's task may have stopped reading because of this one.
        self.0.wake.notify_one();
    }
}
