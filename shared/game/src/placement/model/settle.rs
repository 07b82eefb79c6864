//! What makes one state of many that differ in nothing which matters.

use super::{
    state::{Cause, Event, GameLift},
    *,
};

impl State {
    /// Whether anybody will still ask what time it is, and would hear something else later.
    pub fn time_matters(&self) -> bool {
        let ended = self.row.status == Status::Ended;
        let looks = self.workers.iter().any(|(_, step)| matches!(step, Step::Describe(_)));
        let patient = matches!(self.gamelift, GameLift::Pending { since } if since + PATIENCE > NOW);
        let due_later =
            self.row.due_at > NOW || self.workers.iter().any(|(_, step)| matches!(step, Step::LookAgain(due_at) if *due_at > NOW));
        !ended && (due_later || patient) || looks && patient
    }

    /// Moves all times into the past, as far as that makes a difference.
    pub fn tick(&mut self) {
        let earlier = |time: u64, first: u64| first.max(time - RECHECK_MILLISECONDS);
        self.row.due_at = earlier(self.row.due_at, NOW);
        for (_, step) in &mut self.workers {
            if let Step::LookAgain(due_at) = step {
                *due_at = earlier(*due_at, NOW);
            }
        }
        if let GameLift::Pending { since } = &mut self.gamelift {
            *since = earlier(*since, NOW - PATIENCE);
        }
    }

    /// Forgets what nobody will ask for.
    pub fn settle(&mut self) {
        if self.row.told {
            // Every message and every change finds that all is done.
            self.timers = 0;
            if self.event == Event::UnderWay {
                self.event = Event::Delivered;
            }
            self.workers.retain(|(_, step)| !step.is_refused_at_the_end());
            if self.next_call(Who::Forwarder).is_some_and(Step::is_refused_at_the_end) {
                self.go_on(Who::Forwarder, None);
            }
        }
        if self.faults == 0 {
            // No record comes again.
            self.timers_set = 0;
            self.records.drain(..self.at);
            self.at = 0;
        }
        if self.row.status == Status::Ended {
            self.settle_ended();
        }
        self.workers.sort_by_key(|(cause, step)| {
            let cause = match cause {
                Cause::Event => 0,
                Cause::Timer(recheck) => 1 + recheck,
                Cause::Record(_) => u32::MAX,
            };
            (cause, step.ahead())
        });
        // Two of a kind that tell the players are as one: there are no writes left to the second, and if one dies, its message is there
        // again.
        self.workers.dedup_by(|one, other| one == other && matches!(one.1, Step::Tell(_)));
    }

    /// Once the row has ended, it makes no difference any more which look a timer is for: each of them tells the players.
    fn settle_ended(&mut self) {
        (self.row.due_at, self.row.recheck) = (NOW, 0);
        if self.event == Event::Lost {
            self.event = Event::Delivered;
        }
        for (cause, step) in &mut self.workers {
            if let Cause::Timer(recheck) = cause {
                *recheck = 0;
            }
            if let Step::LookAgain(due_at) = step {
                *due_at = NOW;
            }
        }
        let told_by_timer = self.workers.iter().any(|(cause, step)| matches!((cause, step), (Cause::Timer(_), Step::Tell(_))));
        self.timers = u32::from(self.timers != 0 && !told_by_timer);
        if self.faults == 0 {
            for record in &mut self.records {
                record.recheck = record.recheck.min(1);
            }
        }
    }
}
