//! What happens in the rooms, for those who watch it in the console.
//!
//! Rooms tell it as it happens. While nobody watches, they find that out by one look and make no event. The latest invocations are
//! remembered all the same, since somebody asks for one when it is over.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::{clock, lock::lock};

/// Events that may wait for one who watches. One who reads more slowly misses the oldest.
pub(crate) const WAITING: usize = 1_024;
/// What the names of queues for dead letters end with.
const DEAD_LETTERS: &str = "-dead-letters";
/// How many invocations are remembered at most, and how many bytes of what they were asked and have answered.
const REMEMBERED: usize = 500;
const REMEMBERED_BYTES: usize = 32 * 1024 * 1024;

/// Takes what rooms tell. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    inner: Arc<Inner>,
}

/// When something happened, in epoch milliseconds, and what, as a JSON object.
pub(crate) type Event = (u64, Arc<str>);

struct Inner {
    /// What all physical names begin with, such as `muster-dev-`.
    prefix: String,
    told: broadcast::Sender<Event>,
    /// The oldest first.
    invocations: Mutex<VecDeque<PastInvocation>>,
}

/// An invocation that has been answered.
#[derive(Clone, Default)]
pub(crate) struct PastInvocation {
    pub(crate) id: String,
    pub(crate) function: String,
    pub(crate) memory_mb: u32,
    /// When it was handed over, in epoch milliseconds.
    pub(crate) at: u64,
    /// From then on until its answer; nothing if no process could be started.
    pub(crate) duration: Duration,
    /// Whether it was the first of its process.
    pub(crate) cold: bool,
    pub(crate) payload: Bytes,
    /// Of an error, what its caller got.
    pub(crate) answer: Bytes,
    pub(crate) error: bool,
}

impl PastInvocation {
    /// Milliseconds with one decimal.
    pub(crate) fn ms(&self) -> f64 {
        (self.duration.as_secs_f64() * 10_000.0).round() / 10.0
    }
}

impl Default for Events {
    fn default() -> Events {
        Events::of("")
    }
}

impl Events {
    /// Of a stack whose physical names begin with `prefix`.
    pub(crate) fn of(prefix: &str) -> Events {
        let (prefix, told, invocations) = (prefix.to_owned(), broadcast::Sender::new(WAITING), Mutex::default());
        Events { inner: Arc::new(Inner { prefix, told, invocations }) }
    }

    /// By what name operators know a table or a queue for dead letters: `matches` for `muster-dev-matches`, and `timers` for
    /// `muster-dev-timers-dead-letters`.
    pub(crate) fn short<'a>(&self, name: &'a str) -> &'a str {
        let name = name.strip_prefix(&self.inner.prefix).unwrap_or(name);
        name.strip_suffix(DEAD_LETTERS).unwrap_or(name)
    }

    /// What is told from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Event> {
        self.inner.told.subscribe()
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.inner.told.receiver_count() > 0
    }

    /// Tells those who watch. The event is made only if there are any, and gets its time, `at`, unless it has one.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Value) {
        if self.is_watched() {
            let mut event = event();
            let at = event["at"].as_u64().unwrap_or_else(clock::now);
            event["at"] = at.into();
            // They may have gone meanwhile.
            drop(self.inner.told.send((at, event.to_string().into())));
        }
    }

    /// Tells of an invocation, and remembers it.
    pub(crate) fn invoked(&self, invocation: PastInvocation) {
        self.tell(|| {
            let PastInvocation { id, function, memory_mb, cold, error, .. } = &invocation;
            let ms = invocation.ms();
            json!({"kind": "invocation", "id": id, "function": function, "ms": ms, "memoryMb": memory_mb, "cold": cold, "error": error})
        });
        let mut invocations = lock(&self.inner.invocations);
        invocations.push_back(invocation);
        let size = |past: &PastInvocation| past.payload.len() + past.answer.len();
        let mut bytes: usize = invocations.iter().map(size).sum();
        while invocations.len() > REMEMBERED || bytes > REMEMBERED_BYTES {
            bytes -= invocations.pop_front().as_ref().map_or(bytes, size);
        }
    }

    /// The latest invocation with this id, if it is remembered.
    pub(crate) fn invocation(&self, id: &str) -> Option<PastInvocation> {
        lock(&self.inner.invocations).iter().rev().find(|past| past.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(id: usize, bytes: usize) -> PastInvocation {
        PastInvocation { id: id.to_string(), payload: vec![0; bytes].into(), ..PastInvocation::default() }
    }

    #[test]
    fn an_event_is_made_only_for_those_who_watch() {
        let events = Events::default();
        events.tell(|| panic!("nobody watches"));
        let mut watcher = events.watch();
        let before = clock::now();
        events.tell(|| json!({"kind": "x"}));
        events.tell(|| json!({"at": 7}));
        let mut next = || serde_json::from_str::<Value>(&watcher.try_recv().unwrap().1).unwrap();
        let first = next();
        assert!(first["kind"] == "x" && first["at"].as_u64().unwrap() >= before, "{first}");
        assert_eq!(next(), json!({"at": 7}));
        drop(watcher);
        events.tell(|| panic!("nobody watches any more"));
    }

    #[test]
    fn the_last_500_invocations_are_remembered_and_32_mb_of_them() {
        let events = Events::default();
        (0..=REMEMBERED).for_each(|id| events.invoked(past(id, 1)));
        assert!(events.invocation("0").is_none() && events.invocation("1").is_some());
        events.invoked(past(1_000, REMEMBERED_BYTES - 9));
        let left = (0..=REMEMBERED).filter(|id| events.invocation(&id.to_string()).is_some()).count();
        assert_eq!((left, events.invocation("1000").is_some()), (9, true));
        events.invoked(past(1_001, REMEMBERED_BYTES + 1));
        assert!(events.invocation("1001").is_none(), "one that is larger than all is not kept");
    }
}
