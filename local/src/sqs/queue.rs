//! One standard queue: what it holds and what becomes of it as time passes. Times are epoch milliseconds and always given.
//!
//! A message is visible, delayed or in flight. Each has an index of its own, so that no action looks at every message.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use uuid::Uuid;

use super::{config::QueueConfig, message::Message};
use crate::clock::milliseconds;

/// Messages that may be in flight at once. (SQS developer guide, "Amazon SQS message quotas".)
pub(super) const MOST_IN_FLIGHT: usize = 120_000;
/// How long a message can be hidden in all after one receipt, and what a receiver may ask for.
pub(super) const LONGEST_VISIBILITY_SECONDS: u64 = 43_200;

/// How many messages there are, of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

/// What a receiver gets, and what it made the queue give up.
#[derive(Debug, Default)]
pub(super) struct Receipt {
    pub(super) messages: Vec<Message>,
    /// Messages that were received too often already. They are no longer in the queue.
    pub(super) exhausted: Vec<Message>,
}

/// Why a message's visibility stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unchanged {
    /// The message is gone, or was received again since.
    NoMessage,
    /// It would be hidden for too long in all.
    TooLong,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Visible,
    /// Sent and not to be received until then.
    Delayed(u64),
    /// Received and hidden until then.
    InFlight(u64),
}

pub(super) struct Queue {
    pub(super) config: QueueConfig,
    /// By the order in which they came.
    messages: BTreeMap<u64, (Message, Place)>,
    next: u64,
    visible: BTreeSet<u64>,
    delayed: BTreeSet<(u64, u64)>,
    in_flight: BTreeSet<(u64, u64)>,
    by_age: BTreeSet<(u64, u64)>,
    receipts: HashMap<Uuid, u64>,
    purged_at: Option<u64>,
}

impl Queue {
    pub(super) fn new(config: QueueConfig) -> Queue {
        let (messages, next, visible, delayed, in_flight, by_age, receipts, purged_at) = Default::default();
        Queue { config, messages, next, visible, delayed, in_flight, by_age, receipts, purged_at }
    }

    /// Adds a message that can be received after `delay` milliseconds.
    pub(super) fn put(&mut self, message: Message, delay: u64, now: u64) {
        let number = self.next;
        self.next += 1;
        self.by_age.insert((message.sent_at, number));
        self.messages.insert(number, (message, Place::Visible));
        self.visible.insert(number);
        if delay > 0 {
            self.place(number, Place::Delayed(now.saturating_add(delay)));
        }
    }

    /// Up to `limit` visible messages, oldest first, which nobody else receives for `visibility` milliseconds. Those that have been
    /// received `maximum_receives` times are given up instead.
    pub(super) fn receive(&mut self, limit: usize, visibility: u64, maximum_receives: Option<u32>, now: u64) -> Receipt {
        self.pass_to(now);
        let limit = limit.min(MOST_IN_FLIGHT.saturating_sub(self.in_flight.len()));
        let (mut receipt, mut after) = (Receipt::default(), Bound::Unbounded);
        while receipt.messages.len() < limit {
            let Some(&number) = self.visible.range((after, Bound::Unbounded)).next() else { break };
            // Without a visibility timeout the message is visible again at once, but not for the same receiver.
            after = Bound::Excluded(number);
            let Some((message, _)) = self.messages.get_mut(&number) else { break };
            if maximum_receives.is_some_and(|maximum| message.received_here >= maximum) {
                receipt.exhausted.extend(self.remove(number));
                continue;
            }
            if let Some(before) = message.receipt.replace(Uuid::new_v4()) {
                self.receipts.remove(&before);
            }
            self.receipts.extend(message.receipt.map(|receipt| (receipt, number)));
            message.first_received_at.get_or_insert(now);
            message.received_at = now;
            message.receive_count += 1;
            message.received_here += 1;
            receipt.messages.push(message.clone());
            if visibility > 0 {
                self.place(number, Place::InFlight(now.saturating_add(visibility)));
            }
        }
        receipt
    }

    /// Whether nobody can receive anything until a message in flight is deleted or visible again.
    pub(super) fn is_over_limit(&mut self, now: u64) -> bool {
        self.pass_to(now);
        self.in_flight.len() >= MOST_IN_FLIGHT
    }

