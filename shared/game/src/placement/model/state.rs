//! The world around a placement: its row and its stream, the players, the timers, GameLift, and the functions that are at work.

use super::*;

/// What GameLift knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GameLift {
    /// Nothing.
    Unknown,
    /// Something else under the same id, which it is through with.
    Foreign,
    /// It is looking for a server.
    Pending { since: u64 },
    /// It is through.
    Ended(Outcome),
}

/// The event of GameLift's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// There is none yet.
    None,
    /// It will be delivered.
    UnderWay,
    /// It has been delivered.
    Delivered,
    /// It will never be delivered.
    Lost,
}

/// What a function was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// GameLift's event.
    Event,
    /// The timer of this look.
    Timer(u32),
    /// A record that is replayed.
    Record(Placement),
}

/// A function at work: the forwarder, or one of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Forwarder,
    Worker(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub row: Placement,
    /// The first outcome that the row ever had.
    pub outcome: Option<Outcome>,
    /// Whether it was cancelled before it was claimed.
    pub unwanted: bool,
    /// Whether the players' seats name the placement.
    pub seats: [bool; PLAYERS],
    /// The players' session rows.
    pub sessions: [Option<Outcome>; PLAYERS],
    /// What the row's stream has shown to the forwarder, and will.
    pub records: Vec<Placement>,
    /// The record that the forwarder has in hand.
    pub at: usize,
    /// The forwarder's next call, if it has begun with the record.
    pub forwarder: Option<Step>,
    /// Records that were given up and wait to be replayed.
    pub dead: Vec<Placement>,
    /// The looks that a timer waits for, and those that one was ever set for: a bit for each.
    pub timers: u32,
    pub timers_set: u32,
    /// Timers and events at work, and their next calls.
    pub workers: Vec<(Cause, Step)>,
    pub gamelift: GameLift,
    /// How many game sessions GameLift has started.
    pub started: u8,
    pub event: Event,
    pub faults: u8,
}

impl State {
    pub fn requested(gamelift: GameLift, faults: u8) -> Self {
        let row = Placement::requested(NOW + PATIENCE);
        Self {
            row,
            outcome: None,
            unwanted: false,
            seats: [true; PLAYERS],
            sessions: [None; PLAYERS],
            records: vec![Placement { due_at: NOW, ..row }],
            at: 0,
            forwarder: None,
            dead: Vec::new(),
            timers: 0,
            timers_set: 0,
            workers: Vec::new(),
            gamelift,
            started: 0,
            event: Event::None,
            faults,
        }
    }

    /// What happens sooner or later if nothing else does: nobody works for ever, and every message comes at last.
    pub fn must(&self, actions: &mut Vec<Action>) {
        if self.next_call(Who::Forwarder).is_some() {
            actions.push(Action::Call(Who::Forwarder));
        }
        actions.extend((0..self.workers.len()).map(|worker| Action::Call(Who::Worker(worker))));
        if self.workers.len() < MOST_WORKERS {
            actions.extend(self.timers_that_fire().map(|recheck| Action::Fire { recheck, again: false }));
            if self.event == Event::UnderWay {
                actions.push(Action::Deliver { again: false });
            }
            if !self.dead.is_empty() {
                actions.push(Action::Replay);
            }
        }
        if self.time_matters() {
            actions.push(Action::Tick);
        }
    }

    /// What may happen, or never.
    pub fn may(&self, actions: &mut Vec<Action>) {
        if self.row.after(Change::Cancel).is_some() {
            actions.push(Action::Cancel);
        }
        if matches!(self.gamelift, GameLift::Pending { .. }) {
            actions.extend([Outcome::Fulfilled, Outcome::TimedOut, Outcome::Failed].map(Action::GameLiftEnds));
        }
        if self.event == Event::UnderWay {
            actions.push(Action::Lose);
        }
        let everybody = std::iter::once(Who::Forwarder).chain((0..self.workers.len()).map(Who::Worker));
        for (who, step) in everybody.filter_map(|who| Some((who, self.next_call(who)?))) {
            if step == Step::Start {
                actions.push(Action::StartRefused(who));
            }
            if self.faults > 0 && step.asks_gamelift() {
                actions.push(Action::Unanswered(who));
                if step == Step::Start && self.gamelift == GameLift::Unknown {
                    actions.push(Action::StartUnheard(who));
                }
            }
        }
        if self.faults > 0 && self.workers.len() < MOST_WORKERS {
            actions.extend(self.timers_that_fire().map(|recheck| Action::Fire { recheck, again: true }));
            if self.event == Event::UnderWay {
                actions.push(Action::Deliver { again: true });
            }
        }
        if self.faults > 0 {
            for (worker, (cause, _)) in self.workers.iter().enumerate() {
                actions.push(Action::Crash(worker));
                if *cause == Cause::Event {
                    actions.push(Action::GiveUp(worker));
                }
            }
            // A function that dies takes its batch with it: records that it has been through come again, too.
            actions.extend((0..=self.at).filter(|to| *to < self.at || self.forwarder.is_some()).map(Action::CrashTo));
            if let Some(record) = self.records.get(self.at) {
                actions.push(Action::Drop { replayed: true });
                if self.timers_set & 1 << record.recheck != 0 {
                    actions.push(Action::Drop { replayed: false });
                }
            }
        }
    }

