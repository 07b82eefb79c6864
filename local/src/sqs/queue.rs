//! One standard queue: what it holds and what becomes of it as time passes. Times are epoch milliseconds and always given.
//!
//! A message is visible or hidden: delayed or in flight. Both have an index of their own, so that no receipt looks at every message.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{clock::milliseconds, keep::Keep, template};

/// The room's name in [`Keep`].
pub(super) const ROOM: &str = "sqs";

/// A message in a queue, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) body: String,
    pub(super) sent_at: u64,
    /// When it can be received next: after its delay, or when the time of its latest receipt is over.
    pub(super) visible_at: u64,
    pub(super) first_received_at: Option<u64>,
    /// Receipts in all queues that it has been in. It also names the latest receipt.
    pub(super) receive_count: u32,
    /// The ARN of the queue from which it came here as a dead letter.
    pub(super) source_arn: Option<String>,
}

/// How many messages can be received, were received and are hidden, or were sent with a delay that is not over; and the age in milliseconds
/// of the oldest of them all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
    pub(super) oldest_ms: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { visible, in_flight, delayed, oldest_ms } = self;
        write!(f, "{visible:8} messages {in_flight:6} in flight {delayed:6} delayed {:8} s old", oldest_ms / 1_000)
    }
}

pub(super) struct Queue {
    pub(super) template: template::Queue,
    /// Ids are in the order of sending.
    messages: BTreeMap<Uuid, Message>,
    visible: BTreeSet<Uuid>,
    /// With the time at which they become visible.
    hidden: BTreeSet<(u64, Uuid)>,
    keep: Keep,
}

/// Messages with their ids.
pub(super) type Messages = Vec<(Uuid, Message)>;

impl Queue {
    pub(super) fn new(template: template::Queue, keep: Keep) -> Queue {
        let (messages, visible, hidden) = Default::default();
        Queue { template, messages, visible, hidden, keep }
    }

    /// Adds a message that is kept already.
    pub(super) fn load(&mut self, id: Uuid, message: Message) {
        self.hidden.insert((message.visible_at, id));
        self.messages.insert(id, message);
    }

    pub(super) fn put(&mut self, id: Uuid, message: Message) {
        // A process that ended while it moved the message may have left it here.
        self.remove(id);
        self.keep.put(ROOM, &self.key(id), &message);
        self.load(id, message);
    }

    /// Up to `limit` visible messages, oldest first, which nobody else receives for `visibility` milliseconds; and those that were received
    /// `most` times already, which are not received again and have to be removed.
    pub(super) fn receive(&mut self, limit: usize, visibility: u64, most: u32, now: u64) -> (Messages, Messages) {
        self.pass_to(now);
        let (mut received, mut exhausted) = (Vec::new(), Vec::new());
        while received.len() < limit
            && let Some(id) = self.visible.pop_first()
            && let Some(message) = self.messages.get_mut(&id)
        {
            if message.receive_count >= most {
                exhausted.push((id, message.clone()));
                continue;
            }
            message.first_received_at.get_or_insert(now);
            message.receive_count += 1;
            message.visible_at = now.saturating_add(visibility);
            self.hidden.insert((message.visible_at, id));
            let message = message.clone();
            self.keep.put(ROOM, &self.key(id), &message);
            received.push((id, message));
        }
        (received, exhausted)
    }

    /// Hides the message that was received under this number until `visible_at`. False if it is not in flight any more.
    pub(super) fn hide(&mut self, id: Uuid, count: u32, visible_at: u64, now: u64) -> bool {
        self.pass_to(now);
        let Some(message) = self.messages.get_mut(&id).filter(|message| message.receive_count == count) else { return false };
        if !self.hidden.remove(&(message.visible_at, id)) {
            return false;
        }
        message.visible_at = visible_at;
        self.hidden.insert((visible_at, id));
        let message = message.clone();
        self.keep.put(ROOM, &self.key(id), &message);
        true
    }

    /// Deletes the message that was received under this number, also if it is visible again. One received once more since stays as it is:
    /// the latest receipt counts.
    pub(super) fn delete(&mut self, id: Uuid, count: u32) {
        if self.messages.get(&id).is_some_and(|message| message.receive_count == count) {
            self.remove(id);
        }
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        if let Some(message) = self.messages.remove(&id) {
            self.visible.remove(&id);
            self.hidden.remove(&(message.visible_at, id));
            self.keep.delete(ROOM, &self.key(id));
        }
    }

    /// When the next hidden message becomes visible, if there is one.
    pub(super) fn next_visible(&self) -> Option<u64> {
        self.hidden.first().map(|(visible_at, _)| *visible_at)
    }

    pub(super) fn counts(&mut self, now: u64) -> Counts {
        self.pass_to(now);
        let is_delayed = |(_, id): &&(u64, Uuid)| self.messages.get(id).is_some_and(|message| message.receive_count == 0);
        let delayed = self.hidden.iter().filter(is_delayed).count();
        let oldest_ms = self.messages.first_key_value().map_or(0, |(_, oldest)| now.saturating_sub(oldest.sent_at));
        Counts { visible: self.visible.len(), in_flight: self.hidden.len() - delayed, delayed, oldest_ms }
    }

    /// Lets go what is too old, and shows what is no longer hidden.
    fn pass_to(&mut self, now: u64) {
        let retention = milliseconds(self.template.retention);
        while let Some((&id, oldest)) = self.messages.first_key_value()
            && oldest.sent_at.saturating_add(retention) <= now
        {
            self.remove(id);
        }
        while let Some(&(visible_at, id)) = self.hidden.first()
            && visible_at <= now
        {
            self.hidden.pop_first();
            self.visible.insert(id);
        }
    }

    fn key(&self, id: Uuid) -> String {
        format!("{}/{id}", self.template.name)
    }
}