    /// Deletes the message that was received under `receipt`, also if it is visible again. One received once more since stays as it is:
    /// the latest receipt counts.
    pub(super) fn delete(&mut self, receipt: Uuid) {
        if let Some(&number) = self.receipts.get(&receipt) {
            self.remove(number);
        }
    }

    /// Hides the message that was received under `receipt` for `visibility` milliseconds from now. One that is visible again is hidden
    /// once more.
    pub(super) fn change_visibility(&mut self, receipt: Uuid, visibility: u64, now: u64) -> Result<(), Unchanged> {
        self.pass_to(now);
        let number = *self.receipts.get(&receipt).ok_or(Unchanged::NoMessage)?;
        let (message, _) = self.messages.get(&number).ok_or(Unchanged::NoMessage)?;
        let until = now.saturating_add(visibility);
        if until > message.received_at.saturating_add(LONGEST_VISIBILITY_SECONDS * 1000) {
            return Err(Unchanged::TooLong);
        }
        self.place(number, if visibility == 0 { Place::Visible } else { Place::InFlight(until) });
        Ok(())
    }

    /// Deletes everything, unless that was done within the last minute.
    pub(super) fn purge(&mut self, now: u64) -> bool {
        if self.purged_at.is_some_and(|purged_at| now < purged_at.saturating_add(60_000)) {
            return false;
        }
        *self = Queue { next: self.next, purged_at: Some(now), ..Queue::new(self.config.clone()) };
        true
    }

    /// When the next hidden message becomes visible, if there is one.
    pub(super) fn next_visible(&self) -> Option<u64> {
        let times = [&self.delayed, &self.in_flight].into_iter().filter_map(|hidden| hidden.first());
        times.map(|(until, _)| *until).min()
    }

    pub(super) fn counts(&mut self, now: u64) -> Counts {
        self.pass_to(now);
        Counts { visible: self.visible.len(), in_flight: self.in_flight.len(), delayed: self.delayed.len() }
    }

    /// The number that the next message will have. Those before it are here already, or were.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// The oldest visible message that came before the message `before`, and its number.
    pub(super) fn oldest(&mut self, before: u64, now: u64) -> Option<(u64, &Message)> {
        self.pass_to(now);
        let number = *self.visible.first().filter(|number| **number < before)?;
        self.messages.get(&number).map(|(message, _)| (number, message))
    }

    /// Takes a message out.
    pub(super) fn remove(&mut self, number: u64) -> Option<Message> {
        self.displace(number);
        let (message, _) = self.messages.remove(&number)?;
        self.by_age.remove(&(message.sent_at, number));
        if let Some(receipt) = message.receipt {
            self.receipts.remove(&receipt);
        }
        Some(message)
    }

    /// Lets go what is too old, and shows what is no longer hidden.
    fn pass_to(&mut self, now: u64) {
        let retention = milliseconds(self.config.retention);
        while let Some(&(sent_at, number)) = self.by_age.first()
            && sent_at.saturating_add(retention) <= now
        {
            self.by_age.pop_first();
            self.remove(number);
        }
        for hidden in [&mut self.delayed, &mut self.in_flight] {
            while let Some(&(until, number)) = hidden.first()
                && until <= now
            {
                hidden.pop_first();
                self.visible.insert(number);
                if let Some((_, place)) = self.messages.get_mut(&number) {
                    *place = Place::Visible;
                }
            }
        }
    }

    fn place(&mut self, number: u64, place: Place) {
        self.displace(number);
        if let Some((_, current)) = self.messages.get_mut(&number) {
            *current = place;
            match place {
                Place::Visible => self.visible.insert(number),
                Place::Delayed(until) => self.delayed.insert((until, number)),
                Place::InFlight(until) => self.in_flight.insert((until, number)),
            };
        }
    }

    /// Takes the message out of the index it is in.
    fn displace(&mut self, number: u64) {
        match self.messages.get(&number) {
            Some((_, Place::Visible)) => self.visible.remove(&number),
            Some((_, Place::Delayed(until))) => self.delayed.remove(&(*until, number)),
            Some((_, Place::InFlight(until))) => self.in_flight.remove(&(*until, number)),
            None => false,
        };
    }
}
