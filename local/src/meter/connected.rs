//! For how long sockets are open, all together, those that are open now included.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::lock::lock;

/// The open sockets, and the time of all that have been open until the moment that is named.
#[derive(Debug)]
pub(super) struct Connected(Mutex<(u32, Duration, Instant)>);

impl Default for Connected {
    fn default() -> Connected {
        Connected(Mutex::new((0, Duration::ZERO, Instant::now())))
    }
}

impl Connected {
    /// The time of all sockets together until `now`, at which so many more are open.
    fn settle(&self, now: Instant, more: i32) -> Duration {
        let (open, total, at) = &mut *lock(&self.0);
        *total += now.saturating_duration_since(*at) * *open;
        *at = now.max(*at);
        *open = open.saturating_add_signed(more);
        *total
    }

    pub(super) fn total(&self, now: Instant) -> Duration {
        self.settle(now, 0)
    }

    pub(super) fn opened(self: &Arc<Self>, now: Instant) -> OpenConnection {
        self.settle(now, 1);
        OpenConnection(Arc::clone(self))
    }
}

/// A socket whose time is counted for as long as this lives.
#[derive(Debug)]
pub struct OpenConnection(Arc<Connected>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.settle(Instant::now(), -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_open_and_closed_sockets_adds_up() {
        let connected = Arc::new(Connected::default());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let first = connected.opened(at(0));
        let second = connected.opened(at(10));
        assert_eq!(connected.total(at(60)), Duration::from_secs(60 + 50));
        // By the test's reckoning it was closed at once.
        drop(second);
        assert_eq!(connected.total(at(120)), Duration::from_secs(120 + 50));
        drop(first);
        assert_eq!(connected.total(at(500)), Duration::from_secs(120 + 50), "what is closed does not grow");
    }
}
