//! What the functions do, call by call.

use super::{state::Cause, *};

/// A function's next call to somebody else. It may die before and after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Forwarder: change the row.
    Claim,
    /// Forwarder: set the timer for the record's look.
    SetTimer,
    /// Forwarder: ask GameLift to start.
    Start,
    /// Forwarder: ask GameLift why it would not start.
    DescribeUnstarted,
    /// Forwarder: ask GameLift to stop.
    Stop,
    /// Forwarder: ask GameLift why it would not stop.
    DescribeUnstopped,
    /// Timer: ask GameLift about what the row was like.
    Describe(Placement),
    /// Timer: ask GameLift to stop, then end it.
    StopAndEnd(Outcome),
    /// Timer: ask GameLift why it would not stop, then end it.
    DescribeAndEnd(Outcome),
    /// Timer: change the row.
    LookAgain(u64),
    /// Change the row.
    End(Outcome),
    /// Free the players, and tell them.
    Tell(Outcome),
}

impl Step {
    pub const fn asks_gamelift(self) -> bool {
        !matches!(self, Self::Claim | Self::SetTimer) && !self.is_refused_at_the_end()
    }

    /// Whether nothing comes of it once the players have been told.
    pub const fn is_refused_at_the_end(self) -> bool {
        matches!(self, Self::LookAgain(_) | Self::End(_) | Self::Tell(_))
    }
}

impl State {
    pub fn next_call(&self, who: Who) -> Option<Step> {
        match who {
            Who::Worker(worker) => self.workers.get(worker).map(|(_, step)| *step),
            Who::Forwarder => self.forwarder.or_else(|| self.records.get(self.at).and_then(|record| self.begin(record))),
        }
    }

    /// The first call for a record of the stream.
    pub fn begin(&self, record: &Placement) -> Option<Step> {
        match record.status {
            Status::Requested => Some(Step::Claim),
            _ if record.recheck > 0 => Some(Step::SetTimer),
            _ => self.forward(cancelled(record)),
        }
    }

    /// What the function has in hand: the record, or for a timer the row with the look that it is for.
    fn record(&self, who: Who) -> Placement {
        match who {
            Who::Forwarder => self.records[self.at],
            Who::Worker(worker) => match self.workers[worker].0 {
                Cause::Record(record) => record,
                Cause::Timer(recheck) => Placement { recheck, ..self.row },
                Cause::Event => self.row,
            },
        }
    }

    /// The next call of whoever made one, or nothing if it is through.
    pub fn go_on(&mut self, who: Who, step: Option<Step>) {
        match (who, step) {
            (Who::Forwarder, Some(_)) => self.forwarder = step,
            (Who::Forwarder, None) => (self.at, self.forwarder) = (self.at + 1, None),
            (Who::Worker(worker), Some(step)) => self.workers[worker].1 = step,
            (Who::Worker(worker), None) => drop(self.workers.remove(worker)),
        }
    }

    pub fn call(&mut self, who: Who, mistake: Option<Mistake>) {
        let Some(step) = self.next_call(who) else { return };
        let next = match step {
            Step::Claim => {
                if mistake == Some(Mistake::ClaimAnything) {
                    self.row.status = Status::Requested;
                }
                let won = self.change(Change::Claim);
                match claimed(won, Some(&self.row)) {
                    Forward::Start => Some(Step::SetTimer),
                    decided => self.forward(decided),
                }
            }
            Step::SetTimer => {
                let record = self.record(who);
                self.timers |= 1 << record.recheck;
                self.timers_set |= 1 << record.recheck;
                match record.status {
                    Status::Requested => Some(Step::Start),
                    Status::Cancelling => self.forward(cancelled(&record)),
                    _ => None,
                }
            }
            Step::Start if self.gamelift == GameLift::Unknown => {
                self.gamelift = GameLift::Pending { since: NOW };
                None
            }
            Step::Start => Some(Step::DescribeUnstarted),
            Step::DescribeUnstarted => self.forward(start_refused(self.described())),
            Step::Stop => (!self.stop()).then_some(Step::DescribeUnstopped),
            Step::DescribeUnstopped => self.forward(stop_refused(self.described())),
            Step::Describe(row) => self.reconcile(reconciled(&row, Some(self.described()), PATIENCE, NOW)),
            Step::StopAndEnd(outcome) if self.stop() => Some(Step::End(outcome)),
            Step::StopAndEnd(outcome) => Some(Step::DescribeAndEnd(outcome)),
            Step::DescribeAndEnd(outcome) => Some(Step::End(match self.described() {
                Described::Ended(outcome) => outcome,
                _ => outcome,
            })),
            Step::LookAgain(due_at) => {
                let looked = self.change(Change::Recheck { from: self.record(who).recheck, due_at });
                self.row.untold().filter(|_| !looked && mistake != Some(Mistake::LookAwayWhenRefused)).map(Step::Tell)
            }
            Step::End(outcome) => self.end(outcome, mistake),
            Step::Tell(outcome) => self.tell(outcome, mistake),
        };
        self.go_on(who, next);
    }

