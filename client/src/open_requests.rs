//! The requests that wait for an answer, shared by the futures that wait and the driver that reads.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use crate::{RequestError, outgoing::Outgoing};

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
    abandoned: VecDeque<Abandoned>,
    closed: bool,
}

#[derive(Debug)]
struct Abandoned {
    id: Uuid,
    connection: u32,
    since: Instant,
}

#[derive(Debug)]
struct Slot {
    /// The number of the connection on which it was sent, if it was.
    sent_on: Option<u32>,
    /// It has gone out, whatever became of that connection.
    sent: bool,
    answer: oneshot::Sender<Outcome>,
    /// What is sent again after the connection is lost.
    play: Option<OpenPlay>,
}

/// An action in a match: the server recognises one that it has had, so that sending it again is safe.
#[derive(Debug)]
pub(crate) struct OpenPlay {
    pub(crate) match_id: String,
    pub(crate) text: Utf8Bytes,
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

    /// Opens a request. Its slot is freed when the returned guard is dropped. There is one action at a time in a match.
    pub(crate) fn open(&self, id: Uuid, play: Option<OpenPlay>) -> Result<(OpenRequest<'_>, oneshot::Receiver<Outcome>), RequestError> {
        let (answer, outcome) = oneshot::channel();
        let mut state = self.lock();
        if state.closed {
            return Err(RequestError::Closed { sent: false });
        }
        let in_match = play.as_ref().map(|play| play.match_id.as_str());
        let plays = state.slots.values().filter_map(|slot| slot.play.as_ref());
        if in_match.is_some_and(|match_id| plays.into_iter().any(|other| other.match_id == match_id)) {
            return Err(RequestError::Unacknowledged);
        }
        state.slots.insert(id, Slot { sent_on: None, sent: false, answer, play });
        drop(state);
        Ok((OpenRequest { all: self, id }, outcome))
    }

    /// Marks a request as about to be sent on a connection; `false` if nobody waits for it any more, so that it need not be sent at all.
    pub(crate) fn mark_sent(&self, id: Uuid, connection: u32) -> bool {
        self.lock().slots.get_mut(&id).map(|slot| (slot.sent_on, slot.sent) = (Some(connection), true)).is_some()
    }

    /// Remembers a frame that was sent without a slot.
    pub(crate) fn mark_untracked(&self, connection: u32) {
        self.lock().abandon(Uuid::new_v4(), connection);
    }

    /// Ends the request `id`: frees its slot, and returns where its outcome goes, if somebody waits for it.
    pub(crate) fn end(&self, id: Option<&str>) -> Option<oneshot::Sender<Outcome>> {
        let id = Uuid::parse_str(id?).ok()?;
        let mut state = self.lock();
        state.abandoned.retain(|abandoned| abandoned.id != id);
        state.slots.remove(&id).map(|slot| slot.answer)
    }

    /// Fails the one request that a gateway's frame on this connection can be about. If there may be several, none fails: their time-outs
    /// decide. Whether one failed.
    pub(crate) fn fail_only(&self, connection: u32, message: &str) -> bool {
        let mut state = self.lock();
        let memory = self.memory;
        state.abandoned.retain(|abandoned| abandoned.since.elapsed() < memory);
        let mut sent = state.slots.iter().filter(|(_, slot)| slot.sent_on == Some(connection));
        let (only, further) = (sent.next().map(|(id, _)| *id), sent.next().is_some());
        let abandoned = state.abandoned.iter().any(|abandoned| abandoned.connection == connection);
        match only {
            Some(id) if !further && !abandoned => {
                if let Some(slot) = state.slots.remove(&id) {
                    // The receiver may have been dropped this instant; then nobody wants to know.
                    drop(slot.answer.send(Err(RequestError::Gateway(message.to_owned()))));
                }
                true
            }
            _ => false,
        }
    }

    /// Whether an answer may still come on this connection. One that no request waits for is a program's to see, too.
    pub(crate) fn any_sent_on(&self, connection: u32) -> bool {
        let state = self.lock();
        let awaited = |abandoned: &Abandoned| abandoned.connection == connection && abandoned.since.elapsed() < self.memory;
        state.slots.values().any(|slot| slot.sent_on == Some(connection)) || state.abandoned.iter().any(awaited)
    }

