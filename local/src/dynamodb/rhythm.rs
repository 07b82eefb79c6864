//! When the watcher looks next. Pure: it is told what was seen and when.
//!
//! The system tells of a write a moment before its commit can be read, so the first look after it is often too early. It tells of each of
//! the several writes that make a commit, so that in a flood looking by itself is cheaper than being told.

use std::time::{Duration, Instant};

/// For so long after a write was told of, its commit is expected in no time.
const COMMIT: Duration = Duration::from_millis(1);
/// Between two looks meanwhile.
const COMMIT_PAUSE: Duration = Duration::from_micros(30);
/// For so long after a commit, the next is expected, where the system tells of writes.
const FLOOD: Duration = Duration::from_millis(2);
/// For so long after a commit, the next is expected, where it does not; and a commit may take so long.
const BUSY: Duration = Duration::from_millis(200);
/// Between two looks meanwhile. A look and its wake-up cost about 30 µs of a core; half a pause is the mean delay of a record.
const BUSY_PAUSE: Duration = Duration::from_micros(500);
/// Between two looks otherwise, where the system does not tell of writes.
const IDLE_PAUSE: Duration = Duration::from_millis(4);

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    /// The system has told of a write, and there is no commit yet.
    Write,
    Commit,
}

/// What was seen last.
#[derive(Debug)]
pub(super) struct Rhythm {
    /// Whether the system tells of writes.
    told: bool,
    committed_at: Instant,
    written_at: Option<Instant>,
}

impl Rhythm {
    pub(super) fn new(told: bool, now: Instant) -> Rhythm {
        Rhythm { told, committed_at: now, written_at: None }
    }

    /// A look at `now` has found this, or the system has told of a write.
    pub(super) fn saw(&mut self, seen: Seen, now: Instant) {
        match seen {
            // Further writes belong to the same commit.
            Seen::Write if self.uncommitted(now).is_none() => self.written_at = Some(now),
            Seen::Nothing | Seen::Write => {}
            Seen::Commit => (self.committed_at, self.written_at) = (now, None),
        }
    }

    /// The pause after a look at `now`; none if there is nothing to look for until the system tells of a write.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let busy = if self.told { FLOOD } else { BUSY };
        match self.uncommitted(now) {
            Some(since) if since < COMMIT => Some(COMMIT_PAUSE),
            Some(_) => Some(BUSY_PAUSE),
            None if now - self.committed_at < busy => Some(BUSY_PAUSE),
            None => (!self.told).then_some(IDLE_PAUSE),
        }
    }

    /// How long ago the write was told of whose commit is still to come. One that takes too long was undone.
    fn uncommitted(&self, now: Instant) -> Option<Duration> {
        self.written_at.map(|written_at| now - written_at).filter(|since| *since < BUSY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses at these times, microseconds, each after what was seen there.
    fn pauses<const N: usize>(told: bool, looks: [(u64, Seen); N]) -> [Option<Duration>; N] {
        let start = Instant::now();
        let mut rhythm = Rhythm::new(told, start);
        looks.map(|(at, seen)| {
            let now = start + Duration::from_micros(at);
            rhythm.saw(seen, now);
            rhythm.pause(now)
        })
    }

    #[test]
    fn a_commit_is_awaited_closely_from_the_first_of_its_writes_and_not_for_ever() {
        let looks = [
            (2_000, Seen::Nothing),
            (10_000, Seen::Write),
            (10_900, Seen::Write),
            (11_000, Seen::Nothing),
            (209_999, Seen::Write),
            (210_000, Seen::Nothing),
        ];
        let expected = [None, Some(COMMIT_PAUSE), Some(COMMIT_PAUSE), Some(BUSY_PAUSE), Some(BUSY_PAUSE), None];
        assert_eq!(pauses(true, looks), expected);
    }

    #[test]
    fn after_a_commit_the_watcher_looks_by_itself_for_a_moment() {
        let looks = [(10_000, Seen::Write), (10_100, Seen::Commit), (12_099, Seen::Nothing), (12_100, Seen::Nothing)];
        assert_eq!(pauses(true, looks), [Some(COMMIT_PAUSE), Some(BUSY_PAUSE), Some(BUSY_PAUSE), None]);
    }

    #[test]
    fn where_nobody_tells_it_never_stops_looking() {
        let looks = [(0, Seen::Nothing), (199_999, Seen::Nothing), (200_000, Seen::Nothing), (900_000, Seen::Commit)];
        assert_eq!(pauses(false, looks), [Some(BUSY_PAUSE), Some(BUSY_PAUSE), Some(IDLE_PAUSE), Some(BUSY_PAUSE)]);
    }
}