    /// What is done when GameLift could not be reached.
    pub fn unanswered(&mut self, who: Who) {
        match (self.next_call(who), who) {
            (Some(Step::Describe(row)), _) => {
                let next = self.reconcile(reconciled(&row, None, PATIENCE, NOW));
                self.go_on(who, next);
            }
            (Some(Step::StopAndEnd(outcome) | Step::DescribeAndEnd(outcome)), _) => self.go_on(who, Some(Step::End(outcome))),
            // The record is tried again.
            (_, Who::Forwarder) => self.forwarder = None,
            (_, Who::Worker(worker)) => {
                self.dead.push(self.record(who));
                self.workers.remove(worker);
            }
        }
    }

    fn forward(&self, decided: Forward) -> Option<Step> {
        match decided {
            Forward::Start => Some(Step::Start),
            Forward::Stop => Some(Step::Stop),
            Forward::End(outcome) => Some(Step::End(outcome)),
            Forward::Tell => self.row.untold().map(Step::Tell),
            Forward::Nothing => None,
        }
    }

    pub fn reconcile(&self, decided: Reconcile) -> Option<Step> {
        match decided {
            Reconcile::Describe => Some(Step::Describe(Placement { due_at: NOW, ..self.row })),
            Reconcile::End(outcome) => Some(Step::End(outcome)),
            Reconcile::StopAndEnd(outcome) => Some(Step::StopAndEnd(outcome)),
            Reconcile::LookAgain(due_at) => Some(Step::LookAgain(due_at)),
            Reconcile::Tell => self.row.untold().map(Step::Tell),
            Reconcile::Wait(_) | Reconcile::Nothing => None,
        }
    }

    fn end(&mut self, outcome: Outcome, mistake: Option<Mistake>) -> Option<Step> {
        if mistake == Some(Mistake::EndAgain) && !self.row.told {
            self.row.status = Status::Pending;
        }
        let won = self.change(Change::End(outcome));
        match mistake {
            Some(Mistake::TellOnlyWon) if !won => None,
            Some(Mistake::TellOnlySame) if self.row.outcome != Some(outcome) => None,
            _ => self.row.untold().map(Step::Tell),
        }
    }

    /// The first write that nobody has made yet: all make them in the same order, and each of them only once.
    fn tell(&mut self, outcome: Outcome, mistake: Option<Mistake>) -> Option<Step> {
        let seat = self.seats.iter().position(|taken| *taken);
        let session = self.sessions.iter().position(Option::is_none);
        match (seat, session) {
            (_, Some(player)) if mistake == Some(Mistake::TellBeforeFree) => self.sessions[player] = Some(outcome),
            (Some(player), _) => self.seats[player] = false,
            (None, Some(player)) => self.sessions[player] = Some(outcome),
            (None, None) => {
                self.change(Change::Tell);
                return None;
            }
        }
        Some(Step::Tell(outcome))
    }

    fn stop(&mut self) -> bool {
        let pending = matches!(self.gamelift, GameLift::Pending { .. });
        if pending {
            self.gamelift_ends(Outcome::Cancelled);
        }
        pending
    }

    const fn described(&self) -> Described {
        match self.gamelift {
            GameLift::Unknown => Described::Unknown,
            GameLift::Foreign => Described::Foreign,
            GameLift::Pending { since } => Described::Pending { since },
            GameLift::Ended(outcome) => Described::Ended(outcome),
        }
    }
}
