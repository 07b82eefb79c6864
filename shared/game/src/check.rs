//! The kit that proves a game: one line a mode. It plays the mode's matches as they are stored and changed, with
//! [`Match::change`](crate::Match::change), in two ways.
//!
//! With stateright, all orders in which things can happen, to the depth and the number of states that the mode's [`Check`] names: players
//! come in, one too many and late ones, too; they act as the game's `tries` say, and in ways that nobody should; requests come twice;
//! players go away, come back and leave; the clock is early, punctual or late; a writer loses its race, and decides again; a reader sees an
//! older row. Two states are the same to it if only counters, request ids and absolute times differ. Then whole matches at random, to their
//! end.
//!
//! Around each step it holds the [`Law`]s. That every match ends is held as a measure which falls, since stateright's `eventually` misses
//! cycles: each step counts towards the mode's most steps, each missed deadline towards its most of those, and a match that is played
//! always has a time at which the clock acts. A match that only ends because it has reached its most steps has not ended by its rules, and
//! is a mistake.
//!
//! ```
//! muster_game::check!(tic_tac_toe);
//! ```

mod games;
mod hidden;
mod laws;
mod size;
mod world;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::{Check, Mode, Played};
use world::{Deed, World};

/// A test that a mode keeps the laws: `check!(tic_tac_toe)` of one in [`MODES`](crate::MODES), `check!(my_test, &MY_MODE)` of any other.
#[macro_export]
macro_rules! check {
    ($mode:ident) => {
        #[test]
        fn $mode() {
            $crate::check::prove($crate::mode(&stringify!($mode).replace('_', "-")).expect("a mode of this name"));
        }
    };
    ($test:ident, $mode:expr) => {
        #[test]
        fn $test() {
            $crate::check::prove($mode);
        }
    };
}

/// What holds of every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// No step panics, or leaves what cannot be read.
    NoStepBreaks,
    /// A revision is counted with each write, a version with each that is told, and what is over stays as it is.
    WritesAreCounted,
    /// Only who is awaited acts.
    TurnsAreKept,
    /// A request that comes again changes nothing.
    RepeatsChangeNothing,
    /// The same step on the same row comes out the same.
    StepsReplay,
    /// Every match ends, and by its rules.
    MatchesEnd,
    /// There is always a time at which the clock acts, and somebody or something that is waited for.
    NothingIsStuck,
    /// What may be tried is allowed, and nothing else is, unless the tries are only a sample.
    TriesAreAllowed,
    /// The computer may do what it does.
    ComputersAreAllowed,
    /// What somebody sees does not depend on what is secret to them.
    SecretsAreHidden,
    /// A step that tells nobody shows nobody, neither at once nor later.
    QuietStepsAreHidden,
    /// A row stays within the mode's most bytes.
    RowsFit,
    /// A match costs no more than the mode's most write units.
    MatchesAreCheap,
}

/// A law that does not hold.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// The mode.
    pub mode: &'static str,
    /// The law.
    pub law: Law,
    /// How it is broken.
    pub words: String,
    /// What led there.
    pub trail: Vec<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {:?}: {}", self.mode, self.law, self.words)?;
        self.trail.iter().enumerate().try_for_each(|(number, deed)| writeln!(f, "{:4}. {deed}", number + 1))
    }
}

/// What was explored, and found to keep the laws.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The mode.
    pub mode: &'static str,
    /// Different states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// Most steps from the opening.
    pub depth: usize,
    /// Whole games.
    pub games: usize,
    /// Most writes of one of them.
    pub longest: u64,
    /// Different parts of states that were exchanged because they are secret.
    pub secrets: usize,
    /// Largest row, in bytes.
    pub largest_row: usize,
    /// Most write units of a match by code that was played to its end.
    pub most_units: u32,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, states, steps, depth, games, longest, secrets, largest_row, most_units, took } = self;
        write!(f, "{mode}: {states} states by {steps} steps, at most {depth} deep; {games} games of at most {longest} writes; ")?;
        write!(f, "{secrets} secrets exchanged; rows of at most {largest_row} bytes; at most {most_units} write units; {took:.1?}")
    }
}

