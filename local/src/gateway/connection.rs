//! One open connection, as the rest of the gateway sees it: what may be sent to it, and how it is asked to close. The task
//! that owns its socket is in [`super::socket`].
//!
//! What waits for a client is bounded by a semaphore of bytes, so that a client that does not read costs nobody else anything.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use tokio::sync::{
    OwnedSemaphorePermit, Semaphore, SetOnce, TryAcquireError,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use super::{events::ConnectionFacts, limits::SEND_BUFFER_BYTES};
use crate::clock;

/// What a waiting message costs beyond its bytes, so that very many empty ones are bounded, too.
const OVERHEAD_BYTES: usize = 64;

/// A message with its part of the send buffer, which is free again once this is dropped.
pub(super) type Outgoing = (Message, OwnedSemaphorePermit);

pub(super) struct Connection {
    pub(super) facts: ConnectionFacts,
    queue: UnboundedSender<Outgoing>,
    /// The bytes that are free in the send buffer. It is closed as soon as the connection is to close.
    room: Arc<Semaphore>,
    closing: SetOnce<CloseFrame>,
    /// When the last message came or went, in epoch milliseconds.
    last_active_at: AtomicU64,
}

impl Connection {
    /// A connection, and what is to be sent to its client, for the task of its socket.
    pub(super) fn new(facts: ConnectionFacts) -> (Connection, UnboundedReceiver<Outgoing>) {
        let (queue, outgoing) = unbounded_channel();
        let room = Arc::new(Semaphore::new(SEND_BUFFER_BYTES));
        let last_active_at = AtomicU64::new(clock::now());
        (Connection { facts, queue, room, closing: SetOnce::new(), last_active_at }, outgoing)
    }

    /// Queues a message from the management API, without waiting for the socket.
    ///
    /// # Errors
    /// `NoPermits` if too much waits for the client already, `Closed` if the connection is closed or about to be.
    pub(super) fn push(&self, message: Message) -> Result<(), TryAcquireError> {
        let room = Arc::clone(&self.room).try_acquire_many_owned(weight(&message))?;
        self.queue.send((message, room)).map_err(|_| TryAcquireError::Closed)
    }

    /// Queues an answer to one of the client's own messages, once there is room for it. An answer to a client that has left is dropped, as
    /// on AWS: then false.
    pub(super) async fn answer(&self, message: Message) -> bool {
        let room = Arc::clone(&self.room).acquire_many_owned(weight(&message)).await;
        room.is_ok_and(|room| self.queue.send((message, room)).is_ok())
    }

    /// Asks the socket to close after what is already queued; later messages find the connection gone. The first reason given counts.
    pub(super) fn close(&self, closing: CloseFrame) {
        self.room.close();
        self.closing.set(closing).unwrap_or_default();
    }

    /// Returns once the connection is to close.
    pub(super) async fn closing(&self) -> CloseFrame {
        self.closing.wait().await.clone()
    }

    /// Notes that a message came or went.
    pub(super) fn touch(&self) {
        self.last_active_at.store(clock::now(), Relaxed);
    }

    /// When the last message came or went, in epoch milliseconds.
    pub(super) fn last_active_at(&self) -> u64 {
        self.last_active_at.load(Relaxed)
    }
}

/// A message has 128 KB at most.
fn weight(message: &Message) -> u32 {
    u32::try_from(message.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
}
