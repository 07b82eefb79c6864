//! What is held around each step.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
};

use muster_protocol::{MatchEnding, MatchState};

use super::{
    Kit, Law,
    hidden::{keeps_quiet, seen, viewers},
    size,
};
use crate::{Answer, Change, Circumstances, Match, Millis, Occasion, Viewer, Wish};

/// A law that is broken, and how.
pub(super) type Wrong = (Law, String);

/// Longest time that a deadline is away, in milliseconds: what a queue can delay a message by.
const LONGEST: Millis = 15 * 60 * 1_000;

fn held(law: Law, holds: bool, words: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err((law, words())) }
}

/// A step: the row before it, what is wished and when, and the row behind it.
struct Taken<'a> {
    before: &'a Match,
    after: &'a Match,
    wish: Wish<'a>,
    /// Whether it was done.
    done: bool,
    now: Millis,
    /// Whether the clock had to act.
    due: bool,
}

impl Kit {
    /// What comes of a wish, if all that comes of it is lawful.
    pub(super) fn lawful(&self, before: &Match, wish: Wish<'_>, now: Millis) -> Result<Change, Wrong> {
        let by = format!("by-{:013}", before.revision);
        let decided = || catch_unwind(AssertUnwindSafe(|| before.change(wish, Circumstances { now, by: &by })));
        let change = decided().map_err(|_| (Law::NoStepBreaks, "it panics around the game".to_owned()))?;
        held(Law::StepsReplay, decided().is_ok_and(|again| again == change), || "decided again, it comes out differently".to_owned())?;
        let due = before.wakes_at().is_some_and(|at| at <= now);
        let Some(after) = &change.row else {
            let acts = !due || wish != Wish::Tick;
            return held(Law::NothingIsStuck, acts, || "the clock does not act".to_owned()).map(|()| change);
        };
        let taken = Taken { before, after, wish, done: change.answer == Ok(Answer::Done), now, due };
        self.is_whole(&taken)?;
        taken.is_counted()?;
        taken.keeps_turns()?;
        self.goes_on(&taken)?;
        taken.is_repeatable(&by)?;
        self.is_watertight(&taken)?;
        self.fits(after)?;
        Ok(change)
    }

    /// A match that is opened is lawful.
    pub(super) fn opens_lawfully(&self, row: &Match, now: Millis) -> Result<(), Wrong> {
        let before = Match { phase: MatchState::Waiting, steps: 0, fault: None, outcome: None, ..row.clone() };
        let taken = Taken { before: &before, after: row, wish: Wish::Tick, done: false, now, due: false };
        self.is_whole(&taken)?;
        self.goes_on(&taken)?;
        self.keeps_secrets(row)?;
        self.fits(row)
    }

    /// Everybody can be shown it, and told what to do.
    fn is_whole(&self, Taken { before, after, now, .. }: &Taken<'_>) -> Result<(), Wrong> {
        if let (None, Some(fault)) = (&before.fault, &after.fault) {
            return Err((Law::NoStepBreaks, fault.clone()));
        }
        for viewer in viewers(after) {
            let shown = seen(after, viewer, Occasion::Push, *now)?;
            let same = shown == seen(after, viewer, Occasion::Push, *now)?;
            held(Law::StepsReplay, same, || format!("{viewer:?} is shown the same row differently"))?;
            if let Some((seat, view)) = viewer.zip(shown.view) {
                let tries = self.played.game.tries(&view, Viewer::Seat(seat));
                let tries = tries.map_err(|broken| (Law::NoStepBreaks, format!("there are no tries for seat {seat}: {broken}")))?;
                let idle = after.awaits.contains(seat) && !after.seats[seat].bot && tries.is_empty();
                held(Law::TriesAreAllowed, !idle, || format!("seat {seat} is awaited, and can do nothing"))?;
            }
        }
        Ok(())
    }