    /// A connection is lost: what was sent on it fails, what was not sent waits for the next one, and so do the actions in matches that are
    /// returned, which are to be sent again.
    pub(crate) fn disconnected(&self, connection: u32) -> Vec<Outgoing> {
        let mut state = self.lock();
        state.abandoned.retain(|abandoned| abandoned.connection != connection);
        for (_, slot) in state.slots.extract_if(|_, slot| slot.sent_on == Some(connection) && slot.play.is_none()) {
            drop(slot.answer.send(Err(RequestError::Disconnected)));
        }
        let mut again = Vec::new();
        for (id, slot) in &mut state.slots {
            if let Some(play) = &slot.play
                && slot.sent_on.take_if(|on| *on == connection).is_some()
            {
                again.push(Outgoing { id: Some(*id), text: play.text.clone() });
            }
        }
        again
    }

    /// There will be no further connection: everything fails, now and later.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for (_, Slot { sent, answer, .. }) in state.slots.drain() {
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
    fn abandon(&mut self, id: Uuid, connection: u32) {
        if self.abandoned.len() == MOST_ABANDONED {
            self.abandoned.pop_front();
        }
        self.abandoned.push_back(Abandoned { id, connection, since: Instant::now() });
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
        if let Some(connection) = state.slots.remove(&self.id).and_then(|slot| slot.sent_on) {
            state.abandon(self.id, connection);
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
        let (_first, mut outcome) = all.open(ids[0], None).unwrap();
        let (_second, mut other) = all.open(ids[1], None).unwrap();
        assert!(all.mark_sent(ids[0], 1) && all.mark_sent(ids[1], 1));
        all.fail_only(1, "Forbidden");
        assert!(outcome.try_recv().is_err() && other.try_recv().is_err());
        assert!(all.end(Some(&ids[1].to_string())).is_some());
        all.fail_only(1, "Forbidden");
        assert_eq!(outcome.try_recv().unwrap(), Err(RequestError::Gateway("Forbidden".into())));
    }

    #[test]
    fn a_gateways_frame_may_be_about_an_abandoned_request_until_that_is_answered() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (abandoned, _) = all.open(ids[0], None).unwrap();
        assert!(all.mark_sent(ids[0], 1));
        drop(abandoned);
        let (_open, mut outcome) = all.open(ids[1], None).unwrap();
        assert!(all.mark_sent(ids[1], 1));
        all.fail_only(1, "Internal server error");
        assert!(outcome.try_recv().is_err());
        assert!(all.end(Some(&ids[0].to_string())).is_none(), "nobody waits for it");
        all.fail_only(1, "Internal server error");
        assert!(outcome.try_recv().unwrap().is_err());
    }

    #[test]
    fn a_request_that_was_not_sent_outlives_the_connection() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (_sent, mut lost) = all.open(ids[0], None).unwrap();
        let (waiting, mut outcome) = all.open(ids[1], None).unwrap();
        assert!(all.mark_sent(ids[0], 1));
        all.disconnected(1);
        assert_eq!(lost.try_recv().unwrap(), Err(RequestError::Disconnected));
        assert!(outcome.try_recv().is_err() && !waiting.was_sent());
        all.close();
        assert_eq!(outcome.try_recv().unwrap(), Err(RequestError::Closed { sent: false }));
        assert_eq!(all.open(ids[0], None).unwrap_err(), RequestError::Closed { sent: false });
    }

    #[test]
    fn connections_are_kept_apart() {
        let all = requests();
        let ids = [Uuid::new_v4(), Uuid::new_v4()];
        let (_first, mut outcome) = all.open(ids[0], None).unwrap();
        let (_second, mut other) = all.open(ids[1], None).unwrap();
        assert!(all.mark_sent(ids[0], 1) && all.mark_sent(ids[1], 2));
        assert!(all.fail_only(2, "Forbidden") && !all.fail_only(2, "Forbidden"));
        assert!(other.try_recv().unwrap().is_err() && outcome.try_recv().is_err());
        assert!(all.any_sent_on(1) && !all.any_sent_on(2));
        all.mark_untracked(2);
        assert!(all.any_sent_on(2), "its answer is an event");
        all.disconnected(2);
        assert!(!all.any_sent_on(2));
        assert!(outcome.try_recv().is_err());
        all.disconnected(1);
        assert_eq!(outcome.try_recv().unwrap(), Err(RequestError::Disconnected));
    }
}
