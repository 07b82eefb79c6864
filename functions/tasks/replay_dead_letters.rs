//! One step of a replay: letters of a dead-letter queue are told, done again, parked or deleted.
//!
//! - Trigger: the state machine of the same name, the operators' command, or the console, by Lambda's Invoke.
//! - Reads: the queue, the streams that its letters point into, the rows that they are about, and what is remembered of them. Invokes: the
//!   function that failed, with exactly what it failed at; it is told that this is a replay, so that a failure is its answer and makes no
//!   second letter. Writes: timers back into their queue; what became of letters, and of the run (operations). Pushes nothing itself.
//! - Safe to repeat: every consumer is, and a letter is deleted only after its work is done. Only one run has a queue at a time.

mod choice;
mod replay;

use std::collections::{HashMap, HashSet};

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Fault, clock,
    harness::{self, Task},
    letters::{Letters, Opened},
    operations::{Operations, Remembered},
};
use muster_protocol::{
    Code, Rejection,
    operators::{self, Action, Letter, Run, Verdict},
};
use tokio::time::{Duration, Instant};

/// Letters that a step looks at, so that those of one recipient are in order: nobody reads thousands of them one by one.
const LOOKED_AT: usize = 1_000;

/// Letters that a step handles at most.
const HANDLED: u64 = 100;

/// Letters of a run at most, and a second.
const MOST: u64 = 100_000;
const FASTEST: u64 = 100;

/// Letters that are told of although nothing was done with them. A state machine takes 256 KB from one step to the next.
const TOLD_BESIDES: usize = 50;

/// Characters of a reason that are told.
const REASON_CHARACTERS: usize = 300;

/// What of the time of an invocation is kept for putting letters back.
const PUTTING_BACK: Duration = Duration::from_secs(10);

struct State {
    letters: Letters,
    operations: Operations,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::task(State::from_config, step).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { letters: Letters::from_config(config)?, operations: Operations::from_config(config)? })
    }
}

/// A step under way.
struct Step<'a> {
    state: &'a State,
    asked: &'a operators::Letters,
    run: Run,
    remembered: HashMap<String, Remembered>,
    /// Whose letters have failed: those behind them are left alone.
    failed: HashSet<String>,
    /// The letters that are told of.
    told: Vec<Letter>,
    /// Those that are deleted.
    gone: HashSet<String>,
    /// How many were handled that this run had not handled before.
    handled: u64,
    deadline: Instant,
}

async fn step(state: &State, task: Task<operators::Letters>) -> Result<operators::Letters, Failure> {
    let Task { asked, deadline, .. } = task;
    check(&asked)?;
    let run = asked.run.clone().unwrap_or_else(|| {
        let now = clock::now_milliseconds();
        Run { id: muster_aws::run_id(now), started_at: now, ..Run::default() }
    });
    let changes = !asked.dry_run && !matches!(asked.action, Action::List | Action::Show);
    if changes && !state.operations.lock(asked.queue, &run.id).await? {
        let problem = format!("somebody else has the letters of {}; ask again in three minutes at the latest", asked.queue);
        return Err(Rejection::new(Code::Busy, problem).into());
    }
    let remembered = state.operations.letters(asked.queue).await?;
    let taken = state.letters.take(asked.queue, LOOKED_AT).await?;
    let mut step = Step {
        state,
        asked: &asked,
        run,
        remembered,
        failed: HashSet::new(),
        told: Vec::new(),
        gone: HashSet::new(),
        handled: 0,
        deadline: deadline - PUTTING_BACK,
    };
    let outcome = step.handle_all(&taken).await;
    let Step { mut run, told, gone, handled, .. } = step;
    let left: Vec<&Opened> = taken.iter().filter(|letter| !gone.contains(&letter.letter.message_id)).collect();
    state.letters.put_back(asked.queue, &left).await?;
    if let Err(fault) = outcome {
        // Whoever asks again may not know the run, and is not to wait until the lock expires.
        state.operations.unlock(asked.queue, &run.id).await?;
        return Err(fault.into());
    }

    run.steps += 1;
    run.looked += handled;
    let left = left.len() as u64;
    let done = !changes || handled == 0 || left == 0 || run.looked >= asked.limit;
    if changes {
        state.operations.record(&asked, &run).await?;
    }
    if changes && done {
        state.operations.unlock(asked.queue, &run.id).await?;
    }
    let summary = summary(&asked, &run, left);
    if changes && done {
        tracing::info!(queue = asked.queue.name(), run = run.id, who = asked.who, summary, "replayed dead letters");
    }
    let wait_seconds = handled.div_ceil(asked.rate);
    Ok(operators::Letters { run: Some(run), letters: told, left, done, wait_seconds, summary, ..asked })
}

