//! `letters`: dead letters, what became of each, and what is left.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use muster_protocol::operators::{Action, Letter, LetterKind, Letters, Only, Queue, Verdict};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    Exit, Result,
    access::{Access, Task},
    confirm::confirm,
    output::Output,
    table::word,
    time,
};

/// What is done with dead letters.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// What lies in a queue, and why
    List(Which),
    /// One letter, whole, with the rows that it points at
    Show {
        /// The queue; not all
        queue: Queues,
        /// The id of the letter, as `list` shows it
        message_id: String,
    },
    /// Does again what failed, and deletes each letter once that has succeeded. Shows first what would be done, and asks
    Replay(Destructive),
    /// Leaves letters where they are, but for no replay to take
    Park(Changed),
    /// Lets replays take them again
    Unpark(Changed),
    /// Deletes letters: what they are about is lost. Shows them first, and asks
    Purge(Destructive),
}

/// Which letters.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The queue, by what its letters come from
    queue: Queues,

    /// Only those with this text in a member of the letter (function, kind, about, cause, reason, messageId, …) or at a path into its body,
    /// such as body.record.dynamodb.Keys.matchId.S=K7QX2M
    #[arg(long, value_name = "FIELD=VALUE", value_parser = only)]
    only: Option<Only>,

    /// Most letters, of each queue
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    max: u64,
}

/// How they are changed.
#[derive(Debug, clap::Args)]
pub struct Changed {
    #[command(flatten)]
    which: Which,

    /// Letters a second
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,

    /// Only show which letters it would be
    #[arg(long)]
    dry_run: bool,
}

/// How they are changed in a way that cannot be undone.
#[derive(Debug, clap::Args)]
pub struct Destructive {
    #[command(flatten)]
    changed: Changed,

    /// Do it without showing and asking
    #[arg(long)]
    yes: bool,
}

/// One queue or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Queues {
    /// Rows of tables
    Streams,
    /// Timers
    Timers,
    /// Events and announcements
    Topics,
    /// All three, one after another
    All,
}

impl Queues {
    fn each(self) -> &'static [Queue] {
        match self {
            Self::Streams => &[Queue::Streams],
            Self::Timers => &[Queue::Timers],
            Self::Topics => &[Queue::Topics],
            Self::All => &Queue::ALL,
        }
    }
}

fn only(text: &str) -> Result<Only, String> {
    let (field, value) = text.split_once('=').filter(|(field, _)| !field.is_empty()).ok_or("write it as FIELD=VALUE")?;
    Ok(Only { field: field.to_owned(), value: value.to_owned() })
}

/// Does it, and prints a verdict for each letter.
pub(crate) async fn run(verb: &Verb, access: &Access, output: &mut Output<'_>) -> Result<Exit> {
    let who = access.who().await?;
    let (action, which, changed, yes) = match verb {
        Verb::List(which) => (Action::List, which, None, true),
        Verb::Show { queue, message_id } => return show(*queue, message_id, who, access, output).await,
        Verb::Replay(asked) => (Action::Replay, &asked.changed.which, Some(&asked.changed), asked.yes),
        Verb::Park(asked) => (Action::Park, &asked.which, Some(asked), true),
        Verb::Unpark(asked) => (Action::Unpark, &asked.which, Some(asked), true),
        Verb::Purge(asked) => (Action::Purge, &asked.changed.which, Some(&asked.changed), asked.yes),
    };
    let dry_run = changed.is_some_and(|changed| changed.dry_run);
    let requests = which.queue.each().iter().map(|queue| {
        let asked = request(action, *queue, &who)?;
        let rate = changed.map_or(asked.rate, |changed| changed.rate);
        Ok(Letters { limit: which.max, dry_run, only: which.only.clone(), rate, ..asked })
    });
    let requests = requests.collect::<Result<Vec<_>>>()?;
    if !yes && !dry_run {
        let mut found = 0;
        for request in &requests {
            found += carry_out(&Letters { dry_run: true, ..request.clone() }, access, output).await?.letters.len();
        }
        let word = if action == Action::Purge { "Delete" } else { "Replay" };
        if found == 0 || !confirm(&format!("{word} these {found} letters?"), false)? {
            output.document(&[(); 0])?;
            return Ok(if found == 0 { Exit::Done } else { Exit::Remaining });
        }
    }
    let mut answers = Vec::new();
    for request in &requests {
        answers.push(carry_out(request, access, output).await?);
    }
    output.document(&answers)?;
    let counts = matches!(action, Action::Replay | Action::Purge);
    Ok(if counts && answers.iter().any(remain) { Exit::Remaining } else { Exit::Done })
}

/// A request with the defaults of the protocol.
fn request(action: Action, queue: Queue, who: &str) -> Result<Letters> {
    Ok(serde_json::from_value(json!({"do": action, "queue": queue, "who": who}))?)
}

/// Asks step by step until all is done. The last answer, with the letters of all steps, each of which has been printed.
async fn carry_out(request: &Letters, access: &Access, output: &mut Output<'_>) -> Result<Letters> {
    let (mut request, mut letters) = (request.clone(), Vec::new());
    loop {
        let mut answer: Letters = access.ask(Task::ReplayDeadLetters, &request).await?;
        for letter in &answer.letters {
            output.say(text(letter))?;
        }
        letters.append(&mut answer.letters);
        if answer.done {
            output.say(&answer.summary)?;
            return Ok(Letters { letters, ..answer });
        }
        output.progress(&answer.summary)?;
        sleep(Duration::from_secs(answer.wait_seconds)).await;
        request = answer;
    }
}

