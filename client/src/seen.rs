//! Which messages a program has been handed, so that it gets each one once.
//!
//! A message comes again for three reasons. It is pushed again, since delivery is at least once; a resume looks back over what was pushed;
//! and its sender repeated a request that had no answer. The first two carry the same `messageId`. The third is another row of the inbox,
//! with an id of its own, but with the same sender, `requestId` and text. The text counts, because a sender is free to number its requests
//! from one whenever it starts, and a new message must not be taken for an old one. Of an announcement its `type` counts, too, so that no
//! player's message passes for one, nor one for another.

use std::{
    collections::{BTreeSet, VecDeque},
    hash::{BuildHasher, RandomState},
    ops::Range,
};

use muster_protocol::{MessagePush, cursor::time_of};

/// How long after a request, by the server's clock, the same one is taken for its repetition. Whoever waits longer means it anew.
const REPETITION_MILLISECONDS: u64 = 10 * 60 * 1_000;

/// How many requests are remembered.
const MOST_REQUESTS: usize = 1_024;

/// What is remembered of a message. Hashes are keyed at random, so that nobody can make two messages look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The time in its id, in epoch milliseconds. An id of another kind has none, and is never taken for one that was covered.
    time: u64,
    id: u64,
    request: Option<(u64, u64)>,
}

/// A bounded memory of messages. It takes no heap before the first one.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Time first, so that the oldest are found.
    ids: BTreeSet<(u64, u64)>,
    /// The latest last.
    requests: VecDeque<(u64, u64)>,
    /// Every message of this time was handed out, so that none of it needs to be remembered.
    covered: Range<u64>,
    most: usize,
    hasher: RandomState,
}

impl Seen {
    /// Nothing yet, and never more than `most` messages.
    pub(crate) fn new(most: usize) -> Self {
        Self { ids: BTreeSet::new(), requests: VecDeque::new(), covered: 0..0, most, hasher: RandomState::new() }
    }

    /// What there is to remember of `message`.
    pub(crate) fn key(&self, message: &MessagePush) -> Key {
        let hash = |id| self.hasher.hash_one((&message.sender_id, &message.announcement, id, &message.message));
        Key {
            time: time_of(&message.message_id).unwrap_or(u64::MAX),
            id: self.hasher.hash_one(&message.message_id),
            request: message.request_id.as_ref().map(|id| (message.sent_at, hash(id))),
        }
    }

