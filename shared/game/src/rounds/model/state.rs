//! The world around a match: its row and its stream, the players, the timers, and the functions that are at work.

use super::*;

const SIDES: [Side; 2] = [Side::First, Side::Second];

/// The version that a worker has read whose write will be refused.
const OUTDATED: u32 = u32::MAX;

/// What a function was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The second player comes.
    Join,
    /// The first, or the second player leaves.
    Leave { first: bool },
    /// The last play of a round has been written.
    Play,
    /// The timer of this round has fired.
    Timer(u32),
}

impl Cause {
    pub const fn resolves(self) -> bool {
        matches!(self, Self::Play | Self::Timer(_))
    }
}

/// A function that has read the match, and is about to write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    pub cause: Cause,
    /// What it has read: the version, and how many plays were open.
    pub version: u32,
    pub played: u32,
    /// What it has made of it.
    pub after: Match,
    /// How often it may try this write.
    pub tries: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub row: Match,
    pub version: u32,
    pub played: u32,
    /// Functions at work.
    pub workers: Vec<Worker>,
    /// Rounds whose record has yet to set their timer, and those whose timer has yet to fire: a bit for each.
    pub records: u32,
    pub timers: u32,
    /// Who has asked to leave, or never will.
    pub leaving: Both<bool>,
    pub faults: u8,
    /// What the players were told that counts, of the open round.
    pub accepted: Both<Option<String>>,
    /// How many writes have resolved a round.
    pub resolved: u32,
    /// What each of these writes was for, added up.
    pub won: Both<u32>,
    /// The first ending that the row ever had.
    pub ending: Option<Ending>,
    /// Whether a round's result was ever without a play that counted, or written before both had played or the time was up.
    pub lost: bool,
    pub early: bool,
}

impl World {
    pub fn waiting(faults: u8, both_leave: bool) -> Self {
        Self {
            row: Match::waiting(),
            version: 0,
            played: 0,
            workers: Vec::new(),
            records: 0,
            timers: 0,
            leaving: Both { first: false, second: !both_leave },
            faults,
            accepted: Both::default(),
            resolved: 0,
            won: Both::default(),
            ending: None,
            lost: false,
            early: false,
        }
    }

    pub const fn over(&self) -> bool {
        matches!(self.row.state, State::Over(_))
    }

    pub fn is_due(&self) -> bool {
        self.row.due_at <= NOW
    }

    /// What happens sooner or later if nothing else does: nobody works for ever, and every message comes at last.
    pub fn must(&self, actions: &mut Vec<Action>) {
        actions.extend((0..self.workers.len()).map(Action::Write));
        actions.extend(bits(self.records).map(|round| Action::Schedule { round, again: false }));
        actions.extend(self.timers_that_fire().map(|round| Action::Fire { round, again: false }));
        if self.row.state == State::Playing && !self.is_due() {
            actions.push(Action::Tick);
        }
        if self.may_join() {
            actions.push(Action::Join);
        }
    }

    /// What may happen, or never.
    pub fn may(&self, actions: &mut Vec<Action>) {
        for side in SIDES {
            let is_in = side == Side::First || self.row.state != State::Waiting;
            if is_in && !self.over() && !self.leaving.of(side) {
                actions.push(Action::Leave(side));
            }
            if self.row.state == State::Playing && self.row.plays.of(side).is_none() {
                actions.extend(RULES.game.plays().iter().map(|play| Action::Play(side, play)));
            }
        }
        if self.faults > 0 {
            actions.extend((0..self.workers.len()).map(Action::Crash));
            actions.extend(bits(self.records).map(|round| Action::Schedule { round, again: true }));
            actions.extend(self.timers_that_fire().map(|round| Action::Fire { round, again: true }));
        }
    }

    /// Lets it happen.
    pub fn act(&mut self, action: Action, mistake: Option<Mistake>) {
        if let Action::Schedule { again: true, .. } | Action::Fire { again: true, .. } | Action::Crash(_) = action {
            self.faults -= 1;
        }
        match action {
            Action::Join => self.begin(Cause::Join, 1, mistake),
            Action::Leave(side) => {
                *self.leaving.of_mut(side) = true;
                self.begin(Cause::Leave { first: side == Side::First }, LEAVE_ATTEMPTS, mistake);
            }
            Action::Play(side, play) => self.play(side, play, mistake),
            Action::Schedule { round, again } => {
                if mistake != Some(Mistake::ScheduleOnlyFirst) || round == 1 {
                    self.timers |= 1 << round;
                }
                if !again {
                    self.records &= !(1 << round);
                }
            }
            Action::Fire { round, again } => {
                if !again {
                    self.timers &= !(1 << round);
                }
                let for_this = self.row.round == round || mistake == Some(Mistake::ResolveAnyRound);
                if self.row.state == State::Playing && for_this {
                    self.begin(Cause::Timer(round), RESOLVE_ATTEMPTS, mistake);
                }
            }
            Action::Write(worker) => self.write(worker, mistake),
            Action::Crash(worker) => {
                if let Cause::Timer(round) = self.workers.remove(worker).cause {
                    self.timers |= 1 << round;
                }
            }
            Action::Tick => self.row.due_at = NOW,
        }
    }

