//! The pretended fleet: which queues there are, and what becomes of their placements, as the file of `--fleet` says.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::{Deserialize, Serialize};

use super::{GameLiftOptions, api::Refusal};
use crate::{account::arn, template::GameSessionQueue};

/// How long the fleet takes by default.
const USUAL_DELAY: Duration = Duration::from_millis(300);
/// How long a request waits in a queue that only the file names: the shortest that GameLift allows.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What becomes of a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Fulfil,
    TimeOut,
    Fail,
    /// It stays `PENDING` for good, unless somebody stops it. The real service would time out.
    Never,
}

/// How a placement's event is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Events {
    Once,
    Repeat,
    /// Every other one comes late.
    Reorder,
    Drop,
}

/// What the fleet does with the placements of a queue: what the file has behind the queue's name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Behaviour {
    pub(super) outcome: Outcome,
    /// Until the outcome. By default, to time out takes as long as the queue waits, and all else [`USUAL_DELAY`].
    delay_milliseconds: Option<u64>,
    pub(super) events: Events,
    /// Whether a game server is started.
    pub(super) server: bool,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { outcome: Outcome::Fulfil, delay_milliseconds: None, events: Events::Once, server: true }
    }
}

impl Behaviour {
    /// What becomes of a placement in a queue with this timeout, and after how long. What takes longer than the queue waits times out.
    pub(super) fn outcome(&self, timeout: Duration) -> (Outcome, Duration) {
        let usual = if self.outcome == Outcome::TimeOut { timeout } else { USUAL_DELAY };
        let delay = self.delay_milliseconds.map_or(usual, Duration::from_millis);
        if delay > timeout && self.outcome != Outcome::Never { (Outcome::TimeOut, timeout) } else { (self.outcome, delay) }
    }
}

impl GameLiftOptions {
    /// The queues of the template and those that the file names. The file is small, so that it is read each time, and no change of it is
    /// missed.
    ///
    /// # Errors
    /// `InternalServiceException` if the file cannot be read or understood: a fleet that then behaved as usual would have a test succeed
    /// for the wrong reason.
    pub(super) fn all_queues(&self) -> Result<Vec<(GameSessionQueue, Behaviour)>, Refusal> {
        let mut behaviours = self.fleet_file.as_deref().map_or(Ok(BTreeMap::new()), read)?;
        let of_template = self.queues.iter().map(|queue| (queue.clone(), behaviours.remove(&queue.name).unwrap_or_default()));
        let mut queues: Vec<_> = of_template.collect();
        queues.extend(behaviours.into_iter().map(|(name, behaviour)| {
            let (arn, notification_topic_arn) = (queue_arn(&name), self.topic_arn.clone());
            (GameSessionQueue { name, arn, timeout: SHORTEST_TIMEOUT, notification_topic_arn }, behaviour)
        }));
        Ok(queues)
    }
}

pub(super) fn queue_arn(name: &str) -> String {
    arn("gamelift", &format!("gamesessionqueue/{name}"))
}

fn read(file: &Path) -> Result<BTreeMap<String, Behaviour>, Refusal> {
    let problem = |what: String| Refusal("InternalServiceException", format!("the fleet's file {} {what}", file.display()));
    let text = std::fs::read(file).map_err(|error| problem(format!("cannot be read: {error}")))?;
    serde_json::from_slice(&text).map_err(|error| problem(format!("is not understood: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longer_than_the_queue_waits_times_out() {
        let timeout = Duration::from_secs(10);
        for (outcome, delay_milliseconds, expected) in [
            (Outcome::Fulfil, None, (Outcome::Fulfil, USUAL_DELAY)),
            (Outcome::Fulfil, Some(10_000), (Outcome::Fulfil, timeout)),
            (Outcome::Fulfil, Some(10_001), (Outcome::TimeOut, timeout)),
            (Outcome::Fail, Some(0), (Outcome::Fail, Duration::ZERO)),
            (Outcome::TimeOut, None, (Outcome::TimeOut, timeout)),
            (Outcome::TimeOut, Some(1_000), (Outcome::TimeOut, Duration::from_secs(1))),
        ] {
            let behaviour = Behaviour { outcome, delay_milliseconds, ..Behaviour::default() };
            assert_eq!(behaviour.outcome(timeout), expected, "{behaviour:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_understood_says_why() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, problem) in [
            ("", "EOF"),
            (r#"{"q": {"outcome": "win"}}"#, "unknown variant `win`"),
            (r#"{"q": {"delay": 5}}"#, "unknown field `delay`"),
            (r#"{"q": {"delayMilliseconds": -5}}"#, "-5"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let error = read(file.path()).unwrap_err().1;
            assert!(error.contains(problem), "{error}");
        }
        let error = read(Path::new("/nowhere/fleet.json")).unwrap_err().1;
        assert!(error.contains("/nowhere/fleet.json cannot be read"), "{error}");
    }
}
