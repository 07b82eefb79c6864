//! The task `replay-dead-letters`: one bounded step with the letters of one queue.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is done with letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// They are told.
    List,
    /// One is told, whole, with what it points at.
    Show,
    /// What failed is done again, and the letter deleted once it succeeds.
    #[default]
    Replay,
    /// No replay takes them any more.
    Park,
    /// Replays take them again.
    Unpark,
    /// They are deleted.
    Purge,
}

/// A dead-letter queue, by what its letters come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Queue {
    /// Rows of tables.
    Streams,
    /// Timers.
    Timers,
    /// Events and announcements.
    Topics,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Streams, Self::Timers, Self::Topics];

    /// Its name in requests and in the queue's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Timers => "timers",
            Self::Topics => "topics",
        }
    }
}

impl Display for Queue {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Which letters are meant: those with this text at this path, such as `function` or `body.record.dynamodb.Keys.matchId.S`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Only {
    /// A member of a [`Letter`], or a path of members with points between them.
    pub field: String,
    /// What it is.
    pub value: String,
}

/// How many letters a run handles, if that is not said.
const fn most_letters() -> u64 {
    1_000
}

/// How many in a second, if that is not said.
const fn per_second() -> u64 {
    10
}

/// What the task is asked, and what it answers: with `letters` left out and asked again, it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letters {
    /// What is done.
    #[serde(rename = "do", default)]
    pub action: Action,
    /// Of which queue.
    pub queue: Queue,
    /// How many letters a run handles in all.
    #[serde(default = "most_letters")]
    pub limit: u64,
    /// Whether nothing is done, only told.
    #[serde(default)]
    pub dry_run: bool,
    /// Which letters; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// Which letter, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Letters a second.
    #[serde(default = "per_second")]
    pub rate: u64,
    /// Who asks: it is recorded.
    #[serde(default)]
    pub who: String,
    /// How far the run is; absent at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// In an answer, the letters of this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Letter>,
    /// In an answer, how many letters are left in the queue.
    #[serde(default)]
    pub left: u64,
    /// In an answer, whether there is nothing more to do.
    #[serde(default)]
    pub done: bool,
    /// In an answer, how long to wait before the next step, in seconds.
    #[serde(default)]
    pub wait_seconds: u64,
    /// In an answer, how it stands, for people.
    #[serde(default)]
    pub summary: String,
}

/// A run of steps: its counts so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    /// Its id, which sorts by time.
    pub id: String,
    /// When it began, in epoch milliseconds.
    pub started_at: u64,
    /// Steps.
    pub steps: u64,
    /// Letters that were looked at.
    pub looked: u64,
    /// Letters whose work is done, and which are deleted.
    pub replayed: u64,
    /// Letters that newer state has made pointless, and which are deleted.
    pub superseded: u64,
    /// Letters that failed again, and are where they were.
    pub failed: u64,
    /// Letters that have failed so often that no replay takes them any more.
    pub parked: u64,
    /// Letters of which nothing is left to replay.
    pub expired: u64,
    /// Letters that were deleted on demand.
    pub purged: u64,
}

impl Run {
    /// Letters that are settled.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.replayed + self.superseded + self.purged
    }
}

/// What a letter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LetterKind {
    /// The place of rows in a stream, which forgets them after 24 hours.
    Position,
    /// What a function could never succeed with, whole.
    Record,
    /// An event that Lambda gave up.
    Event,
    /// A message that SNS could not hand over.
    Notification,
    /// A timer that SQS moved.
    Timer,
    /// Something else, which somebody sent.
    Unknown,
}

/// What became of a letter in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Its work is done, and it is deleted.
    Replayed,
    /// Newer state has made it pointless, and it is deleted.
    Superseded,
    /// It failed again, and is where it was.
    Failed,
    /// It has failed so often, or was parked: no replay takes it.
    Parked,
    /// The stream has forgotten its rows, and nothing tells which they were.
    Expired,
    /// It is left alone, since one of the same recipient, match or placement before it failed.
    Behind,
    /// It is deleted, on demand.
    Purged,
}

/// A letter, read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// SQS's id of it.
    pub message_id: String,
    /// When it was sent, in epoch milliseconds.
    pub sent_at: u64,
    /// The name of the function that could not deal with it.
    pub function: String,
    /// What it holds.
    pub kind: LetterKind,
    /// What it is about: keys of a row, the id of a message.
    pub about: String,
    /// The request that led to it, if it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Why it is there.
    pub reason: String,
    /// How often it was replayed in vain.
    #[serde(default)]
    pub replays: u64,
    /// Whether replays leave it alone.
    #[serde(default)]
    pub parked: bool,
    /// In a replay, what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it failed the last time that it was replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_reason: Option<String>,
    /// The message; only where one is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The records that it points at; only where one is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<Value>,
}
