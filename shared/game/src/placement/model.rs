//! Tries every order of what may happen to a placement, with [`Placement::after`] and the functions that decide what comes next.
//!
//! **What is modelled.** One placement of two players, from the moment its row is there: its row, and what the filter lets through of its
//! stream; the forwarder, GameLift, its event, the timers, a player who cancels at any moment or never, and the operator who replays dead
//! letters. A function is a sequence of calls to others (`run.rs`), and anything may come between two calls. Timers and events may be late,
//! in any order, and two of them at work at once beside the forwarder. GameLift may never end by itself, refuse whatever it likes, and lose
//! its event. In one run as many things as [`Placing::faults`] go wrong: a function dies at any point and its message comes again, be it a
//! record with those before it in its batch, a timer or an event; an event or a record is given up; GameLift does not answer, throttles, or
//! its answer to a start is lost; a timer or an event comes twice.
//!
//! **Dead letters.** A record may be given up for good only once the timer of its look has been set, by it or by another: the timer then
//! does the rest. One that never came so far is the operator's, and the model has it replayed, at any time and beside the stream. So is any
//! other record, or not. Timers are never given up: their dead letters are the operator's alone.
//!
//! **That every run ends well** cannot be said by [`Property::eventually`]: stateright asks it only where nothing at all can happen any
//! more, and loses sight of it where two ways meet. Instead, what must happen sooner or later ([`State::must`]) is kept apart from what may
//! happen, and it is always so that something must happen or all is done. Every run is finite, since each step shrinks [`State::ahead`],
//! which is asserted of each. Hence every run that leaves out nothing which must happen ends with all done.
//!
//! **What is not modelled.** Rows that expire. Seats that are taken again: to release one is conditional on it naming the placement. What a
//! session row says beside its outcome. Two messages of one timer, other than as one that comes twice. More faults, so that looks run out
//! ([`MOST_RECHECKS`]). Time is coarse, in steps of [`RECHECK_MILLISECONDS`], and only differences of times are kept (`settle.rs`).
//!
//! **What it does not rule out** is a game session that nobody was told of (there is an example of it among the properties): a start that
//! comes after the timer has given up, or a stop that GameLift did not hear. A game server has to end by itself when nobody comes.
//!
//! With two faults these are 1,424,327 unique states, tried in about seven seconds of one core; with three 7,286,652, in forty-five.
//! [`Mistake`]s show that the checker would find what it looks for.

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::*;

mod properties;
mod run;
mod settle;
mod state;

use properties::{ENDS_WELL, FIRST_OUTCOME_STAYS, FREE_WHEN_TOLD, NEVER_STARTS_UNWANTED};
use run::Step;
use state::{GameLift, State, Who};

/// How many players share the placement.
const PLAYERS: usize = 2;

/// How long GameLift's queue tries, and the grace. All times are multiples of one and the same, so that there are few of them.
const PATIENCE: u64 = RECHECK_MILLISECONDS;

/// What time it is. It stays so: instead of it, all other times move, and stop where they do not matter any more.
const NOW: u64 = 10 * RECHECK_MILLISECONDS;

/// How many timers and events are handled at once, beside the forwarder.
const MOST_WORKERS: usize = 2;

/// The model: what may go wrong, and what is done wrong.
#[derive(Clone, Copy, Debug)]
struct Placing {
    /// How many things may go wrong in one run.
    faults: u8,
    /// What is done wrong in each.
    mistake: Option<Mistake>,
}

/// A mistake that the checker has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// Claim whatever the row's status is.
    ClaimAnything,
    /// End also what has ended.
    EndAgain,
    /// Tell only if the end was won.
    TellOnlyWon,
    /// Tell only if the end was won, or lost to the same outcome.
    TellOnlySame,
    /// Do not look at the row when looking again was refused.
    LookAwayWhenRefused,
    /// Tell a player before the seat is free.
    TellBeforeFree,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// A function makes its next call, and hears the answer.
    Call(Who),
    /// The same, but GameLift cannot be reached.
    Unanswered(Who),
    /// GameLift starts, but its answer is lost.
    StartUnheard(Who),
    /// GameLift refuses to start, whatever it knows.
    StartRefused(Who),
    /// The timer that was set for this look fires, and maybe will once more.
    Fire { recheck: u32, again: bool },
    /// GameLift's event is delivered, and maybe will be once more.
    Deliver { again: bool },
    /// Time passes.
    Tick,
    /// The operator replays a dead letter.
    Replay,
    /// A player cancels.
    Cancel,
    /// GameLift is through with it.
    GameLiftEnds(Outcome),
    /// Its event gets lost.
    Lose,
    /// A timer's or an event's function dies, and its message will come again.
    Crash(usize),
    /// The same of an event, for the last time.
    GiveUp(usize),
    /// The forwarder dies, and the stream goes on from this record.
    CrashTo(usize),
    /// The record in hand becomes a dead letter.
    Drop { replayed: bool },
}

impl Model for Placing {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        [GameLift::Unknown, GameLift::Foreign].map(|gamelift| State::requested(gamelift, self.faults)).into()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        state.must(actions);
        state.may(actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        state.act(action, self.mistake).then_some(())?;
        state.settle();
        // Whatever happens leads nearer to the end, so that there is one: see `State::must`.
        assert!(self.mistake.is_some() || state.ahead() < last.ahead(), "{action:?} leads nowhere: {last:?}");
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

fn try_all(faults: u8) {
    let checker = Placing { faults, mistake: None }.checker().spawn_bfs().join();
    println!("{} unique states with {faults} faults, in at most {} steps", checker.unique_state_count(), checker.max_depth());
    checker.assert_properties();
}

#[test]
fn whatever_happens_a_placement_ends_once_and_its_players_know() {
    try_all(2);
}

#[test]
#[ignore = "takes a minute and 720 MB"]
fn whatever_more_happens_a_placement_ends_once_and_its_players_know() {
    try_all(3);
}

#[test]
fn every_mistake_is_found() {
    for (mistake, property) in [
        (Mistake::ClaimAnything, NEVER_STARTS_UNWANTED),
        (Mistake::EndAgain, FIRST_OUTCOME_STAYS),
        (Mistake::TellOnlyWon, ENDS_WELL),
        (Mistake::TellOnlySame, ENDS_WELL),
        (Mistake::LookAwayWhenRefused, ENDS_WELL),
        (Mistake::TellBeforeFree, FREE_WHEN_TOLD),
    ] {
        let placing = Placing { faults: 1, mistake: Some(mistake) };
        let checker = placing.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let found = checker.discovery(property).unwrap_or_else(|| panic!("{mistake:?} is not found"));
        println!("{mistake:?}: {:?}", found.into_actions());
    }
}
