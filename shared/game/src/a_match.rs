//! A match, whatever is played in it: who sits where, when the time is up, what is told and what is remembered.
//!
//! ```text
//!            join · start                act · time is up · leave              the game's end · forfeit · nobody plays · fault
//! waiting ────────────────► playing ─────────────────────────────► playing ────────────────────────────────────────────────► over
//! ```
//!
//! [`Match`] is the row, as it is stored. [`Match::change`] is all that can happen to it, pure: it takes what somebody wants and gives the
//! row that is to be written on condition that the `revision` is still the one that was read. So whoever loses that race decides again, on
//! what is there then.
//!
//! - A change first does, at the present time, what the clock should have done: whoever comes is as good as a lost timer.
//! - `revision` grows with every write. `version` grows with writes that players are told of, so that a secret play shows nobody that it
//!   was made.
//! - An action is known by its request: sent again, it is answered as the first time and not done again.
//! - Timers are lazy. A match has one outstanding message, the one that its `armed` names: see [`Match::look`].
//! - A game that panics, or a state that nothing can read, ends the match as void.

mod acting;
mod draft;
mod seeing;
mod sitting;
mod timing;

use muster_protocol::{MatchPlayer, MatchState, Rejection};
use serde::{Deserialize, Serialize};

use self::draft::{Draft, Stop};
use crate::{Millis, Mode, Outcome, Played, SeatSet, erased::Broken};

pub use seeing::Occasion;
pub use sitting::Opening;
pub use timing::Look;

/// How long a match is remembered after its last write and its due time, in seconds.
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// How long a match waits for players, in seconds.
const WAITING_SECONDS: u64 = 60 * 60;

/// How many requests of each seat are remembered.
const REQUESTS: usize = 4;

/// Most steps of the computer in one write.
const BOT_STEPS: usize = 8;

/// What is in `announce` of a row that the stream's consumer is to see: a filter compares texts.
const YES: &str = "yes";

/// And of one that it is not.
const NO: &str = "no";

/// A match: the row `match` of the table matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// Its id; of a private one the code.
    pub match_id: String,
    /// `match`: which of the rows of this id it is.
    pub item: String,
    /// The mode that is played.
    pub mode: String,
    /// The game's options, as JSON.
    pub options: String,
    /// Where it is.
    pub phase: MatchState,
    /// Who sits in it.
    pub seats: Vec<MatchPlayer>,
    /// The seat of whoever opened it, or of the next one, if that has left before the beginning.
    pub host: usize,
    /// What all its chance comes from. It is nobody's to see.
    pub seed: String,
    /// The version of the rules by which `state` was written.
    pub rules: u32,
    /// The game's state, as JSON; empty before the beginning.
    pub state: String,
    /// Grows with every write.
    pub revision: u64,
    /// Grows with every write that players are told of.
    pub version: u64,
    /// The version in which players were last told of a step of the game: what else they are told of makes no action stale.
    pub moved: u64,
    /// Whether the stream's consumer has anything to do with this write: `yes` or `no`.
    pub announce: String,
    /// Whether players are told of this write.
    pub told: bool,
    /// What players are told has happened, as a list in JSON.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub events: String,
    /// The `requestId` of each seat's latest action since players were last told, for those that had one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acks: Vec<Option<String>>,
    /// Who must act.
    pub awaits: SeatSet,
    /// Who must act, as far as everybody has been told.
    pub shown: SeatSet,
    /// When the time is up, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// Whether that is the game's deadline, or only the end of the mode's patience.
    pub idle: bool,
    /// When the computer acts, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_at: Option<Millis>,
    /// The revision whose timer is the one that counts.
    pub armed: u64,
    /// How many steps there have been.
    pub steps: u32,
    /// Deadlines in a row at which no player had done anything; -1, if one has before the deadline that is open.
    pub missed: i32,
    /// The latest requests of each seat, hashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Vec<u64>>,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it could not go on, for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When it was written, in epoch milliseconds.
    pub changed_at: Millis,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The request that opened it.
    pub cause: String,
    /// The request that made this revision of it.
    pub by: String,
}

/// What somebody wants of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// A player comes in, or back.
    Join(&'a str),
    /// The host has it begin.
    Start(&'a str),
    /// A player acts.
    Act {
        /// Who.
        player: &'a str,
        /// The action, as JSON.
        action: &'a str,
        /// The player's own id of its request, if it had one.
        request_id: Option<&'a str>,
        /// The version that the player saw, if it says so.
        version: Option<u64>,
    },
    /// A player leaves for good.
    Leave(&'a str),
    /// A player who sits in it is heard of.
    Return(&'a str),
    /// A player's last socket has closed.
    GoAway(&'a str),
    /// The timer is there: only the clock is asked.
    Tick,
    /// The timer is there, and is to be set anew: the one before may have twins.
    Arm,
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The row that is to be written in the place of the one that was read; none, if nothing has changed. A refused wish can have one, too:
    /// what the clock had to do is done all the same.
    pub row: Option<Match>,
    /// What whoever wished is told.
    pub answer: Result<Answer, Rejection>,
}

/// How a wish was fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done now, or there was nothing to do.
    Done,
    /// It is a request that was done before.
    Repeated,
}

/// The circumstances of a change.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What time it is, in epoch milliseconds.
    pub now: Millis,
    /// The request that makes it.
    pub by: &'a str,
}

impl Match {
    /// Which seat a player has, if it has one that it has not left.
    #[must_use]
    pub fn seat_of(&self, player: &str) -> Option<usize> {
        self.seats.iter().position(|seat| seat.player_id == player && !seat.left && !seat.bot)
    }

    /// Whether a player sits in it, or did.
    #[must_use]
    pub fn knows(&self, player: &str) -> bool {
        self.seats.iter().any(|seat| seat.player_id == player && !seat.bot)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == MatchState::Over
    }

    /// Whether this write begins a timer, which is then due at the time that is answered, in epoch milliseconds.
    #[must_use]
    pub fn arms(&self) -> Option<Millis> {
        self.wakes_at().filter(|_| self.armed == self.revision)
    }

    /// Its game, and what is fixed about it.
    fn played(&self) -> Result<&'static Played, Broken> {
        let played = crate::mode(&self.mode).and_then(Mode::as_played);
        played.ok_or_else(|| Broken(format!("there is no mode {} that is played here", self.mode)))
    }
}

#[cfg(test)]
mod chains;
#[cfg(test)]
mod crowd_tests;
#[cfg(test)]
mod tests;
