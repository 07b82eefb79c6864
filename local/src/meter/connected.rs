//! For how long sockets are open, all together, those that are open now included.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::lock::lock;

/// The open sockets and the time of those that were.
#[derive(Debug)]
pub(super) struct Connected {
    state: Mutex<State>,
    since: Instant,
}

#[derive(Debug, Default)]
struct State {
    open: u32,
    /// The sum of when each open socket was opened, counted from `since`.
    opened_at: Duration,
    closed: Duration,
}

impl Default for Connected {
    fn default() -> Connected {
        Connected { state: Mutex::default(), since: Instant::now() }
    }
}

impl Connected {
    /// The time of all sockets together until `now`.
    pub(super) fn total(&self, now: Instant) -> Duration {
        let state = lock(&self.state);
        state.closed + (now.saturating_duration_since(self.since) * state.open).saturating_sub(state.opened_at)
    }

    pub(super) fn opened(self: &Arc<Self>, now: Instant) -> OpenConnection {
        let opened_at = now.saturating_duration_since(self.since);
        let mut state = lock(&self.state);
        state.open += 1;
        state.opened_at += opened_at;
        OpenConnection { connected: Arc::clone(self), opened_at }
    }
}

/// A socket whose time is counted for as long as this lives.
#[derive(Debug)]
pub struct OpenConnection {
    connected: Arc<Connected>,
    opened_at: Duration,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let now = self.connected.since.elapsed();
        let mut state = lock(&self.connected.state);
        state.open -= 1;
        state.opened_at -= self.opened_at;
        state.closed += now.saturating_sub(self.opened_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_open_and_closed_sockets_adds_up() {
        let connected = Arc::new(Connected::default());
        let at = |seconds| connected.since + Duration::from_secs(seconds);
        let first = connected.opened(at(0));
        let second = connected.opened(at(10));
        assert_eq!(connected.total(at(60)), Duration::from_secs(60 + 50));
        drop(second);
        // It was closed before it was opened, by the test's reckoning, and so adds nothing.
        assert_eq!(connected.total(at(120)), Duration::from_secs(120));
        drop(first);
        assert!(connected.total(at(120)) < Duration::from_secs(10), "what is closed does not grow");
    }
}
