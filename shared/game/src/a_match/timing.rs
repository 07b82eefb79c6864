//! The clock of a match, and the lazy chain of its timers.
//!
//! A match that is played has one message in the queue of timers: the one that was sent for the revision in `armed`. A change arms, so that
//! the stream's consumer sends a message, when the clock is to act where nothing was due before, or earlier than before, and when the clock
//! has acted. Deadlines that move on arm nothing: the message fires at the old time, finds nothing to do, and is sent on to the new one. A
//! message that is not the armed one ends.
//!
//! So every match has a message, whatever dies: one that is not dealt with comes again. It may have more than one, if a message or a batch
//! of the stream comes twice. Where that can be told, the next message is sent by a write, which only one of them makes; and all but one
//! end when the clock acts.

use muster_protocol::MatchState;

use super::{Draft, Match, Stop};
use crate::{Millis, Played, erased::Happening};

/// Whether a write begins a timer. The clock acts next at `wakes_at`, did so at `before` until now, and has acted or been asked for a new
/// one, or not.
pub(super) fn begins_timer(before: Option<Millis>, wakes_at: Option<Millis>, asked: bool) -> bool {
    wakes_at.is_some_and(|at| asked || before.is_none_or(|before| at < before))
}

/// How far a message is sent on without a write, in milliseconds.
const SENT_ON_MILLISECONDS: Millis = 60_000;

/// What a timer does that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// The clock has to act: [`Wish::Tick`](super::Wish::Tick).
    Act,
    /// It sends itself on to this time, in epoch milliseconds.
    SendOn(Millis),
    /// It has the row armed anew: [`Wish::Arm`](super::Wish::Arm).
    Arm,
    /// It ends.
    End,
}

impl Match {
    /// When the clock acts next, in epoch milliseconds.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Millis> {
        let earliest = self.due_at.into_iter().chain(self.bot_at).min();
        earliest.filter(|_| self.phase == MatchState::Playing)
    }

    /// What a timer does that was sent for the revision `armed`, and is there at `now` for the first time or again.
    #[must_use]
    pub fn look(&self, armed: u64, again: bool, now: Millis) -> Look {
        match self.wakes_at() {
            None => Look::End,
            // Whatever chain it is of: nobody else may come.
            Some(at) if at <= now => Look::Act,
            Some(_) if self.armed != armed => Look::End,
            // It may have a twin, which was here before. Only one of them can arm.
            Some(at) if again || at - now > SENT_ON_MILLISECONDS => Look::Arm,
            Some(at) => Look::SendOn(at),
        }
    }
}

impl Draft<'_> {
    /// Does what the clock should have done, once.
    pub(super) fn catch_up(&mut self, played: &Played) -> Result<(), Stop> {
        if self.row.wakes_at().is_none_or(|at| at > self.now) {
            return Ok(());
        }
        self.rearmed = true;
        self.touched = true;
        if self.row.bot_at.is_some_and(|at| at <= self.now) {
            self.let_bots_act(played)?;
            if self.row.is_over() || self.row.due_at.is_none_or(|at| at > self.now) {
                return Ok(());
            }
        }
        // Where nobody is waited for, nobody has missed it.
        self.row.missed += i32::from(!self.row.awaits.is_empty());
        if self.row.idle || self.row.missed >= i32::try_from(played.limits.missed).unwrap_or(i32::MAX) {
            self.abandon("nobody played any more");
            return Ok(());
        }
        self.happen(played, Happening::TimeUp)?;
        self.let_bots_act(played)
    }
}