/// The kit at work on one mode.
#[derive(Debug)]
struct Kit {
    mode: &'static Mode,
    played: &'static Played,
    /// The first mistake that was found.
    found: Mutex<Option<Mistake>>,
    /// Secrets that were come across, by their place in the state and their owners.
    secrets: Mutex<BTreeMap<(String, u64), Vec<Value>>>,
    largest_row: AtomicUsize,
    /// States that were reached, counted each time.
    reached: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Model for Kit {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        // Two of each, whose dice fall differently.
        (0..2).flat_map(|seed| World::openings(self).into_iter().filter_map(move |opening| World::opened(self, opening, seed))).collect()
    }

    fn actions(&self, world: &World, deeds: &mut Vec<Deed>) {
        // stateright's own target is looked at too seldom.
        if self.reached.load(Ordering::Relaxed) < self.played.check.states {
            deeds.extend(world.deeds(self, 3));
        }
    }

    fn next_state(&self, world: &World, deed: Deed) -> Option<World> {
        let next = world.after(self, deed)?;
        self.reached.fetch_add(1, Ordering::Relaxed);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("every law holds", |_, world: &World| !world.is_wrong())]
    }
}

/// Tries a mode, and tells what was explored.
///
/// # Errors
/// The first [`Mistake`] that was found.
///
/// # Panics
/// If the mode is not played here, or another has its name.
pub fn check(mode: &'static Mode) -> Result<Report, Mistake> {
    offer(mode);
    let began = Instant::now();
    let played = mode.as_played().expect("a mode that is played here");
    let Check { depth, games, .. } = played.check;
    let (found, secrets) = (Mutex::new(None), Mutex::default());
    let (largest_row, reached) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let options = Kit { mode, played, found, secrets, largest_row, reached }.checker().finish_when(HasDiscoveries::AnyFailures);
    // One thread, so that it explores the same each time. A state at the last depth is reached, and not gone on from.
    let options = options.target_max_depth(depth + 2);
    let checker = options.threads(1).spawn_bfs().join();
    let kit = checker.model();
    let whole = games::play(kit, games);
    if let Some(mistake) = locked(&kit.found).take() {
        return Err(mistake);
    }
    let secrets = locked(&kit.secrets).values().map(Vec::len).sum();
    Ok(Report {
        mode: mode.name,
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
        games,
        longest: whole.longest,
        secrets,
        largest_row: kit.largest_row.load(Ordering::Relaxed),
        most_units: whole.most_units,
        took: began.elapsed(),
    })
}

/// Tries a mode, and prints what was explored.
///
/// # Panics
/// With the first [`Mistake`] that was found.
pub fn prove(mode: &'static Mode) {
    match check(mode) {
        Ok(report) => println!("{report}"),
        Err(mistake) => panic!("{mistake}"),
    }
}

/// Modes that are tried without being in [`MODES`](crate::MODES).
static FURTHER: RwLock<Vec<&'static Mode>> = RwLock::new(Vec::new());

/// Has matches of this mode find it.
pub(crate) fn offer(mode: &'static Mode) {
    if crate::mode(mode.name).is_none() {
        FURTHER.write().unwrap_or_else(PoisonError::into_inner).push(mode);
    }
    assert!(crate::mode(mode.name).is_some_and(|found| std::ptr::eq(found, mode)), "another mode has the name {}", mode.name);
}

/// The mode of this name, if it is being tried.
pub(crate) fn further(name: &str) -> Option<&'static Mode> {
    FURTHER.read().unwrap_or_else(PoisonError::into_inner).iter().copied().find(|mode| mode.name == name)
}

#[cfg(test)]
mod tests;