    /// The play is one write that reads nothing. Its function's clock may have been read long before, and be slow: so the play counts, or not,
    /// however late it is.
    fn play(&mut self, side: Side, play: &str, mistake: Option<Mistake>) {
        let round = self.row.round;
        let played = |life: &Match, round, now| life.clone().played(&RULES, side, Move { round, play }, now);
        let life = played(&self.row, round, self.row.due_at - 1).expect("it is the first of this player in this round");
        assert_eq!(played(&life, round, NOW - 1), Err(Refusal::Repeated));
        assert_eq!(played(&life, round - 1, NOW - 1), Err(Refusal::OldRound));
        assert!(!self.is_due() || played(&self.row, round, NOW) == Err(Refusal::Late));
        self.row = life;
        self.played += 1;
        *self.accepted.of_mut(side) = Some(play.to_owned());
        if self.row.is_ready(NOW) {
            self.begin(Cause::Play, RESOLVE_ATTEMPTS, mistake);
        }
    }

    /// A function reads the match, and goes on to write it, unless there is nothing to change.
    fn begin(&mut self, cause: Cause, tries: u8, mistake: Option<Mistake>) {
        let row = self.row.clone();
        let now = if mistake == Some(Mistake::ResolveAnyRound) && matches!(cause, Cause::Timer(_)) { row.due_at.max(NOW) } else { NOW };
        let after = match cause {
            Cause::Join => row.joined(&RULES, now),
            Cause::Leave { first } => row.left(if first { Side::First } else { Side::Second }),
            Cause::Play | Cause::Timer(_) => row.resolved(&RULES, now),
        };
        let tries = if mistake == Some(Mistake::TryOnce) && cause.resolves() { 1 } else { tries };
        let (version, played) = (self.version, self.played);
        self.workers.extend(after.map(|after| Worker { cause, version, played, after, tries }));
    }

    /// Whether the row is still as it was read.
    pub const fn is_as_read(&self, worker: &Worker) -> bool {
        self.version == worker.version && self.played == worker.played
    }

    fn write(&mut self, worker: usize, mistake: Option<Mistake>) {
        let worker = self.workers.remove(worker);
        let holds = match mistake {
            Some(Mistake::IgnorePlays) => self.version == worker.version,
            Some(Mistake::IgnoreVersion) => self.played == worker.played,
            Some(Mistake::LeaveAnything) if matches!(worker.cause, Cause::Leave { .. }) => true,
            _ => self.is_as_read(&worker),
        };
        if !holds {
            // The last look at the row comes to nothing.
            if worker.tries > 1 {
                self.begin(worker.cause, worker.tries - 1, mistake);
            }
            return;
        }
        if worker.cause.resolves() {
            let result = worker.after.last.as_ref().expect("a round that is resolved has a result");
            let both = self.accepted.first.is_some() && self.accepted.second.is_some();
            self.lost |= result.plays != self.accepted;
            self.early |= !both && !self.is_due();
            self.resolved += 1;
            if let Some(winner) = result.winner {
                *self.won.of_mut(winner) += 1;
            }
        }
        self.row = worker.after;
        self.version += 1;
        self.played = 0;
        self.accepted = Both::default();
        match self.row.state {
            State::Over(ending) => self.ending = self.ending.or(Some(ending)),
            _ => self.records |= 1 << self.row.round,
        }
    }

    /// Makes one of many that differ in nothing which matters.
    pub fn settle(&mut self, mistake: Option<Mistake>) {
        if self.row.due_at > NOW {
            // When exactly is no matter.
            self.row.due_at = NOW + RULES.seconds * 1_000;
        }
        if let Some(last) = &mut self.row.last {
            // The rules never look at it again, and what it has to be was checked as it was written.
            (last.plays, last.winner) = (Both::default(), None);
            last.summary.clear();
        }
        if matches!(mistake, None | Some(Mistake::TryOnce | Mistake::ScheduleOnlyFirst)) {
            self.forget();
        }
        self.workers.sort_by_key(|worker| (worker.cause, worker.version, worker.played, worker.tries));
    }

    /// Forgets what comes to nothing, as long as no mistake is made with the conditions.
    fn forget(&mut self) {
        // A timer of a round that is over looks at the row and does nothing, and so does whoever sets it.
        let open = if self.row.state == State::Playing { 1 << self.row.round } else { 0 };
        (self.records, self.timers) = (self.records & open, self.timers & open);
        // Who is refused, since no row is ever again as it was, does not come back to what was read.
        let (version, played) = (self.version, self.played);
        for worker in self.workers.iter_mut().filter(|worker| worker.version != version || worker.played != played) {
            (worker.version, worker.played, worker.after) = (OUTDATED, 0, Match::waiting());
        }
        // At its last try it does not come back at all. Only a timer may: if it dies, instead.
        self.workers.retain(|worker| worker.version != OUTDATED || worker.tries > 1 || matches!(worker.cause, Cause::Timer(_)));
        if self.over() {
            // All who are still at work are refused, and find nothing left to do.
            assert!(self.workers.iter().all(|worker| worker.version == OUTDATED));
            assert!(self.row.clone().joined(&RULES, NOW).is_none() && self.row.clone().resolved(&RULES, NOW).is_none());
            assert!(SIDES.iter().all(|side| self.row.clone().left(*side).is_none()));
            self.workers.clear();
            (self.row.due_at, self.faults, self.leaving) = (NOW, 0, Both { first: true, second: true });
        }
    }

    pub fn may_join(&self) -> bool {
        self.row.state == State::Waiting && self.workers.iter().all(|worker| worker.cause != Cause::Join)
    }

    /// A timer waits for its round's time. What time it is in a round that is over, nobody knows any more: so it may fire.
    fn timers_that_fire(&self) -> impl Iterator<Item = u32> {
        let (round, open) = (self.row.round, self.row.state == State::Playing && !self.is_due());
        bits(self.timers).filter(move |timer| *timer != round || !open)
    }
}

fn bits(bits: u32) -> impl Iterator<Item = u32> {
    (0..u32::BITS).filter(move |bit| bits & 1 << bit != 0)
}
