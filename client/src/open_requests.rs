//! The requests that wait for an answer, shared by the futures that wait and the driver that reads.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::RequestError;

/// How many requests that nobody waits for any more are remembered.
const MOST_ABANDONED: usize = 64;

/// What a request ends with.
pub(crate) type Outcome = Result<Value, RequestError>;

/// All open requests of one client.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    state: Mutex<State>,
    /// How long an abandoned request may still be answered.
    memory: Duration,
}

#[derive(Debug, Default)]
struct State {
    slots: HashMap<Uuid, Slot>,
    /// Sent, unanswered, and nobody waits: a gateway's frame may be about one of these, so that it is not certainly about another.
    abandoned: VecDeque<(Uuid, Instant)>,
    closed: bool,
}

#[derive(Debug)]
struct Slot {
    sent: bool,
    answer: oneshot::Sender<Outcome>,
}

impl OpenRequests {
    /// None yet; an abandoned one is remembered for `memory`.
    pub(crate) fn new(memory: Duration) -> Self {
        Self { state: Mutex::default(), memory }
    }

    /// A panic elsewhere leaves the state whole, since nothing panics while holding it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a request. Its slot is freed when the returned guard is dropped.
    pub(crate) fn open(&self, id: Uuid) -> Result<(OpenRequest<'_>, oneshot::Receiver<Outcome>), RequestError> {
        let (answer, outcome) = oneshot::channel();
        let mut state = self.lock();
        if state.closed {
            return Err(RequestError::Closed { sent: false });
        }
        state.slots.insert(id, Slot { sent: false, answer });
        drop(state);
        Ok((OpenRequest { all: self, id }, outcome))
    }

    /// Marks a request as about to be sent; `false` if nobody waits for it any more, so that it need not be sent at all.
    pub(crate) fn mark_sent(&self, id: Uuid) -> bool {
        self.lock().slots.get_mut(&id).map(|slot| slot.sent = true).is_some()
    }

    /// Remembers a frame that was sent without a slot.
    pub(crate) fn mark_untracked(&self) {
        self.lock().abandon(Uuid::new_v4());
    }

    /// Ends the request `id`, or gives the outcome back if nobody waits for it.
    pub(crate) fn answer(&self, id: Option<&str>, outcome: Outcome) -> Result<(), Outcome> {
        let Some(id) = id.and_then(|id| Uuid::parse_str(id).ok()) else { return Err(outcome) };
        let mut state = self.lock();
        state.abandoned.retain(|(abandoned, _)| *abandoned != id);
        match state.slots.remove(&id) {
            Some(slot) => slot.answer.send(outcome),
            None => Err(outcome),
        }
    }

    /// Fails the one request that a gateway's frame can be about. If there may be several, none fails: their time-outs decide.
    pub(crate) fn fail_only(&self, message: &str) {
        let mut state = self.lock();
        let memory = self.memory;
        state.abandoned.retain(|(_, since)| since.elapsed() < memory);
        let mut sent = state.slots.iter().filter(|(_, slot)| slot.sent);
        let (only, further) = (sent.next().map(|(id, _)| *id), sent.next().is_some());
        if let (Some(id), false, true) = (only, further, state.abandoned.is_empty())
            && let Some(slot) = state.slots.remove(&id)
        {
            // The receiver may have been dropped this instant; then nobody wants to know.
            drop(slot.answer.send(Err(RequestError::Gateway(message.to_owned()))));
        }
    }

    /// The connection is lost: what was sent fails, what was not waits for the next one.
    pub(crate) fn disconnected(&self) {
        let mut state = self.lock();
        state.abandoned.clear();
        for (_, slot) in state.slots.extract_if(|_, slot| slot.sent) {
            drop(slot.answer.send(Err(RequestError::Disconnected)));
        }
    }

    /// There will be no further connection: everything fails, now and later.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for (_, Slot { sent, answer }) in state.slots.drain() {
            drop(answer.send(Err(RequestError::Closed { sent })));
        }
    }

    /// How many requests are open.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().slots.len()
    }
}

impl State {
    fn abandon(&mut self, id: Uuid) {
        if self.abandoned.len() == MOST_ABANDONED {
            self.abandoned.pop_front();
        }
        self.abandoned.push_back((id, Instant::now()));
    }
}

/// One open request; dropping it frees its slot.
#[derive(Debug)]
pub(crate) struct OpenRequest<'a> {
    all: &'a OpenRequests,
    id: Uuid,
}

impl OpenRequest<'_> {
    /// Whether the request went out, or there is no slot any more because it was answered.
    pub(crate) fn was_sent(&self) -> bool {
        self.all.lock().slots.get(&self.id).is_none_or(|slot| slot.sent)
    }
}

impl Drop for OpenRequest<'_> {
    fn drop(&mut self) {
        let mut state = self.all.lock();
        if state.slots.remove(&self.id).is_some_and(|slot| slot.sent) {
            state.abandon(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> OpenRequests {
        OpenRequests::new(Duration::from_secs(60))
    }

    #[test]
    fn a_gateways_frame_fails_a_request_only_if_exactly_one_was_sent() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (_first, mut outcome) = all.open(ids[0]).unwrap();
        let (_second, mut other) = all.open(ids[1]).unwrap();
        assert!(all.mark_sent(ids[0]) && all.mark_sent(ids[1]));
        all.fail_only("Forbidden");
        assert!(outcome.try_recv().is_err() && other.try_recv().is_err());
        all.answer(Some(&ids[1].to_string()), Ok(Value::Null)).unwrap();
        all.fail_only("Forbidden");
        assert_eq!(outcome.try_recv().unwrap(), Err(RequestError::Gateway("Forbidden".into())));
    }

    #[test]
    fn a_gateways_frame_may_be_about_an_abandoned_request_until_that_is_answered() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (abandoned, _) = all.open(ids[0]).unwrap();
        assert!(all.mark_sent(ids[0]));
        drop(abandoned);
        let (_open, mut outcome) = all.open(ids[1]).unwrap();
        assert!(all.mark_sent(ids[1]));
        all.fail_only("Internal server error");
        assert!(outcome.try_recv().is_err());
        assert!(all.answer(Some(&ids[0].to_string()), Ok(Value::Null)).is_err(), "nobody waits for it");
        all.fail_only("Internal server error");
        assert!(outcome.try_recv().unwrap().is_err());
    }

    #[test]
    fn a_request_that_was_not_sent_outlives_the_connection() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (_sent, mut lost) = all.open(ids[0]).unwrap();
        let (waiting, mut outcome) = all.open(ids[1]).unwrap();
        assert!(all.mark_sent(ids[0]));
        all.disconnected();
        assert_eq!(lost.try_recv().unwrap(), Err(RequestError::Disconnected));
        assert!(outcome.try_recv().is_err() && !waiting.was_sent());
        all.close();
        assert_eq!(outcome.try_recv().unwrap(), Err(RequestError::Closed { sent: false }));
        assert_eq!(all.open(ids[0]).unwrap_err(), RequestError::Closed { sent: false });
    }
}