    /// The match gets nearer to its end, and to the next time at which the clock acts.
    fn goes_on(&self, Taken { before, after, wish, done, now, due }: &Taken<'_>) -> Result<(), Wrong> {
        let limits = &self.played.limits;
        let by_limit = after.is_over() && !before.is_over() && after.steps >= limits.steps;
        let abandoned = after.outcome.as_ref().is_some_and(|outcome| outcome.ending == MatchEnding::Abandoned);
        held(Law::MatchesEnd, !(by_limit && abandoned), || format!("it ends only by the limit of {} steps", limits.steps))?;
        let steps = *due || (*done && matches!(wish, Wish::Act { .. } | Wish::Leave(_)));
        let moved = after.is_over() || after.steps > before.steps;
        held(Law::MatchesEnd, before.phase != MatchState::Playing || !steps || moved, || "it goes on without a step".to_owned())?;
        if after.phase != MatchState::Playing {
            return Ok(());
        }
        let due_at = after.due_at.ok_or((Law::NothingIsStuck, "there is no time at which the clock acts".to_owned()))?;
        held(Law::NothingIsStuck, due_at <= now + LONGEST, || format!("the clock acts only in {} ms", due_at - now))?;
        let bots_first = *due && before.bot_at.is_some_and(|at| at <= *now);
        held(Law::NothingIsStuck, due_at > *now || bots_first, || "the time that is set is up already".to_owned())?;
        let waits = !after.awaits.is_empty() || !after.idle;
        held(Law::NothingIsStuck, waits, || "nobody is awaited, and no clock runs".to_owned())?;
        let stopped = after.bot_at.is_none() && after.awaits.iter().any(|seat| after.seats[seat].bot);
        held(Law::ComputersAreAllowed, !stopped, || format!("it does not act, or is refused: {}", after.state))
    }

    /// Nobody learns what is secret.
    fn is_watertight(&self, Taken { before, after, wish, now, due, .. }: &Taken<'_>) -> Result<(), Wrong> {
        let actor = match wish {
            Wish::Act { player, .. } => after.seat_of(player),
            _ => None,
        };
        if !after.told && before.phase == MatchState::Playing {
            keeps_quiet(before, after, actor, *now)?;
        }
        if let (Wish::Act { player, .. }, Some(seat), false) = (wish, actor, *due)
            && before.seats[seat].away
            && let Some(returned) = before.change(Wish::Return(player), Circumstances { now: *now, by: "return" }).row
        {
            // All that others see of a secret action of somebody who was away is that they are back.
            let again = Match { acks: after.acks.clone(), ..returned };
            let act = match *wish {
                Wish::Act { player, action, request_id, .. } => Wish::Act { player, action, request_id, version: None },
                other => other,
            };
            let quiet = again.change(act, Circumstances { now: *now, by: "again" }).row.is_some_and(|row| !row.told);
            if quiet {
                for viewer in viewers(after).filter(|viewer| *viewer != actor) {
                    let (back, acted) = (seen(&again, viewer, Occasion::Push, *now)?, seen(after, viewer, Occasion::Push, *now)?);
                    held(Law::QuietStepsAreHidden, back == acted, || format!("who comes back shows {viewer:?} that it has acted"))?;
                }
            }
        }
        self.keeps_secrets(after)
    }

    /// It is small enough.
    fn fits(&self, row: &Match) -> Result<(), Wrong> {
        let (bytes, most) = (size::bytes(row), self.played.limits.row_bytes);
        self.largest_row.fetch_max(bytes, Ordering::Relaxed);
        held(Law::RowsFit, bytes <= most, || format!("it has {bytes} bytes of at most {most}"))
    }
}

impl Taken<'_> {
    fn is_counted(&self) -> Result<(), Wrong> {
        let Self { before, after, .. } = self;
        held(Law::WritesAreCounted, !before.is_over(), || "it is written once it is over".to_owned())?;
        let counted = (before.revision + 1, before.version + u64::from(after.told));
        held(Law::WritesAreCounted, (after.revision, after.version) == counted, || format!("{} {}", after.revision, after.version))?;
        held(Law::WritesAreCounted, before.phase == after.phase || after.told, || "nobody is told where it is".to_owned())
    }

    fn keeps_turns(&self) -> Result<(), Wrong> {
        let Wish::Act { player, .. } = self.wish else { return Ok(()) };
        let awaited = self.before.seat_of(player).is_some_and(|seat| self.before.awaits.contains(seat));
        held(Law::TurnsAreKept, !self.done || self.due || awaited, || "somebody acts who is not awaited".to_owned())
    }

    fn is_repeatable(&self, by: &str) -> Result<(), Wrong> {
        let Self { after, wish, now, .. } = *self;
        if !self.done || wish == Wish::Arm || after.wakes_at().is_some_and(|at| at <= now) {
            return Ok(());
        }
        let again = after.change(wish, Circumstances { now, by });
        let known = !matches!(wish, Wish::Act { .. }) || again.answer == Ok(Answer::Repeated);
        held(Law::RepeatsChangeNothing, again.row.is_none() && known, || format!("sent again, it is answered {:?}", again.answer))
    }
}
