//! Dead letters, replayed by the task `replay-dead-letters` as an operator does.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use muster_protocol::operators::{Letter, Letters, Queue, Verdict};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{Result, stack::Stack};

/// What became of the letters of all queues.
#[derive(Debug, Default)]
pub struct Replays {
    /// By queue: those that were replayed, that were superseded, and attempts that failed.
    pub settled: BTreeMap<&'static str, [u64; 3]>,
    /// Those that are there still, by queue and id, as they were told last.
    pub open: BTreeMap<(&'static str, String), Letter>,
    /// How many letters are left.
    pub left: u64,
    /// Why the task could not be asked, each time.
    pub problems: Vec<String>,
}

impl Replays {
    /// Replays what is in the three queues, once.
    pub async fn run(&mut self, stack: &Stack, until: Instant) -> Result<()> {
        self.left = 0;
        for queue in Queue::ALL {
            self.left += self.run_queue(stack, queue, until).await?;
        }
        Ok(())
    }

    /// Whether nothing that is left is ever replayed.
    pub fn are_stuck(&self) -> bool {
        self.left > 0 && self.open.values().all(|letter| matches!(letter.verdict, Some(Verdict::Parked | Verdict::Expired)))
    }

    async fn run_queue(&mut self, stack: &Stack, queue: Queue, until: Instant) -> Result<u64> {
        // A step that fails keeps the queue for three minutes from every other run: whoever names its run at the first step can go on with
        // it.
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let run = json!({"id": format!("{now:013}-drill"), "startedAt": u64::try_from(now)?});
        let mut request = json!({"queue": queue, "rate": 100, "limit": 100_000, "who": "the drill", "run": run});
        loop {
            let answer = tokio::task::block_in_place(|| stack.task("replay-dead-letters", &request));
            let problem = match &answer {
                Ok(answer) => answer["problem"].as_str().map(str::to_owned),
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem {
                self.problems.push(format!("{queue}: {problem}"));
                if Instant::now() > until {
                    return Err(format!("the letters of {queue} cannot be replayed: {problem}").into());
                }
                sleep(Duration::from_secs(2)).await;
                continue;
            }
            let mut answer: Letters = serde_json::from_value(answer?)?;
            let counts = self.settled.entry(queue.name()).or_default();
            for letter in std::mem::take(&mut answer.letters) {
                let key = (queue.name(), letter.message_id.clone());
                match letter.verdict {
                    Some(Verdict::Replayed) => counts[0] += 1,
                    Some(Verdict::Superseded) => counts[1] += 1,
                    Some(Verdict::Failed | Verdict::Parked) => counts[2] += 1,
                    _ => {}
                }
                match letter.verdict {
                    Some(Verdict::Replayed | Verdict::Superseded) => drop(self.open.remove(&key)),
                    _ => drop(self.open.insert(key, letter)),
                }
            }
            if answer.done {
                if answer.left == 0 {
                    self.open.retain(|(of, _), _| *of != queue.name());
                }
                return Ok(answer.left);
            }
            sleep(Duration::from_secs(answer.wait_seconds)).await;
            request = serde_json::to_value(&answer)?;
        }
    }

    /// Those that are left, with the reason.
    pub fn names(&self) -> Vec<String> {
        let name = |((queue, id), letter): (&(&str, String), &Letter)| {
            let Letter { function, about, reason, new_reason, verdict, replays, .. } = letter;
            let why = new_reason.as_ref().unwrap_or(reason);
            format!("{queue} {id}: {function}, {about}, {verdict:?} after {replays} replays: {why}")
        };
        self.open.iter().map(name).collect()
    }
}
