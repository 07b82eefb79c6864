//! The connection before this one, after a roll-over: it takes no new requests, and stays until those it took are answered, those that
//! nobody waits for included, and the inbox was read over the new one. What is pushed after the new one was opened comes over both; what
//! was on its way before, the inbox shows.

use std::time::Instant;

use futures_util::StreamExt;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{
    Driver,
    connection::{self, Sink, Stream},
};

/// A connection that is about to be closed.
pub(crate) struct Draining {
    pub(super) connection: u32,
    pub(super) sink: Sink,
    pub(super) stream: Stream,
    /// When it is closed at the latest: every request it took has timed out by then.
    pub(super) until: Instant,
    /// The inbox was read over the new connection.
    pub(super) covered: bool,
}

/// The next frame of the connection, if there is one that is draining; `None` if it has ended.
pub(super) async fn next_frame(draining: &mut Option<Box<Draining>>) -> Option<Utf8Bytes> {
    let Some(draining) = draining else { return std::future::pending().await };
    loop {
        match draining.stream.next().await? {
            Ok(Message::Text(text)) => return Some(text),
            Ok(Message::Close(_)) | Err(_) => return None,
            // A ping is answered by reading on.
            Ok(_) => {}
        }
    }
}

impl Driver {
    /// When the draining connection is closed at the latest.
    pub(super) fn drained_at(&self) -> Option<Instant> {
        self.draining.as_ref().map(|draining| draining.until)
    }

    /// Closes the draining connection if nothing more is expected of it.
    pub(super) fn close_drained(&mut self, now: Instant) {
        let drained =
            |draining: &mut Box<Draining>| draining.until <= now || draining.covered && !self.open.any_sent_on(draining.connection);
        if let Some(mut drained) = self.draining.take_if(drained) {
            self.lose(drained.connection);
            // The new connection does not wait for the closing handshake of the old one.
            tokio::spawn(async move { connection::close(&mut drained.sink, &mut drained.stream).await });
        }
    }

    /// The draining connection has ended, or goes down with the one that took its place.
    pub(super) fn lose_draining(&mut self) {
        if let Some(lost) = self.draining.take() {
            self.lose(lost.connection);
        }
    }
}
