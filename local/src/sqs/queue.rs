//! One standard queue: what it holds and what becomes of it as time passes. Times are epoch milliseconds and always given.

use std::collections::VecDeque;

use uuid::Uuid;

use super::attributes::MessageAttributes;

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: MessageAttributes,
    pub(super) sent_at: u64,
    pub(super) first_received_at: Option<u64>,
    pub(super) receive_count: u32,
    visible_at: u64,
    /// Names the latest receipt.
    pub(super) receipt: Option<Uuid>,
}

/// How many messages there are, of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

pub(super) struct Queue {
    retention: u64,
    messages: VecDeque<Message>,
}

impl Queue {
    pub(super) fn new(retention: u64) -> Queue {
        Queue { retention, messages: VecDeque::new() }
    }

    /// Adds a message that can be received after `delay`, and answers its id.
    pub(super) fn send(&mut self, body: String, attributes: MessageAttributes, delay: u64, now: u64) -> String {
        self.expire(now);
        let id = Uuid::new_v4().to_string();
        let (first_received_at, receive_count, visible_at, receipt) = (None, 0, now.saturating_add(delay), None);
        self.messages.push_back(Message {
            id: id.clone(),
            body,
            attributes,
            sent_at: now,
            first_received_at,
            receive_count,
            visible_at,
            receipt,
        });
        id
    }

    /// Up to `limit` visible messages, oldest first, which nobody else receives for `visibility`.
    pub(super) fn receive(&mut self, limit: usize, visibility: u64, now: u64) -> Vec<Message> {
        self.expire(now);
        let visible = self.messages.iter_mut().filter(|message| message.visible_at <= now).take(limit);
        let receive = |message: &mut Message| {
            message.first_received_at.get_or_insert(now);
            message.receive_count += 1;
            message.visible_at = now.saturating_add(visibility);
            message.receipt = Some(Uuid::new_v4());
            message.clone()
        };
        visible.map(receive).collect()
    }

    /// Deletes the message that was received under `receipt`. One received again since, or gone, stays as it is.
    pub(super) fn delete(&mut self, receipt: Uuid) {
        self.messages.retain(|message| message.receipt != Some(receipt));
    }

    /// Deletes everything.
    pub(super) fn purge(&mut self) {
        self.messages.clear();
    }

    /// When the next hidden message becomes visible, if there is one.
    pub(super) fn next_visible(&self) -> Option<u64> {
        self.messages.iter().map(|message| message.visible_at).min()
    }

    pub(super) fn counts(&mut self, now: u64) -> Counts {
        self.expire(now);
        let mut counts = Counts::default();
        for message in &self.messages {
            match (message.visible_at <= now, message.receive_count) {
                (true, _) => counts.visible += 1,
                (false, 0) => counts.delayed += 1,
                (false, _) => counts.in_flight += 1,
            }
        }
        counts
    }

    fn expire(&mut self, now: u64) {
        let retention = self.retention;
        while self.messages.front().is_some_and(|message| message.sent_at.saturating_add(retention) <= now) {
            self.messages.pop_front();
        }
    }
}