/// Whether letters are left that were meant.
fn remain(answer: &Letters) -> bool {
    let is_settled = |letter: &Letter| matches!(letter.verdict, Some(Verdict::Replayed | Verdict::Superseded | Verdict::Purged));
    // With a filter, what is left in the queue may be others.
    if answer.only.is_none() { answer.left > 0 } else { !answer.letters.iter().all(is_settled) }
}

async fn show(queue: Queues, message_id: &str, who: String, access: &Access, output: &mut Output<'_>) -> Result<Exit> {
    let [queue] = queue.each() else { return Err("name the queue that the letter is in: streams, timers or topics".into()) };
    let request = Letters { message_id: Some(message_id.to_owned()), ..request(Action::Show, *queue, &who)? };
    let answer: Letters = access.ask(Task::ReplayDeadLetters, &request).await?;
    let letter = answer.letters.first().ok_or_else(|| format!("there is no letter {message_id}; {}", answer.summary))?;
    output.document(letter)?;
    output.say(text(letter))?;
    output.say(serde_json::to_string_pretty(&letter.body)?)?;
    for record in &letter.records {
        output.say(format!("\nIt points at:\n{}", serde_json::to_string_pretty(record)?))?;
    }
    Ok(Exit::Done)
}

/// A letter in two lines: what became of it and what it is, and below why.
fn text(letter: &Letter) -> String {
    let verdict = match letter.verdict {
        Some(verdict) => word(&verdict),
        None if letter.parked => "parked".to_owned(),
        None => "waits".to_owned(),
    };
    let kind = if letter.kind == LetterKind::Unknown { "?".to_owned() } else { word(&letter.kind) };
    let cause = letter.cause.as_deref().map(|cause| format!("  cause={cause}")).unwrap_or_default();
    let replays = if letter.replays > 0 { format!("replayed in vain {} times; ", letter.replays) } else { String::new() };
    let newly = letter
        .new_reason
        .as_deref()
        .filter(|reason| *reason != letter.reason)
        .map(|reason| format!("\n            now: {reason}"))
        .unwrap_or_default();
    let (sent, function, about) = (time::at(letter.sent_at), &letter.function, &letter.about);
    let id = &letter.message_id;
    format!("{verdict:10}  {sent}  {function}  {kind}  {about}{cause}\n            {id}  {replays}{}{newly}", letter.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(verdict: Option<&str>) -> Letter {
        let mut letter = json!({
            "messageId": "m-1", "sentAt": 1_795_259_005_007_u64, "function": "muster-dev-play", "kind": "record", "about": "matchId=K7QX2M",
            "cause": "C=", "reason": "it panicked", "replays": 2, "parked": false, "newReason": "it panicked again",
        });
        letter["verdict"] = verdict.into();
        serde_json::from_value(letter).unwrap()
    }

    #[test]
    fn a_filter_is_a_field_and_its_value() {
        let read = |text| only(text).map(|only| (only.field, only.value));
        assert_eq!(read("body.a.b=c=d"), Ok(("body.a.b".to_owned(), "c=d".to_owned())));
        assert_eq!(read("cause="), Ok(("cause".to_owned(), String::new())));
        assert!(read("cause").is_err() && read("=x").is_err());
    }

    #[test]
    fn a_letter_says_what_became_of_it_and_why() {
        let expected = "failed      2026-11-21 11:03:25.007  muster-dev-play  record  matchId=K7QX2M  cause=C=\n            \
                        m-1  replayed in vain 2 times; it panicked\n            now: it panicked again";
        assert_eq!(text(&letter(Some("failed"))), expected);
        let parked = Letter { parked: true, cause: None, replays: 0, new_reason: None, ..letter(None) };
        assert_eq!(
            text(&parked),
            "parked      2026-11-21 11:03:25.007  muster-dev-play  record  matchId=K7QX2M\n            m-1  it panicked"
        );
        assert!(text(&letter(None)).starts_with("waits "));
    }

    #[test]
    fn letters_remain_that_were_meant_and_are_not_settled() {
        let answer = |only: Option<&str>, left, verdicts: &[&str]| Letters {
            only: only.map(|text| super::only(text).unwrap()),
            left,
            letters: verdicts.iter().map(|verdict| letter(Some(verdict))).collect(),
            ..request(Action::Replay, Queue::Timers, "w").unwrap()
        };
        assert!(remain(&answer(None, 1, &["replayed"])));
        assert!(!remain(&answer(None, 0, &["replayed", "superseded"])));
        assert!(!remain(&answer(Some("kind=timer"), 5, &["replayed", "purged"])), "the five are others");
        for verdict in ["failed", "parked", "expired", "behind"] {
            assert!(remain(&answer(Some("kind=timer"), 5, &["replayed", verdict])), "{verdict}");
        }
    }

    #[test]
    fn all_are_the_three() {
        assert_eq!(Queues::All.each().len(), 3);
        assert_eq!(Queues::Timers.each(), [Queue::Timers]);
    }
}
