//! Which version of each match the program has seen last: an action that it sends is for that one, and not for what is still on its way.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use muster_protocol::MatchPush;

/// How many matches are remembered: more than a player can be in at a time.
const MOST_REMEMBERED: usize = 64;

#[derive(Debug)]
struct Seen {
    match_id: String,
    version: u64,
    /// Until when its players are waited for.
    due_at: Option<Instant>,
}

/// A bounded memory of them. It takes no heap before the first one.
#[derive(Debug, Default)]
pub(crate) struct LastSeen(Mutex<VecDeque<Seen>>);

impl LastSeen {
    /// A panic elsewhere leaves the memory whole, since nothing panics while holding it.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program has this now.
    pub(crate) fn note(&self, push: &MatchPush) {
        let due_in = push.due_at.map(|due_at| Duration::from_millis(due_at.saturating_sub(push.now)));
        let due_at = due_in.and_then(|due_in| Instant::now().checked_add(due_in));
        let mut all = self.lock();
        if let Some(seen) = all.iter_mut().find(|seen| seen.match_id == push.match_id) {
            if seen.version < push.version {
                (seen.version, seen.due_at) = (push.version, due_at);
            }
            return;
        }
        if all.len() == MOST_REMEMBERED {
            all.pop_front();
        }
        all.push_back(Seen { match_id: push.match_id.clone(), version: push.version, due_at });
    }

    /// The version of a match, and until when its players are waited for.
    pub(crate) fn of(&self, match_id: &str) -> (Option<u64>, Option<Instant>) {
        let all = self.lock();
        let seen = all.iter().find(|seen| seen.match_id == match_id);
        (seen.map(|seen| seen.version), seen.and_then(|seen| seen.due_at))
    }
}
