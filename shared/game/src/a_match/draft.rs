//! A match while it is being changed: several steps become one write.

use muster_protocol::{Code, MatchEnding, MatchState, Rejection};
use serde_json::Value;

use super::{BOT_STEPS, Circumstances, DAY_SECONDS, Match, NO, Occasion, WAITING_SECONDS, YES, timing::begins_timer};
use crate::{
    Actor, Chance, Clock, Millis, Outcome, Played, Refusal, Tell,
    erased::{Broken, ErasedStep, ErasedTable, Failed, Happening},
};

/// Why a wish was not fulfilled.
#[derive(Debug)]
pub(super) enum Stop {
    /// The player is told why.
    Rejected(Rejection),
    /// The match cannot go on.
    Broken(Broken),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(Rejection::new(Code::named(refusal.code), refusal.words))
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refusal) => refusal.into(),
            Failed::Broken(broken) => broken.into(),
        }
    }
}

/// The next revision of a match, as far as it has come.
pub(super) struct Draft<'a> {
    pub(super) row: Match,
    pub(super) now: Millis,
    by: &'a str,
    /// When the clock would have acted before this change.
    woke_at: Option<Millis>,
    events: Vec<Value>,
    /// Steps in this write.
    step: u32,
    /// Whether it differs from what was read.
    pub(super) touched: bool,
    /// Whether players are told of it.
    pub(super) told: bool,
    /// Whether they are told of a step of the game.
    pub(super) moved: bool,
    /// Whether its timer is to be set anew.
    pub(super) rearmed: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn of(read: &Match, at: Circumstances<'a>) -> Self {
        let mut row = read.clone();
        row.revision += 1;
        if read.told {
            // They were told of these.
            row.acks.clear();
        }
        row.events.clear();
        let woke_at = read.wakes_at();
        Self {
            row,
            now: at.now,
            by: at.by,
            woke_at,
            events: Vec::new(),
            step: 0,
            touched: false,
            told: false,
            moved: false,
            rearmed: false,
        }
    }

    pub(super) fn table(&self) -> ErasedTable<'_> {
        self.row.table(self.now)
    }

    /// The dice of the next step.
    pub(super) fn chance(&mut self) -> Chance {
        self.step += 1;
        Chance::new(&self.row.seed, self.row.revision, self.step - 1)
    }

    /// Players are told of it.
    pub(super) const fn tell(&mut self) {
        (self.touched, self.told) = (true, true);
    }

    /// Something happens in the game.
    pub(super) fn happen(&mut self, played: &Played, what: Happening<'_>) -> Result<(), Stop> {
        let mut chance = self.chance();
        let step = played.game.step(&self.row.state, what, &self.table(), &mut chance)?;
        self.follow(played, step);
        Ok(())
    }

    fn follow(&mut self, played: &Played, step: ErasedStep) {
        let ErasedStep { state, clock, awaits, events, tell, over } = step;
        self.touched = true;
        self.told |= tell == Tell::All;
        self.events.extend(events);
        self.row.state = state;
        self.row.rules = played.game.rules();
        self.row.awaits = awaits.iter().filter(|seat| self.row.seats.get(*seat).is_some_and(|seat| !seat.left)).collect();
        if tell == Tell::All {
            // Not whenever players are told of something: that somebody is away must not show that it has acted in secret.
            self.row.shown = self.row.awaits;
            self.moved = true;
        }
        self.row.steps += 1;
        match clock {
            Clock::Until(at) => (self.row.due_at, self.row.idle) = (Some(at), false),
            // Where the game sets no deadline, silence is counted anew from each step that is no secret.
            Clock::Keep if self.row.due_at.is_some() && (!self.row.idle || tell == Tell::Nobody) => {}
            Clock::Keep | Clock::Idle => (self.row.due_at, self.row.idle) = (Some(self.now + 1_000 * played.limits.silence_seconds), true),
        }
        if let Some(outcome) = over {
            self.end(outcome);
        } else if self.row.steps >= played.limits.steps {
            self.abandon("the match went on for too long");
        }
    }

    /// The computer acts in its seats, as far as it is awaited: at once, or when its pause is over.
    pub(super) fn let_bots_act(&mut self, played: &Played) -> Result<(), Stop> {
        for _ in 0..BOT_STEPS {
            let is_bot = |seat: &usize| self.row.seats.get(*seat).is_some_and(|seat| seat.bot);
            let awaited: Vec<usize> = self.row.awaits.iter().filter(is_bot).collect();
            if awaited.is_empty() || self.row.phase != MatchState::Playing {
                self.row.bot_at = None;
                return Ok(());
            }
            if let Some(pause) = played.bot_pause {
                let at = *self.row.bot_at.get_or_insert(self.now + pause);
                if at > self.now {
                    return Ok(());
                }
                self.row.bot_at = None;
            }
            let mut has_acted = false;
            for seat in awaited {
                has_acted = self.lets_act(played, seat)?;
                if has_acted {
                    break;
                }
            }
            if !has_acted {
                // None of them can do anything that is allowed: the clock goes on without them.
                self.row.bot_at = None;
                return Ok(());
            }
        }
        // The clock goes on with them at once, in another write.
        let is_bot = |seat: usize| self.row.seats.get(seat).is_some_and(|seat| seat.bot);
        let go_on = self.row.phase == MatchState::Playing && self.row.awaits.iter().any(is_bot);
        self.row.bot_at = go_on.then_some(self.now);
        Ok(())
    }

    /// The computer acts in this seat, if there is anything that it can do.
    fn lets_act(&mut self, played: &Played, seat: usize) -> Result<bool, Stop> {
        let mut chance = self.chance();
        let Some(action) = played.game.bot(&self.row.state, seat, &self.table(), &mut chance)? else { return Ok(false) };
        match self.happen(played, Happening::Act(Actor::Seat(seat), &action)) {
            Ok(()) => Ok(true),
            Err(Stop::Rejected(_)) => Ok(false),
            Err(broken) => Err(broken),
        }
    }

    /// The match is over.
    pub(super) fn end(&mut self, outcome: Outcome) {
        self.tell();
        self.row.phase = MatchState::Over;
        self.row.outcome = Some(outcome);
        (self.row.awaits, self.row.shown) = (crate::SeatSet::EMPTY, crate::SeatSet::EMPTY);
        (self.row.due_at, self.row.bot_at) = (None, None);
    }

    /// The match comes to nothing.
    pub(super) fn abandon(&mut self, words: &str) {
        self.end(Outcome::without_result(MatchEnding::Abandoned, self.row.seats.len(), words));
    }

    /// The match cannot go on.
    pub(super) fn void(&mut self, broken: Broken) {
        self.events.clear();
        self.row.fault = Some(broken.0.chars().take(200).collect());
        self.end(Outcome::without_result(MatchEnding::Void, self.row.seats.len(), "the match cannot go on: it does not count"));
    }

    /// The row to be written, if anything has changed.
    pub(super) fn finished(mut self) -> Option<Match> {
        if !self.touched {
            return None;
        }
        self.complete();
        // What is written can be shown to everybody who sits in it, or else it cannot go on.
        let seats = 0..self.row.seats.len();
        if let Some(broken) = seats.into_iter().find_map(|seat| self.row.seen_by(Some(seat), Occasion::Push, self.now).err()) {
            self.row.version -= u64::from(self.row.told);
            self.void(broken);
            self.complete();
        }
        Some(self.row)
    }

    fn complete(&mut self) {
        let row = &mut self.row;
        row.told = self.told;
        row.events.clear();
        if self.told {
            row.version += 1;
            row.moved = if self.moved { row.version } else { row.moved };
            if !self.events.is_empty() {
                row.events = Value::Array(std::mem::take(&mut self.events)).to_string();
            }
        }
        if begins_timer(self.woke_at, row.wakes_at(), self.rearmed) {
            row.armed = row.revision;
        }
        row.announce = if self.told || row.arms().is_some() { YES } else { NO }.to_owned();
        row.changed_at = self.now;
        row.by = self.by.to_owned();
        let last = row.due_at.unwrap_or(self.now).max(self.now) / 1_000;
        row.expires_at = last + if row.phase == MatchState::Waiting { WAITING_SECONDS } else { DAY_SECONDS };
    }
}