fn check(asked: &operators::Letters) -> Result<(), Rejection> {
    let problem = if asked.limit == 0 || asked.limit > MOST {
        format!("limit: {} is not between 1 and {MOST}", asked.limit)
    } else if asked.rate == 0 || asked.rate > FASTEST {
        format!("rate: {} is not between 1 and {FASTEST} letters a second", asked.rate)
    } else if asked.action == Action::Show && asked.message_id.is_none() {
        "messageId: say which letter is to be shown".to_owned()
    } else {
        return Ok(());
    };
    Err(Rejection::new(Code::BadRequest, problem))
}

fn summary(asked: &operators::Letters, run: &Run, left: u64) -> String {
    let Run { replayed, superseded, failed, parked, expired, purged, .. } = run;
    let what = match asked.action {
        Action::List | Action::Show => return format!("{}: {left} letters", asked.queue),
        _ if asked.dry_run => return format!("{}: {left} letters, nothing was done", asked.queue),
        Action::Park | Action::Unpark => format!("{} looked at", run.looked),
        Action::Purge => format!("{purged} deleted"),
        Action::Replay => {
            format!("{replayed} replayed, {superseded} superseded, {failed} failed again, {parked} parked, {expired} expired")
        }
    };
    format!("{}: {what}; {left} left", asked.queue)
}

impl Step<'_> {
    /// Handles the letters that are meant, in their order.
    async fn handle_all(&mut self, taken: &[Opened]) -> Result<(), Fault> {
        let mut chosen: Vec<&Opened> =
            taken.iter().filter(|opened| choice::is_meant(self.asked, &self.letter(opened), &opened.body)).collect();
        chosen.sort_by_key(|opened| opened.place);
        let most = HANDLED.min(self.asked.limit.saturating_sub(self.run.looked)).min(self.asked.rate.saturating_mul(10));
        for opened in chosen {
            let only_tells = self.asked.action == Action::List || self.asked.dry_run;
            if only_tells && self.told.len() as u64 >= self.asked.limit {
                break;
            }
            match self.asked.action {
                Action::List => self.told.push(self.letter(opened)),
                Action::Show => self.show(opened).await?,
                Action::Replay if self.asked.dry_run => self.try_out(opened).await?,
                Action::Park | Action::Unpark | Action::Purge if self.asked.dry_run => self.told.push(self.letter(opened)),
                _ if self.handled >= most || Instant::now() >= self.deadline => break,
                Action::Replay => self.replay(opened).await?,
                Action::Park => self.park(opened, true).await?,
                Action::Unpark => self.park(opened, false).await?,
                Action::Purge => self.purge(opened).await?,
            }
        }
        Ok(())
    }

    /// What is told of a letter, with what is remembered of it.
    fn letter(&self, opened: &Opened) -> Letter {
        let mut letter = opened.letter.clone();
        if let Some(remembered) = self.remembered.get(&letter.message_id) {
            (letter.replays, letter.parked) = (remembered.replays, remembered.parked);
            letter.new_reason.clone_from(&remembered.reason);
        }
        letter.reason = letter.reason.chars().take(REASON_CHARACTERS).collect();
        letter
    }

    /// Tells of a letter with which nothing is done, unless so many are told of already.
    fn tell_besides(&mut self, letter: Letter, verdict: Verdict) {
        let besides = |told: &&Letter| matches!(told.verdict, Some(Verdict::Parked | Verdict::Behind));
        if self.told.iter().filter(besides).count() < TOLD_BESIDES {
            self.told.push(Letter { verdict: Some(verdict), ..letter });
        }
    }

    async fn show(&mut self, opened: &Opened) -> Result<(), Fault> {
        let records = self.records(opened).await?.unwrap_or_default();
        let letter = self.letter(opened);
        self.told.push(Letter { body: Some(opened.body.clone()), records, ..letter });
        Ok(())
    }

    async fn park(&mut self, opened: &Opened, parked: bool) -> Result<(), Fault> {
        let id = &opened.letter.message_id;
        let before = self.remembered.get(id).cloned().unwrap_or_default();
        if before.run == self.run.id {
            return Ok(());
        }
        let replays = if parked { before.replays } else { 0 };
        let after = Remembered { parked, replays, run: self.run.id.clone(), ..before };
        self.state.operations.remember(self.asked.queue, id, &after).await?;
        self.remembered.insert(id.clone(), after);
        self.handled += 1;
        self.run.parked += u64::from(parked);
        let letter = self.letter(opened);
        self.told.push(letter);
        Ok(())
    }

    async fn purge(&mut self, opened: &Opened) -> Result<(), Fault> {
        self.delete(opened).await?;
        self.run.purged += 1;
        let letter = self.letter(opened);
        self.told.push(Letter { verdict: Some(Verdict::Purged), ..letter });
        Ok(())
    }

    /// Deletes a letter that is settled.
    async fn delete(&mut self, opened: &Opened) -> Result<(), Fault> {
        self.state.letters.delete(self.asked.queue, opened).await?;
        self.gone.insert(opened.letter.message_id.clone());
        self.handled += 1;
        if self.remembered.contains_key(&opened.letter.message_id) {
            self.state.operations.forget(self.asked.queue, &opened.letter.message_id).await?;
        }
        Ok(())
    }
}
