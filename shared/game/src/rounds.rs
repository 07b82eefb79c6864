//! Matches of two players in rounds, against the clock.
//!
//! ```text
//!            join                play, play · time is up                     wins · rounds · unanswered rounds · forfeit
//! waiting ─────────► playing ────────────────────────────► playing (next round) ─────────────────────────────────────────► over
//! ```
//!
//! In each round both play once, in secret, before [`Match::due_at`]. A round is resolved when both have played or the time is up: by the
//! last play or by the timer, whichever write comes first. A missing play loses to a play; if nobody played, nobody scores. Draws play on.
//!
//! Each function takes the match as it was read and gives the match as it is to be written, on condition that nothing of it has changed
//! meanwhile, plays included: so a round is resolved once, whoever tries.

use std::fmt;

use crate::games::{Duel, SimultaneousGame};

/// How a game is played in rounds.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// The game.
    pub game: &'static dyn SimultaneousGame,
    /// Seconds for each round.
    pub seconds: u64,
    /// Rounds that a player has to win.
    pub wins: u32,
    /// Rounds after which it is over, whoever leads.
    pub most_rounds: u32,
    /// Rounds in a row in which nobody plays, after which it is abandoned. Two players who are away must not be dealt rounds for ever.
    pub most_unanswered: u32,
}

/// One of the two players.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one who waited longer, or who opened the match.
    First,
    /// The other.
    Second,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// A value for each of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Both<T> {
    /// Of the first.
    pub first: T,
    /// Of the second.
    pub second: T,
}

impl<T> Both<T> {
    /// That of one side.
    pub const fn of(&self, side: Side) -> &T {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }

    /// That of one side, to be changed.
    pub const fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::First => &mut self.first,
            Side::Second => &mut self.second,
        }
    }
}

/// Where a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It has one player.
    Waiting,
    /// A round is open.
    Playing,
    /// It is over.
    Over(Ending),
}

/// How a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Somebody has won: by rounds, or by more points at the last round.
    Won(Side),
    /// The last round came and both have the same.
    Drawn,
    /// One has left, and the other wins.
    Forfeited {
        /// Who left.
        by: Side,
    },
    /// Nobody has played for too long.
    Abandoned,
}

/// What a round came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoundResult {
    /// Which round it was.
    pub round: u32,
    /// What both played; nothing, where the time was up.
    pub plays: Both<Option<String>>,
    /// Who won it.
    pub winner: Option<Side>,
    /// In words, such as "paper covers rock".
    pub summary: String,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Match {
    /// Where it is.
    pub state: State,
    /// Rounds won.
    pub scores: Both<u32>,
    /// The round that is open, or was last: from 1 on.
    pub round: u32,
    /// The plays of the open round, which nobody may see.
    pub plays: Both<Option<String>>,
    /// When the open round is over, in epoch milliseconds.
    pub due_at: u64,
    /// Rounds in a row, up to now, in which nobody played.
    pub unanswered: u32,
    /// The round before.
    pub last: Option<RoundResult>,
}

/// What a player does in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move<'a> {
    /// The round that it is for.
    pub round: u32,
    /// The play.
    pub play: &'a str,
}

/// Why a play does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The match has not begun.
    NotBegun,
    /// The match is over.
    Over,
    /// That round has been resolved.
    OldRound,
    /// That round has not begun.
    FutureRound,
    /// The round's time is up.
    Late,
    /// This player has played in this round.
    Repeated,
    /// The game has no such play.
    UnknownPlay,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBegun => "the match waits for its second player",
            Self::Over => "the match is over",
            Self::OldRound => "that round is over",
            Self::FutureRound => "that round has not begun",
            Self::Late => "the time of this round is up",
            Self::Repeated => "you have played in this round",
            Self::UnknownPlay => "the game has no such play",
        })
    }
}

impl Match {
    /// One that waits for its second player.
    #[must_use]
    pub fn waiting() -> Self {
        Self { state: State::Waiting, scores: Both::default(), round: 0, plays: Both::default(), due_at: 0, unanswered: 0, last: None }
    }

    /// One whose first round opens at `now` (epoch milliseconds).
    #[must_use]
    pub fn begun(rules: &Rounds, now: u64) -> Self {
        Self::waiting().opened(rules, now)
    }

    /// The match with its next round open.
    fn opened(self, rules: &Rounds, now: u64) -> Self {
        Self { state: State::Playing, round: self.round + 1, plays: Both::default(), due_at: now + rules.seconds * 1_000, ..self }
    }

