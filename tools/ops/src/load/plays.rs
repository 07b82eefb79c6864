//! When something was last played in each match, by any player here: what completes a version of a match is often the other's play.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::tally::lock;

#[derive(Clone, Copy, Debug)]
struct Last {
    /// The version that was played for.
    version: u64,
    at: Instant,
    /// Whether one of the two has seen the end.
    over: bool,
}

/// The last plays.
#[derive(Debug, Default)]
pub(super) struct Plays(Mutex<HashMap<String, Last>>);

/// What a push tells of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// How long ago what led to it was played; none, if the clock did it, or somebody elsewhere.
    pub(super) since: Option<Duration>,
    /// It is over, and nobody here has seen that before.
    pub(super) ended: bool,
}

impl Plays {
    /// Somebody plays, for this version.
    pub(super) fn play(&self, match_id: &str, version: u64, at: Instant) {
        lock(&self.0).insert(match_id.to_owned(), Last { version, at, over: false });
    }

    /// A version is shown to one of the players.
    pub(super) fn shown(&self, match_id: &str, version: u64, over: bool, at: Instant) -> Shown {
        let mut all = lock(&self.0);
        let Some(last) = all.get_mut(match_id) else { return Shown { since: None, ended: false } };
        let since = (last.version + 1 == version).then(|| at.saturating_duration_since(last.at));
        let ended = over && !last.over;
        if over && last.over {
            all.remove(match_id);
        } else {
            last.over = over;
        }
        Shown { since, ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_measured_from_the_last_play_of_either_for_both() {
        let (plays, start) = (Plays::default(), Instant::now());
        let after = |ms| start + Duration::from_millis(ms);
        plays.play("m", 3, start);
        plays.play("m", 3, after(20));
        let shown = Shown { since: Some(Duration::from_millis(5)), ended: false };
        assert_eq!(plays.shown("m", 4, false, after(25)), shown);
        assert_eq!(plays.shown("m", 4, false, after(25)), shown);
        assert_eq!(plays.shown("m", 5, false, after(900)).since, None, "nobody has played for version 4: the clock did it");
        plays.play("m", 5, after(1_000));
        assert_eq!(plays.shown("m", 6, true, after(1_001)), Shown { since: Some(Duration::from_millis(1)), ended: true });
        assert!(!plays.shown("m", 6, true, after(1_002)).ended, "it ends once");
        assert!(lock(&plays.0).is_empty() && plays.shown("other", 2, false, start) == Shown::default());
    }
}
