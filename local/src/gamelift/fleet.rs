//! How the pretended fleet behaves: by the names of queues, and by a file.

use std::{collections::HashMap, path::Path, time::Duration};

use serde::Deserialize;

/// How long the fleet takes by default.
const USUAL_DELAY: Duration = Duration::from_millis(300);

/// The queues that are always there, named after what becomes of their placements.
pub(super) const ALWAYS: [&str; 6] = ["fulfil", "time-out", "fail", "repeat", "reorder", "drop"];

/// What becomes of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Fulfil,
    TimeOut,
    Fail,
    /// It stays `PENDING` for good, unless somebody stops it. The real service would time out.
    Never,
}

/// How a placement's event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Events {
    Once,
    Repeat,
    /// After the queue's next one.
    Reorder,
    Drop,
}

/// What the fleet does with the placements of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    pub(super) outcome: Outcome,
    /// Until the outcome, if it is said. To time out takes as long as the queue waits where it is not, and all else [`USUAL_DELAY`].
    delay: Option<Duration>,
    pub(super) events: Events,
    /// Whether a game server is started.
    pub(super) server: bool,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { outcome: Outcome::Fulfil, delay: None, events: Events::Once, server: true }
    }
}

impl Behaviour {
    /// That of a queue which is always there.
    pub(super) fn of_name(name: &str) -> Behaviour {
        let usual = Behaviour::default();
        match name {
            "time-out" => Behaviour { outcome: Outcome::TimeOut, ..usual },
            "fail" => Behaviour { outcome: Outcome::Fail, ..usual },
            "repeat" => Behaviour { events: Events::Repeat, ..usual },
            "reorder" => Behaviour { events: Events::Reorder, ..usual },
            "drop" => Behaviour { events: Events::Drop, ..usual },
            _ => usual,
        }
    }

    /// What becomes of a placement in a queue with this timeout, and after how long. What takes longer than the queue waits times out.
    pub(super) fn outcome(&self, timeout: Duration) -> (Outcome, Duration) {
        let usual = if self.outcome == Outcome::TimeOut { timeout } else { USUAL_DELAY };
        let delay = self.delay.unwrap_or(usual);
        if delay > timeout && self.outcome != Outcome::Never { (Outcome::TimeOut, timeout) } else { (self.outcome, delay) }
    }

    /// This, with what the file says instead.
    fn with(self, entry: &Entry) -> Behaviour {
        Behaviour {
            outcome: entry.outcome.unwrap_or(self.outcome),
            delay: entry.delay_milliseconds.map(Duration::from_millis).or(self.delay),
            events: entry.events.unwrap_or(self.events),
            server: entry.server.unwrap_or(self.server),
        }
    }
}

/// What the file says of a queue. What it leaves out is as without it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    outcome: Option<Outcome>,
    delay_milliseconds: Option<u64>,
    events: Option<Events>,
    server: Option<bool>,
}

/// The behaviour of `queue`, which is `usual` unless the file says something else. The file is small and on this machine, so that reading
/// it each time takes no time to speak of, and no change of it is missed.
///
/// # Errors
/// If the file cannot be read or understood, or names a queue that `is_queue` does not know: a fleet that then behaved as usual would have
/// a test succeed for the wrong reason.
pub(super) fn behaviour(file: Option<&Path>, queue: &str, usual: &Behaviour, is_queue: impl Fn(&str) -> bool) -> Result<Behaviour, String> {
    let Some(file) = file else { return Ok(usual.clone()) };
    let problem = |problem: String| format!("the fleet's file {} {problem}", file.display());
    let text = std::fs::read(file).map_err(|error| problem(format!("cannot be read: {error}")))?;
    let entries: HashMap<String, Entry> = serde_json::from_slice(&text).map_err(|error| problem(format!("is not understood: {error}")))?;
    if let Some(unknown) = entries.keys().find(|name| !is_queue(name)) {
        return Err(problem(format!("names the queue '{unknown}', which is not there")));
    }
    Ok(entries.get(queue).map_or_else(|| usual.clone(), |entry| usual.clone().with(entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longer_than_the_queue_waits_times_out() {
        let timeout = Duration::from_secs(10);
        let with = |outcome, delay: Option<u64>| Behaviour { outcome, delay: delay.map(Duration::from_secs), ..Behaviour::default() };
        for (behaviour, expected) in [
            (with(Outcome::Fulfil, None), (Outcome::Fulfil, USUAL_DELAY)),
            (with(Outcome::Fulfil, Some(10)), (Outcome::Fulfil, timeout)),
            (with(Outcome::Fulfil, Some(11)), (Outcome::TimeOut, timeout)),
            (with(Outcome::Fail, Some(0)), (Outcome::Fail, Duration::ZERO)),
            (with(Outcome::TimeOut, None), (Outcome::TimeOut, timeout)),
            (with(Outcome::TimeOut, Some(1)), (Outcome::TimeOut, Duration::from_secs(1))),
        ] {
            assert_eq!(behaviour.outcome(timeout), expected, "{behaviour:?}");
        }
    }

    #[test]
    fn the_file_says_what_is_different() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |queue: &str| behaviour(Some(file.path()), queue, &Behaviour::of_name(queue), |name| ["repeat", "mine"].contains(&name));
        std::fs::write(
            file.path(),
            r#"{"repeat": {"delayMilliseconds": 0}, "mine": {"outcome": "never", "events": "drop", "server": false}}"#,
        )
        .unwrap();
        assert_eq!(read("repeat"), Ok(Behaviour { delay: Some(Duration::ZERO), events: Events::Repeat, ..Behaviour::default() }));
        let mine = Behaviour { outcome: Outcome::Never, delay: None, events: Events::Drop, server: false };
        assert_eq!((read("mine"), read("other")), (Ok(mine), Ok(Behaviour::default())));
    }

    #[test]
    fn a_file_that_is_not_understood_says_why() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, problem) in [
            ("", "EOF"),
            (r#"{"fulfil": {"outcome": "win"}}"#, "unknown variant `win`"),
            (r#"{"fulfil": {"delay": 5}}"#, "unknown field `delay`"),
            (r#"{"fulfil": {"delayMilliseconds": -5}}"#, "-5"),
            (r#"{"fulfill": {}}"#, "the queue 'fulfill', which is not there"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let error = behaviour(Some(file.path()), "fulfil", &Behaviour::default(), |name| ALWAYS.contains(&name)).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        let nowhere = Path::new("/nowhere/fleet.json");
        let error = behaviour(Some(nowhere), "fulfil", &Behaviour::default(), |_| true).unwrap_err();
        assert!(error.contains("/nowhere/fleet.json cannot be read"), "{error}");
    }
}
