//! One letter, done again.

use muster_aws::{
    Fault, Timer,
    letters::{Done, Letters, Opened, Work, group_of},
    operations::Remembered,
};
use muster_protocol::operators::{Letter, Verdict};
use serde_json::{Value, json};

use super::Step;

/// How often a letter is replayed in vain, before no replay takes it any more.
const REPLAYS: u64 = 5;

impl Step<'_> {
    /// The records of a letter, read once.
    pub(super) async fn records(&self, opened: &Opened) -> Result<Option<Vec<Value>>, Fault> {
        let kept = self.remembered.get(&opened.letter.message_id).map(Remembered::records).unwrap_or_default();
        self.state.letters.records(&opened.work, &kept).await
    }

    /// Whose state a letter is about, with its records if it only points at them.
    fn groups(opened: &Opened, records: Option<&[Value]>) -> Vec<String> {
        let of_records = records.unwrap_or_default().iter().filter_map(group_of);
        opened.group.iter().cloned().chain(of_records).collect()
    }

    /// Tells what a replay would do, and keeps the keys of what the stream will forget.
    pub(super) async fn try_out(&mut self, opened: &Opened) -> Result<(), Fault> {
        let records = self.records(opened).await?;
        self.keep(opened, records.as_deref()).await?;
        let letter = self.letter(opened);
        let is_lost = matches!(opened.work, Work::Position(_)) && records.is_none();
        let groups = Self::groups(opened, records.as_deref());
        let about = if opened.group.is_none() && !groups.is_empty() { groups.join(", ") } else { letter.about.clone() };
        let verdict = if is_lost { Some(Verdict::Expired) } else { letter.parked.then_some(Verdict::Parked) };
        self.told.push(Letter { about, verdict, ..letter });
        Ok(())
    }

    /// Keeps the keys of a letter's records, unless they are kept already, or are in the letter.
    async fn keep(&mut self, opened: &Opened, records: Option<&[Value]>) -> Result<(), Fault> {
        let (Work::Position(_), Some(records)) = (&opened.work, records) else { return Ok(()) };
        let id = &opened.letter.message_id;
        let remembered = self.remembered.entry(id.clone()).or_default();
        if remembered.kept.is_some() {
            return Ok(());
        }
        let kept =
            serde_json::to_string(&Letters::without_images(records)).map_err(|error| Fault::new("keeping a letter's keys", error))?;
        remembered.kept = Some(kept);
        self.state.operations.remember(self.asked.queue, id, remembered).await
    }

    /// Does a letter again, unless it is parked, this run has had it, or one before it of the same recipient has failed.
    pub(super) async fn replay(&mut self, opened: &Opened) -> Result<(), Fault> {
        let letter = self.letter(opened);
        let (is_first, is_had) = {
            let before = self.remembered.get(&letter.message_id);
            (self.run.steps == 0, before.is_some_and(|before| before.run == self.run.id))
        };
        if letter.parked {
            // Whoever was given up holds up nobody.
            if is_first {
                self.run.parked += u64::from(!is_had);
                self.tell_besides(letter, Verdict::Parked);
            }
            return Ok(());
        }
        let records = self.records(opened).await?;
        let groups = Self::groups(opened, records.as_deref());
        if is_had {
            self.failed.extend(groups);
            return Ok(());
        }
        if groups.iter().any(|group| self.failed.contains(group)) {
            self.tell_besides(letter, Verdict::Behind);
            return Ok(());
        }
        self.keep(opened, records.as_deref()).await?;
        match self.attempt(opened, records).await? {
            Attempt::Settled(verdict) => {
                self.delete(opened).await?;
                *(if verdict == Verdict::Superseded { &mut self.run.superseded } else { &mut self.run.replayed }) += 1;
                self.told.push(Letter { verdict: Some(verdict), ..letter });
            }
            Attempt::Failed(reason) => {
                self.failed.extend(groups);
                self.note_failure(opened, letter, reason).await?;
            }
            Attempt::Expired => {
                let before = self.remembered.get(&letter.message_id).cloned().unwrap_or_default();
                self.remember(&letter, Remembered { run: self.run.id.clone(), ..before }).await?;
                self.run.expired += 1;
                self.told.push(Letter { verdict: Some(Verdict::Expired), ..letter });
            }
        }
        Ok(())
    }

    async fn note_failure(&mut self, opened: &Opened, letter: Letter, reason: String) -> Result<(), Fault> {
        let reason: String = reason.chars().take(super::REASON_CHARACTERS).collect();
        let before = self.remembered.get(&letter.message_id).cloned().unwrap_or_default();
        let replays = before.replays + 1;
        let parked = replays >= REPLAYS;
        let (run, told) = (self.run.id.clone(), Some(reason.clone()));
        self.remember(&letter, Remembered { replays, parked, reason: told, run, ..before }).await?;
        let verdict = if parked { Verdict::Parked } else { Verdict::Failed };
        *(if parked { &mut self.run.parked } else { &mut self.run.failed }) += 1;
        let function = &opened.letter.function;
        tracing::warn!(cause = letter.cause, function, about = letter.about, replays, parked, error = reason, "a letter failed again");
        self.told.push(Letter { verdict: Some(verdict), new_reason: Some(reason), replays, parked, ..letter });
        Ok(())
    }

    async fn remember(&mut self, letter: &Letter, remembered: Remembered) -> Result<(), Fault> {
        self.state.operations.remember(self.asked.queue, &letter.message_id, &remembered).await?;
        self.remembered.insert(letter.message_id.clone(), remembered);
        self.handled += 1;
        Ok(())
    }

    async fn attempt(&self, opened: &Opened, records: Option<Vec<Value>>) -> Result<Attempt, Fault> {
        let letters = &self.state.letters;
        let event = match (&opened.work, records) {
            (Work::Timer(timer), _) => {
                // Put back, what is no timer would come again as a second letter.
                if let Err(error) = serde_json::from_str::<Timer>(timer) {
                    return Ok(Attempt::Failed(format!("it is no timer: {error}")));
                }
                letters.fire(timer).await?;
                return Ok(Attempt::Settled(Verdict::Replayed));
            }
            (Work::Unknown, _) => return Ok(Attempt::Failed("it is no letter of Lambda, SNS, or a function of ours".to_owned())),
            (Work::Event(event), _) => event.clone(),
            (Work::Position(_) | Work::Record(_), None) => return Ok(Attempt::Expired),
            (Work::Position(_) | Work::Record(_), Some(records)) => {
                let current = letters.current(records).await?;
                if current.is_empty() {
                    return Ok(Attempt::Settled(Verdict::Superseded));
                }
                json!({"Records": current})
            }
        };
        Ok(match letters.hand_over(&opened.letter.function, event).await? {
            Done::Succeeded => Attempt::Settled(Verdict::Replayed),
            Done::Failed(reason) => Attempt::Failed(reason),
        })
    }
}

/// What came of doing a letter again.
enum Attempt {
    /// It can be deleted.
    Settled(Verdict),
    Failed(String),
    Expired,
}
