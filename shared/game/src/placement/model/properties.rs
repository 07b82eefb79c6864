//! What must hold of a placement, what may become of it, and why every run has an end.

use super::{
    state::{Cause, Event},
    *,
};

pub const FIRST_OUTCOME_STAYS: &str = "the first outcome stays";
pub const NEVER_STARTS_UNWANTED: &str = "what was cancelled before it was claimed never starts";
pub const FREE_WHEN_TOLD: &str = "who has been told is free";
pub const ENDS_WELL: &str = "nothing stops before all players know and are free";

type Holds = fn(&Placing, &State) -> bool;

pub fn all() -> Vec<Property<Placing>> {
    let always: [(&'static str, Holds); 8] = [
        (FIRST_OUTCOME_STAYS, |_, state| state.row.outcome == state.outcome),
        ("players are told the row's outcome", |_, state| {
            let telling = state.workers.iter().map(|(_, step)| *step).chain(state.forwarder);
            let told = telling.filter_map(|step| if let Step::Tell(outcome) = step { Some(outcome) } else { None });
            told.chain(state.sessions.into_iter().flatten()).all(|outcome| Some(outcome) == state.row.outcome)
        }),
        ("GameLift starts one game session at most", |_, state| state.started <= 1),
        (NEVER_STARTS_UNWANTED, |_, state| {
            matches!(state.gamelift, GameLift::Unknown | GameLift::Foreign) || state.row.claimed && !state.unwanted
        }),
        (FREE_WHEN_TOLD, |_, state| (0..PLAYERS).all(|player| state.sessions[player].is_none() || !state.seats[player])),
        ("no timer looks at what has not been claimed", |_, state| state.row.claimed || state.timers == 0 && state.row.recheck == 0),
        ("what is told is told to all", |_, state| !state.row.told || state.sessions.iter().all(Option::is_some)),
        (ENDS_WELL, |_, state| {
            let mut must = Vec::new();
            state.must(&mut must);
            !must.is_empty() || state.over()
        }),
    ];
    let sometimes: [(&'static str, Holds); 9] = [
        ("fulfilled", |_, state| state.over() && state.row.outcome == Some(Outcome::Fulfilled)),
        ("cancelled before the start", |_, state| state.over() && state.row.outcome == Some(Outcome::Cancelled) && !state.row.claimed),
        ("cancelled while pending", |_, state| {
            state.over() && state.row.outcome == Some(Outcome::Cancelled) && state.gamelift == GameLift::Ended(Outcome::Cancelled)
        }),
        ("timed out by the timer", |_, state| {
            state.over() && state.row.outcome == Some(Outcome::TimedOut) && state.gamelift == GameLift::Ended(Outcome::Cancelled)
        }),
        ("fulfilled although the event was lost", |_, state| {
            let ends = |(cause, step): &(_, _)| matches!(cause, Cause::Timer(_)) && *step == Step::End(Outcome::Fulfilled);
            state.row.status != Status::Ended && state.event == Event::Lost && state.workers.iter().any(ends)
        }),
        ("taken by another program", |_, state| state.over() && state.gamelift == GameLift::Foreign),
        ("dead between the end and the telling", |_, state| {
            let telling = state.workers.iter().map(|(_, step)| *step).chain(state.forwarder);
            state.row.status == Status::Ended && !state.row.told && !telling.into_iter().any(|step| matches!(step, Step::Tell(_)))
        }),
        ("started without an answer, and described", |_, state| {
            matches!(state.gamelift, GameLift::Pending { .. }) && state.forwarder == Some(Step::DescribeUnstarted)
        }),
        ("a game session that nobody was told of", |_, state| {
            state.over() && state.started > 0 && state.row.outcome != Some(Outcome::Fulfilled)
        }),
    ];
    let always = always.map(|(name, holds)| Property::always(name, holds));
    let sometimes = sometimes.map(|(name, holds)| Property::sometimes(name, holds));
    always.into_iter().chain(sometimes).collect()
}

impl State {
    /// Whether all is well and done.
    pub fn over(&self) -> bool {
        self.row.told && self.sessions.iter().all(Option::is_some) && !self.seats.contains(&true)
    }

    /// How much is ahead, the weightiest first. It shrinks with everything that happens.
    pub fn ahead(&self) -> [u64; 9] {
        let count = |n: usize| n as u64;
        let status = match self.row.status {
            Status::Requested => 3,
            Status::Pending => 2,
            Status::Cancelling => 1,
            Status::Ended => 0,
        };
        let untold = self.seats.iter().filter(|taken| **taken).count() + self.sessions.iter().filter(|row| row.is_none()).count();
        let looks = if self.row.status == Status::Ended { 0 } else { u64::from(MOST_RECHECKS - self.row.recheck) };
        let later = |time: u64| (time - NOW) / PATIENCE;
        let (gamelift, since) = match self.gamelift {
            GameLift::Unknown => (2, 0),
            GameLift::Pending { since } => (1, later(since + PATIENCE)),
            GameLift::Foreign | GameLift::Ended(_) => (0, 0),
        };
        let steps = |of_records: bool| {
            let steps = self.workers.iter().filter(|(cause, _)| matches!(cause, Cause::Record(_)) == of_records);
            steps.map(|(_, step)| step.ahead()).sum::<u64>()
        };
        let looks_again = self.workers.iter().map(|(_, step)| if let Step::LookAgain(due_at) = step { later(*due_at) } else { 0 });
        let messages = self.timers.count_ones() + u32::from(self.event == Event::UnderWay);
        [
            u64::from(self.faults),
            status + u64::from(!self.row.told) + looks + count(untold),
            gamelift,
            count(self.dead.len()),
            count(self.records.len() - self.at),
            self.next_call(Who::Forwarder).map_or(0, Step::ahead) + steps(true),
            u64::from(messages),
            steps(false),
            later(self.row.due_at) + since + looks_again.sum::<u64>(),
        ]
    }
}

impl Step {
    pub const fn ahead(self) -> u64 {
        match self {
            Self::Claim | Self::Describe(_) => 8,
            Self::SetTimer => 7,
            Self::Start | Self::StopAndEnd(_) => 6,
            Self::DescribeUnstarted | Self::DescribeAndEnd(_) => 5,
            Self::Stop | Self::LookAgain(_) => 4,
            Self::DescribeUnstopped => 3,
            Self::End(_) => 2,
            Self::Tell(_) => 1,
        }
    }
}
