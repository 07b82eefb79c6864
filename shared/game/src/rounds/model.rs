//! Tries every order of what may happen to a match, with the functions of [`Match`] that decide what its rows become.
//!
//! **What is modelled.** One match of two players, from the moment the first waits: its row with its version and the number of its open plays;
//! players who join, play at any moment or never, and leave; the records of rounds that open, which set timers; and timers. What a function
//! reads and what it writes are two steps, and anything may come between. A write is conditional on the version and the plays that were read;
//! to resolve a round is tried [`RESOLVE_ATTEMPTS`] times. A play is one write that reads nothing, and its clock may be slow. It may come again,
//! for its own round or the next. Timers may be late. In one run as many things as [`Playing::faults`] go wrong: a function dies before its
//! write, and only a timer and who joins come again; a record sets its timer twice; a timer comes twice.
//!
//! **That every run ends** is said as for placements: it is always so that something must happen ([`World::must`]) or the match is over, and
//! each step shrinks [`World::ahead`], which is asserted.
//!
//! **What is not modelled.** Rows that expire, and who waits for nobody. Records and timers that are given up: the operator has their dead
//! letters. Resuming players, who resolve as a timer does. A leave that is tried again: it is as good as one that comes later.
//! Time is coarse: a round's is up, or not. That only the first player leaves if anything goes wrong keeps the states few.
//!
//! With one fault these are 419,336 unique states, and without any, but with both players who may leave, 167,983: both in some eight seconds.
//! [`Mistake`]s show that the checker would find what it looks for.

use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

use super::*;

mod properties;
mod state;

use properties::{ENDS_WELL, FIRST_ENDING_STAYS, NEVER_EARLY, NO_PLAY_IS_LOST, RESOLVED_ONCE};
use state::World;

/// A game that can be won by either, or drawn, with as few plays as can be.
#[derive(Debug)]
struct HitOrMiss;

impl SimultaneousGame for HitOrMiss {
    fn plays(&self) -> &'static [&'static str] {
        &["hit", "miss"]
    }

    fn beats(&self, winner: &str, loser: &str) -> Option<&'static str> {
        (winner == "hit" && loser == "miss").then_some("beats")
    }
}

/// The rules: few rounds, but enough of them for each ending.
const RULES: Rounds = Rounds { game: &HitOrMiss, seconds: 1, wins: 2, most_rounds: 2, most_unanswered: 2 };

/// What time it is. It stays so: instead of it, the time of the open round moves, from later to now.
const NOW: u64 = 1_000_000;

/// How often a round is tried to be resolved, if another write comes between.
const RESOLVE_ATTEMPTS: u8 = 3;

/// The same of a match that is left. Another try is as good as leaving later.
const LEAVE_ATTEMPTS: u8 = 1;

/// The model: what may go wrong, and what is done wrong.
#[derive(Clone, Copy, Debug)]
struct Playing {
    /// How many things may go wrong in one run.
    faults: u8,
    /// Whether both may leave, or only the first.
    both_leave: bool,
    /// What is done wrong in each.
    mistake: Option<Mistake>,
}

/// A mistake that the checker has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    /// Write whatever has been played since the match was read.
    IgnorePlays,
    /// Write whichever version the match has by now.
    IgnoreVersion,
    /// Write without any condition that a match is left.
    LeaveAnything,
    /// Take the open round for the one whose time is up.
    ResolveAnyRound,
    /// Try to resolve a round only once, so that a play that comes between leaves it to a function that may die.
    TryOnce,
    /// Set no timer for a round that a timer has opened.
    ScheduleOnlyFirst,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// The second player's request reads the match.
    Join,
    /// A player's play is written, if it counts.
    Play(Side, &'static str),
    /// A player's request to leave reads the match.
    Leave(Side),
    /// The record of this round sets its timer, and maybe will once more.
    Schedule { round: u32, again: bool },
    /// The timer of this round reads the match, and maybe will once more.
    Fire { round: u32, again: bool },
    /// A function writes what it has made of the match that it read; if that is refused, it reads the match again.
    Write(usize),
    /// A function dies before it writes. If it was a timer's, that comes again.
    Crash(usize),
    /// The time of the open round is up.
    Tick,
}

impl Model for Playing {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::waiting(self.faults, self.both_leave)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.must(actions);
        world.may(actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        world.act(action, self.mistake);
        world.settle(self.mistake);
        // Whatever happens leads nearer to the end, so that there is one: see `World::must`.
        assert!(self.mistake.is_some() || world.ahead() < last.ahead(), "{action:?} leads nowhere: {last:?}");
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

fn try_all(faults: u8, both_leave: bool) -> impl Checker<Playing> {
    let checker = Playing { faults, both_leave, mistake: None }.checker().spawn_bfs().join();
    println!("{} unique states with {faults} faults, in at most {} steps", checker.unique_state_count(), checker.max_depth());
    checker
}

#[test]
fn whatever_happens_each_round_is_resolved_once_and_a_match_ends() {
    try_all(1, false).assert_properties();
}

#[test]
#[ignore = "takes a minute"]
fn whatever_more_happens_each_round_is_resolved_once_and_a_match_ends() {
    try_all(2, false).assert_properties();
}

#[test]
fn whoever_leaves_a_match_ends_once() {
    let checker = try_all(0, true);
    for property in properties::all().into_iter().filter(|property| property.expectation == Expectation::Always) {
        checker.assert_no_discovery(property.name);
    }
}

#[test]
fn every_mistake_is_found() {
    for (mistake, property) in [
        (Mistake::IgnorePlays, NO_PLAY_IS_LOST),
        (Mistake::IgnoreVersion, RESOLVED_ONCE),
        (Mistake::LeaveAnything, FIRST_ENDING_STAYS),
        (Mistake::ResolveAnyRound, NEVER_EARLY),
        (Mistake::TryOnce, ENDS_WELL),
        (Mistake::ScheduleOnlyFirst, ENDS_WELL),
    ] {
        let playing = Playing { faults: 1, both_leave: false, mistake: Some(mistake) };
        let checker = playing.checker().finish_when(HasDiscoveries::AnyOf([property].into())).spawn_bfs().join();
        let found = checker.discovery(property).unwrap_or_else(|| panic!("{mistake:?} is not found"));
        println!("{mistake:?}: {:?}", found.into_actions());
    }
}