    /// Lets it happen, unless it changes nothing.
    pub fn act(&mut self, action: Action, mistake: Option<Mistake>) -> bool {
        match action {
            Action::Call(who) => self.call(who, mistake),
            Action::Unanswered(who) => {
                self.faults -= 1;
                self.unanswered(who);
            }
            Action::StartUnheard(who) => {
                self.faults -= 1;
                self.gamelift = GameLift::Pending { since: NOW };
                self.go_on(who, Some(Step::DescribeUnstarted));
            }
            Action::StartRefused(who) => self.go_on(who, Some(Step::DescribeUnstarted)),
            Action::Fire { recheck, again } => {
                let step = match fired(Some(&self.row), recheck, NOW) {
                    Reconcile::Wait(_) => return false,
                    decided => self.reconcile(decided),
                };
                if again {
                    self.faults -= 1;
                } else {
                    self.timers &= !(1 << recheck);
                }
                self.workers.extend(step.map(|step| (Cause::Timer(recheck), step)));
            }
            Action::Deliver { again } => {
                let GameLift::Ended(outcome) = self.gamelift else { return false };
                if again {
                    self.faults -= 1;
                } else {
                    self.event = Event::Delivered;
                }
                self.workers.push((Cause::Event, Step::End(outcome)));
                self.call(Who::Worker(self.workers.len() - 1), mistake);
            }
            Action::Tick => self.tick(),
            Action::Replay => {
                let begun = self.dead.pop().and_then(|record| Some((Cause::Record(record), self.begin(&record)?)));
                self.workers.extend(begun);
            }
            Action::Cancel => {
                self.unwanted |= !self.row.claimed;
                self.change(Change::Cancel);
            }
            Action::GameLiftEnds(outcome) => self.gamelift_ends(outcome),
            Action::Lose => self.event = Event::Lost,
            Action::Crash(_) | Action::GiveUp(_) | Action::CrashTo(_) | Action::Drop { .. } => {
                self.faults -= 1;
                self.crash(action);
            }
        }
        true
    }

    fn crash(&mut self, action: Action) {
        match action {
            Action::Crash(worker) => match self.workers.remove(worker).0 {
                Cause::Event => self.event = Event::UnderWay,
                Cause::Timer(recheck) => self.timers |= 1 << recheck,
                Cause::Record(record) => self.dead.push(record),
            },
            Action::GiveUp(worker) => drop(self.workers.remove(worker)),
            Action::CrashTo(to) => (self.at, self.forwarder) = (to, None),
            _ => {
                let record = self.records[self.at];
                self.dead.extend((action == Action::Drop { replayed: true }).then_some(record));
                self.go_on(Who::Forwarder, None);
            }
        }
    }

    /// Makes the change, if its condition holds. The stream shows what the forwarder's filter lets through.
    pub fn change(&mut self, change: Change) -> bool {
        let Some(row) = self.row.after(change) else { return false };
        self.row = row;
        self.outcome = self.outcome.or(row.outcome);
        let shown = match row.status {
            Status::Requested | Status::Cancelling => true,
            Status::Pending => row.recheck > 0,
            Status::Ended => false,
        };
        self.records.extend(shown.then_some(Placement { due_at: NOW, ..row }));
        true
    }

    pub fn gamelift_ends(&mut self, outcome: Outcome) {
        (self.gamelift, self.event) = (GameLift::Ended(outcome), Event::UnderWay);
        self.started += u8::from(outcome == Outcome::Fulfilled);
    }

    fn timers_that_fire(&self) -> impl Iterator<Item = u32> {
        let timers = self.timers;
        (0..u32::BITS).filter(move |recheck| timers & 1 << recheck != 0)
    }
}
