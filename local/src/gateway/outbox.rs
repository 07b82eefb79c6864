//! What waits to be sent to one client: bounded, so that a client that does not read costs nobody else anything.

use std::{collections::VecDeque, mem};

use tokio_tungstenite::tungstenite::Message;

use super::closing::Closing;

/// What a waiting message costs beyond its bytes, so that very many empty ones are bounded too.
const OVERHEAD_BYTES: usize = 64;

/// Why a message cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendError {
    /// The client has not read what is already waiting for it.
    Full,
    /// The connection is closed, or about to be.
    Gone,
}

/// The messages of one connection that its socket has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    /// Bytes of the waiting messages, and of those that were taken and not yet reported as written.
    bytes: usize,
    closing: Option<Closing>,
}

impl Outbox {
    /// Adds a message if it fits within `limit` bytes. The first one always fits.
    pub(super) fn offer(&mut self, message: Message, limit: usize) -> Result<(), SendError> {
        if self.closing.is_none() && self.bytes > 0 && self.bytes + weight(&message) > limit {
            return Err(SendError::Full);
        }
        self.add(message)
    }

    /// Adds a message without regard to the limit: an answer, of which there are no more than messages in work.
    pub(super) fn add(&mut self, message: Message) -> Result<(), SendError> {
        if self.closing.is_some() {
            return Err(SendError::Gone);
        }
        self.bytes += weight(&message);
        self.messages.push_back(message);
        Ok(())
    }

    /// The next message, for the socket, with what to report once it is written.
    pub(super) fn take(&mut self) -> Option<(Message, usize)> {
        let message = self.messages.pop_front()?;
        if self.messages.is_empty() {
            // An idle connection keeps no room for a past burst.
            self.messages = VecDeque::new();
        }
        let weight = weight(&message);
        Some((message, weight))
    }

    /// Makes room for what was taken and written.
    pub(super) fn written(&mut self, weight: usize) {
        self.bytes -= weight;
    }

    /// Whether this much waits already.
    pub(super) fn is_full(&self, limit: usize) -> bool {
        self.bytes >= limit
    }

    /// Ends the connection once what waits is sent. The first reason given counts; false for a later one.
    pub(super) fn close(&mut self, closing: Closing) -> bool {
        let first = self.closing.is_none();
        if first {
            self.closing = Some(closing);
        }
        first
    }

    /// How the connection is to end, once somebody wants it to.
    pub(super) fn closing(&self) -> Option<&Closing> {
        self.closing.as_ref()
    }

    /// Drops everything: the socket is gone.
    pub(super) fn clear(&mut self) {
        mem::take(&mut self.messages);
        self.bytes = 0;
    }
}

fn weight(message: &Message) -> usize {
    message.len() + OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(bytes: usize) -> Message {
        Message::text("x".repeat(bytes))
    }

    #[test]
    fn one_message_always_fits_and_then_the_limit_counts() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.offer(text(5000), 1000), Ok(()));
        assert_eq!(outbox.offer(text(1), 1000), Err(SendError::Full));
        let (_, weight) = outbox.take().unwrap();
        assert_eq!(outbox.offer(text(1), 1000), Err(SendError::Full), "it is taken, but not written");
        outbox.written(weight);
        assert_eq!(outbox.offer(text(1), 1000), Ok(()));
    }

    #[test]
    fn a_closing_connection_is_gone_for_later_messages_and_keeps_its_first_reason() {
        let mut outbox = Outbox::default();
        outbox.add(text(1)).unwrap();
        assert!(outbox.close(Closing::DELETED));
        assert!(!outbox.close(Closing::GOING_AWAY));
        assert_eq!(outbox.closing(), Some(&Closing::DELETED));
        assert_eq!(outbox.offer(text(1), 1000), Err(SendError::Gone));
        assert_eq!(outbox.add(text(1)), Err(SendError::Gone));
        assert!(outbox.take().is_some(), "what was accepted before is still sent");
    }

    proptest! {
        #[test]
        fn what_waits_stays_within_the_limit_and_keeps_its_order(
            limit in 500usize..5000, steps in prop::collection::vec((any::<bool>(), 0usize..400), 1..200)
        ) {
            let (mut outbox, mut accepted, mut sent) = (Outbox::default(), vec![], vec![]);
            for (take, size) in steps {
                if take {
                    if let Some((message, weight)) = outbox.take() {
                        sent.push(message);
                        outbox.written(weight);
                    }
                } else if outbox.offer(text(size), limit).is_ok() {
                    accepted.push(text(size));
                }
                prop_assert!(outbox.bytes <= limit);
            }
            sent.extend(std::iter::from_fn(|| outbox.take()).map(|(message, _)| message));
            prop_assert_eq!(sent, accepted);
        }
    }
}