    /// Whether the message was handed out before, or is its sender's repetition of one that was.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        let repeated = |(sent_at, request): (u64, u64)| {
            let mut requests = self.requests.iter();
            requests.any(|(before, other)| *other == request && before.abs_diff(sent_at) <= REPETITION_MILLISECONDS)
        };
        self.covered.contains(&key.time) || self.ids.contains(&(key.time, key.id)) || key.request.is_some_and(repeated)
    }

    /// Remembers the id of a message. If there is no room, the oldest is forgotten: that may repeat one, and loses none. A repetition
    /// needs this, too, since the inbox may show it long after its request is forgotten.
    pub(crate) fn insert_id(&mut self, key: &Key) {
        if !self.covered.contains(&key.time) && self.ids.insert((key.time, key.id)) && self.ids.len() > self.most {
            self.ids.pop_first();
        }
    }

    /// Remembers a message that was handed out, and what was asked for with it.
    pub(crate) fn insert(&mut self, key: Key) {
        self.insert_id(&key);
        if let Some(request) = key.request {
            if self.requests.len() == MOST_REQUESTS {
                self.requests.pop_front();
            }
            self.requests.push_back(request);
        }
    }

    /// Forgets what came before `until`, since all of it was handed out and a resume will not look back that far. If the inbox could not
    /// be seen from the last time on, but only from `since`, what is older stays unknown: its push may still come.
    pub(crate) fn cover(&mut self, since: Option<u64>, until: u64) {
        self.covered.end = self.covered.end.max(until);
        self.covered.start = self.covered.start.max(since.unwrap_or(0));
        let newer = self.ids.split_off(&(self.covered.end, 0));
        let mut older = std::mem::replace(&mut self.ids, newer);
        drop(older.split_off(&(self.covered.start, 0)));
        self.ids.append(&mut older);
    }

    /// How many messages are remembered.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::cursor::first_id_of;

    use super::*;

    fn message(sent_at: u64, request: Option<&str>, text: &str) -> MessagePush {
        let request_id = request.map(str::to_owned);
        MessagePush {
            message_id: first_id_of(sent_at),
            sender_id: "bob".into(),
            announcement: None,
            request_id,
            message: text.into(),
            sent_at,
        }
    }

    fn seen_of(messages: &[MessagePush]) -> Seen {
        let mut seen = Seen::new(100);
        for message in messages {
            seen.insert(seen.key(message));
        }
        seen
    }

    fn is_seen(seen: &Seen, message: &MessagePush) -> bool {
        seen.contains(&seen.key(message))
    }

    #[test]
    fn a_message_is_known_by_its_id_and_a_request_by_sender_id_and_text() {
        let first = message(1_000, Some("r1"), "hi");
        let seen = seen_of(std::slice::from_ref(&first));
        assert!(is_seen(&seen, &first));
        assert!(is_seen(&seen, &message(9_000, Some("r1"), "hi")), "the sender asked again, and the inbox has it twice");
        assert!(!is_seen(&seen, &message(9_000, Some("r1"), "ho")), "the sender numbers its requests anew");
        assert!(!is_seen(&seen, &message(9_000, Some("r2"), "hi")));
        assert!(!is_seen(&seen, &message(9_000, None, "hi")));
        assert!(!is_seen(&seen, &MessagePush { sender_id: "carol".into(), ..message(9_000, Some("r1"), "hi") }));
        assert!(!is_seen(&seen, &MessagePush { announcement: Some("news".into()), ..message(9_000, Some("r1"), "hi") }));
    }

    #[test]
    fn an_announcement_is_known_by_its_type_besides() {
        let announced = |sent_at, kind: &str| MessagePush { announcement: Some(kind.into()), ..message(sent_at, Some("n1"), "hi") };
        let seen = seen_of(&[announced(1_000, "news")]);
        assert!(is_seen(&seen, &announced(9_000, "news")));
        assert!(!is_seen(&seen, &announced(9_000, "reward")));
        assert!(!is_seen(&seen, &message(9_000, Some("n1"), "hi")));
    }

    #[test]
    fn what_is_said_again_after_ten_minutes_is_meant_anew() {
        let seen = seen_of(&[message(1_000, Some("1"), "ready")]);
        assert!(is_seen(&seen, &message(1_000 + REPETITION_MILLISECONDS, Some("1"), "ready")));
        assert!(!is_seen(&seen, &message(1_001 + REPETITION_MILLISECONDS, Some("1"), "ready")));
    }

    #[test]
    fn what_is_covered_is_forgotten_and_stays_seen() {
        let messages = [message(1_000, None, "a"), message(2_000, None, "b"), message(3_000, None, "c")];
        let mut seen = seen_of(&messages);
        seen.cover(None, 3_000);
        assert_eq!(seen.len(), 1);
        assert!(messages.iter().all(|message| is_seen(&seen, message)));
        assert!(is_seen(&seen, &message(2_500, None, "x")) && !is_seen(&seen, &message(3_001, None, "y")));
    }

    #[test]
    fn an_id_without_a_time_is_known_by_itself_alone() {
        let odd = |id: &str| MessagePush { message_id: id.into(), ..message(1_000, None, "x") };
        let mut seen = seen_of(&[odd("m")]);
        seen.cover(None, 3_000);
        assert!(is_seen(&seen, &odd("m")) && !is_seen(&seen, &odd("n")));
    }

    #[test]
    fn a_message_older_than_what_the_inbox_showed_is_still_welcome_once() {
        let pushed = message(1_000, None, "a");
        let mut seen = seen_of(&[pushed.clone(), message(5_000, None, "b")]);
        seen.cover(Some(4_000), 6_000);
        assert_eq!(seen.len(), 1);
        assert!(is_seen(&seen, &pushed) && !is_seen(&seen, &message(1_001, None, "c")));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut seen = Seen::new(2);
        for sent_at in [3, 1, 2] {
            seen.insert(seen.key(&message(sent_at, None, "x")));
        }
        assert_eq!(seen.len(), 2);
        assert!(!is_seen(&seen, &message(1, None, "x")) && is_seen(&seen, &message(3, None, "x")));
        for n in 0..3_000 {
            seen.insert(seen.key(&message(n, Some(&n.to_string()), "x")));
        }
        assert_eq!(seen.requests.len(), MOST_REQUESTS);
    }
}