    /// The second player has come, at `now` (epoch milliseconds).
    #[must_use]
    pub fn joined(self, rules: &Rounds, now: u64) -> Option<Self> {
        (self.state == State::Waiting).then(|| self.opened(rules, now))
    }

    /// The match with a play in its open round, which may be the last one that it waits for: see [`is_ready`](Self::is_ready).
    ///
    /// # Errors
    /// A [`Refusal`]: the first of the reasons in the order in which a player can mend them.
    pub fn played(mut self, rules: &Rounds, side: Side, played: Move<'_>, now: u64) -> Result<Self, Refusal> {
        match self.state {
            State::Waiting => return Err(Refusal::NotBegun),
            State::Over(_) => return Err(Refusal::Over),
            State::Playing => {}
        }
        if !rules.game.knows(played.play) {
            return Err(Refusal::UnknownPlay);
        }
        match played.round.cmp(&self.round) {
            std::cmp::Ordering::Less => return Err(Refusal::OldRound),
            std::cmp::Ordering::Greater => return Err(Refusal::FutureRound),
            std::cmp::Ordering::Equal => {}
        }
        if self.plays.of(side).is_some() {
            return Err(Refusal::Repeated);
        }
        if now >= self.due_at {
            return Err(Refusal::Late);
        }
        *self.plays.of_mut(side) = Some(played.play.to_owned());
        Ok(self)
    }

    /// Whether the open round can be resolved at `now` (epoch milliseconds): both have played, or the time is up.
    #[must_use]
    pub fn is_ready(&self, now: u64) -> bool {
        let both = self.plays.first.is_some() && self.plays.second.is_some();
        self.state == State::Playing && (both || now >= self.due_at)
    }

    /// The match behind its open round: with the next one open, or over. `None` as long as it is not ready.
    #[must_use]
    pub fn resolved(self, rules: &Rounds, now: u64) -> Option<Self> {
        if !self.is_ready(now) {
            return None;
        }
        let (winner, summary) = outcome(rules.game, &self.plays);
        let answered = self.plays.first.is_some() || self.plays.second.is_some();
        let mut scores = self.scores;
        if let Some(winner) = winner {
            *scores.of_mut(winner) += 1;
        }
        let unanswered = if answered { 0 } else { self.unanswered + 1 };
        let last = Some(RoundResult { round: self.round, plays: self.plays, winner, summary });
        let next = Self { scores, unanswered, last, plays: Both::default(), ..self };
        Some(match next.ending(rules) {
            Some(ending) => Self { state: State::Over(ending), ..next },
            None => next.opened(rules, now),
        })
    }

    /// How it ends with the scores as they are, if it does.
    fn ending(&self, rules: &Rounds) -> Option<Ending> {
        let Both { first, second } = self.scores;
        if first >= rules.wins {
            return Some(Ending::Won(Side::First));
        }
        if second >= rules.wins {
            return Some(Ending::Won(Side::Second));
        }
        if self.unanswered >= rules.most_unanswered {
            return Some(Ending::Abandoned);
        }
        (self.round >= rules.most_rounds).then(|| match first.cmp(&second) {
            std::cmp::Ordering::Greater => Ending::Won(Side::First),
            std::cmp::Ordering::Less => Ending::Won(Side::Second),
            std::cmp::Ordering::Equal => Ending::Drawn,
        })
    }

    /// One player leaves, and the other wins; a match that waits is abandoned. `None` if it is over already.
    #[must_use]
    pub fn left(self, by: Side) -> Option<Self> {
        let ending = match self.state {
            State::Over(_) => return None,
            State::Waiting => Ending::Abandoned,
            State::Playing => Ending::Forfeited { by },
        };
        // What was played in secret stays a secret.
        Some(Self { state: State::Over(ending), plays: Both::default(), ..self })
    }
}

/// Who wins a round, and the words for it.
fn outcome(game: &dyn SimultaneousGame, plays: &Both<Option<String>>) -> (Option<Side>, String) {
    match (&plays.first, &plays.second) {
        (None, None) => (None, "nobody played".to_owned()),
        (Some(play), None) => (Some(Side::First), format!("{play} against nothing")),
        (None, Some(play)) => (Some(Side::Second), format!("{play} against nothing")),
        (Some(first), Some(second)) => match game.duel(first, second) {
            Duel::First(words) => (Some(Side::First), words),
            Duel::Second(words) => (Some(Side::Second), words),
            Duel::Draw => (None, format!("{first} meets {second}")),
        },
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
