//! The contract that a game keeps. A game is one file in `games/`, and a line in [`MODES`](crate::MODES): nothing else needs to know it.
//!
//! A game is pure. It is handed its state, what somebody does, the time and the dice, and it answers with a [`Step`]: the next state, whose turn it is,
//! until when, and what has happened. Everything else is done around it, in [`Match`](crate::Match): who sits where, deadlines, repetitions,
//! conflicts, players who are away or leave, bots, pushes and timers.
//!
//! ```
//! use muster_game::{Actor, Chance, Game, Outcome, Refusal, Step, Table, Viewer, refuse};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// Two take turns to count on by one, two or three. Whoever says 21 loses.
//! #[derive(Debug)]
//! struct TwentyOne;
//!
//! #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
//! struct Count(u32);
//!
//! impl Game for TwentyOne {
//!     type Options = ();
//!     type State = Count;
//!     type Action = u32;
//!     type View = Count;
//!     type Event = Count;
//!
//!     fn begin(&self, table: &Table<()>, _: &mut Chance) -> Step<Count, Count> {
//!         Step::to(Count(0)).awaits([0]).until(table.now + 20_000)
//!     }
//!
//!     fn act(&self, count: Count, by: Actor<'_>, on: u32, table: &Table<()>, _: &mut Chance) -> Result<Step<Count, Count>, Refusal> {
//!         // Only who is awaited gets here with an action, so `by` is the seat whose turn it is.
//!         let Actor::Seat(seat) = by else { return refuse("not_seated", "only players count") };
//!         if !(1..=3).contains(&on) {
//!             return refuse("too_far", "action: 1 to 3");
//!         }
//!         let count = Count(count.0 + on);
//!         let step = Step::to(count.clone()).event(count.clone());
//!         if count.0 >= 21 {
//!             return Ok(step.over(Outcome::won_by(1 - seat, 2, "the other said 21")));
//!         }
//!         Ok(step.awaits([1 - seat]).until(table.now + 20_000))
//!     }
//!
//!     fn view(&self, count: &Count, _: Viewer<'_>, _: &Table<()>) -> Count {
//!         count.clone()
//!     }
//!
//!     fn tries(&self, _: &Count, _: Viewer<'_>) -> Vec<u32> {
//!         vec![1, 2, 3]
//!     }
//! }
//!
//! let table = Table::of_two((), 1_000);
//! let mut dice = Chance::new("a seed", 1, 0);
//! let begun = TwentyOne.begin(&table, &mut dice);
//! let step = TwentyOne.act(begun.state, Actor::Seat(0), 3, &table, &mut dice).unwrap();
//! assert_eq!(step.state.0, 3);
//! ```

use std::{fmt, ops::RangeInclusive};

use muster_protocol::MatchPlayer;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Chance, Outcome, SeatSet};

/// A time, or a span of time, in milliseconds. Times are of the epoch, by the server's clock.
pub type Millis = u64;

/// A game: its rules, and nothing else. It has no clock, no dice and no memory of its own, so that the same step always comes out the same.
pub trait Game: fmt::Debug + Send + Sync {
    /// Grows when states that are stored change their shape: see [`migrate`](Self::migrate).
    const RULES: u32 = 1;

    /// What can be chosen when a match is opened.
    type Options: Serialize + DeserializeOwned;
    /// All that the rules have to remember. It is stored after each step, so it should be small.
    type State: Clone + Serialize + DeserializeOwned;
    /// What a player can do.
    type Action: Clone + Serialize + DeserializeOwned + JsonSchema;
    /// What somebody sees.
    type View: Serialize + DeserializeOwned + JsonSchema;
    /// What has happened.
    type Event: Clone + Serialize + DeserializeOwned + JsonSchema;

    /// How many seats a match has: the fewest with which its host can begin it, and the most, with which it begins by itself. At most 16.
    fn seats(&self, _options: &Self::Options) -> RangeInclusive<usize> {
        2..=2
    }

    /// Whether these options will do.
    ///
    /// # Errors
    /// A [`Refusal`] that names the option and its limit.
    fn check(&self, _options: &Self::Options) -> Result<(), Refusal> {
        Ok(())
    }

    /// The match begins, with everybody in their seats.
    fn begin(&self, table: &Table<Self::Options>, chance: &mut Chance) -> Step<Self::State, Self::Event>;

    /// Somebody comes in after the beginning, who has the last seat of the table. By default nobody can.
    ///
    /// # Errors
    /// A [`Refusal`], if there is no coming in.
    fn join(
        &self,
        _state: Self::State,
        _seat: usize,
        _table: &Table<Self::Options>,
        _chance: &mut Chance,
    ) -> Result<Step<Self::State, Self::Event>, Refusal> {
        refuse("match_begun", "body.matchId: the match has begun")
    }

    /// Somebody acts. A seat that is not awaited does not get here: it is refused as `not_your_turn`.
    ///
    /// # Errors
    /// A [`Refusal`], if the rules do not allow it now.
    #[expect(clippy::too_many_arguments, reason = "the parts of the one thing that happens, which games take apart")]
    fn act(
        &self,
        state: Self::State,
        by: Actor<'_>,
        action: Self::Action,
        table: &Table<Self::Options>,
        chance: &mut Chance,
    ) -> Result<Step<Self::State, Self::Event>, Refusal>;

    /// The time is up. By default, whoever is awaited does one of the [`tries`](Self::tries) at random, or leaves if there is none.
    fn time_up(&self, state: Self::State, table: &Table<Self::Options>, chance: &mut Chance) -> Step<Self::State, Self::Event> {
        at_random(self, state, table, chance)
    }

    /// Somebody leaves for good. By default the match is over, with this seat behind all others.
    fn leave(&self, state: Self::State, seat: usize, table: &Table<Self::Options>, _chance: &mut Chance) -> Step<Self::State, Self::Event> {
        Step::to(state).over(Outcome::forfeited_by(seat, table.seats.len()))
    }

    /// The match as somebody sees it. What is secret must not be in it.
    fn view(&self, state: &Self::State, viewer: Viewer<'_>, table: &Table<Self::Options>) -> Self::View;

    /// An event as somebody sees it, or nothing. By default everybody sees all of it.
    fn show(&self, event: &Self::Event, _viewer: Viewer<'_>, _table: &Table<Self::Options>) -> Option<Self::Event> {
        Some(event.clone())
    }

    /// What may be done now by who sees this, if it is awaited. The kit tries these, bots choose among them, and clients make buttons of
    /// them. Anything else has to be refused, unless the mode's [`Check`](crate::Check) says that these are only a sample.
    fn tries(&self, view: &Self::View, viewer: Viewer<'_>) -> Vec<Self::Action>;

    /// What the computer does in this seat. It knows no more than a player would. By default it is one of the [`tries`](Self::tries) at random.
    fn bot(&self, view: &Self::View, seat: usize, chance: &mut Chance) -> Option<Self::Action> {
        chance.pick(&self.tries(view, Viewer::Seat(seat))).cloned()
    }

    /// A state that was stored by rules of the version `from`, as these rules have it. `None` ends its match as void.
    fn migrate(&self, _from: u32, _state: Value) -> Option<Self::State> {
        None
    }
}

/// What a game is told of its match besides its own state.
#[derive(Clone, Debug)]
pub struct Table<O> {
    /// What was chosen when the match was opened.
    pub options: O,
    /// What time it is.
    pub now: Millis,
    /// Which revision of the match this step becomes a part of.
    pub revision: u64,
    /// The seat of whoever opened the match.
    pub host: usize,
    /// Who sits where.
    pub seats: Vec<MatchPlayer>,
    /// Who was awaited before this step.
    pub awaits: SeatSet,
    /// Until when.
    pub due_at: Option<Millis>,
}

impl<O> Table<O> {
    /// A table of two players, for examples and tests.
    #[must_use]
    pub fn of_two(options: O, now: Millis) -> Self {
        let seat = |player: &str| MatchPlayer { player_id: player.to_owned(), bot: false, away: false, left: false };
        Self { options, now, revision: 1, host: 0, seats: vec![seat("alice"), seat("bob")], awaits: SeatSet::EMPTY, due_at: None }
    }

    /// The seats that nobody has left.
    #[must_use]
    pub fn staying(&self) -> SeatSet {
        self.seats.iter().enumerate().filter(|(_, seat)| !seat.left).map(|(seat, _)| seat).collect()
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor<'a> {
    /// A seat of the table.
    Seat(usize),
    /// Somebody who watches, by the player's id.
    Watcher(&'a str),
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// A seat of the table.
    Seat(usize),
    /// Somebody who watches, by the player's id if it is known.
    Watcher(Option<&'a str>),
}

/// What comes of something that has happened in a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<S, E> {
    /// All that the rules have to remember from now on.
    pub state: S,
    /// When the time is up.
    pub clock: Clock,
    /// Who must act. Bots in it do, and whoever is not in it cannot.
    pub awaits: SeatSet,
    /// What has happened, in order, for animation and history.
    pub events: Vec<E>,
    /// Who is told.
    pub tell: Tell,
    /// That the match is over, and what it came to.
    pub over: Option<Outcome>,
}

impl<S, E> Step<S, E> {
    /// To this state. Everybody is told, nobody is awaited, and the clock goes on as it was.
    #[must_use]
    pub const fn to(state: S) -> Self {
        Self { state, clock: Clock::Keep, awaits: SeatSet::EMPTY, events: Vec::new(), tell: Tell::All, over: None }
    }

    /// These seats must act.
    #[must_use]
    pub fn awaits(self, seats: impl IntoIterator<Item = usize>) -> Self {
        Self { awaits: seats.into_iter().collect(), ..self }
    }

    /// The time is up at `at`.
    #[must_use]
    pub fn until(self, at: Millis) -> Self {
        self.clock(Clock::Until(at))
    }

    /// The clock is to go like this.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// This has happened, behind what has before.
    #[must_use]
    pub fn event(mut self, event: E) -> Self {
        self.events.push(event);
        self
    }

    /// Only these are told.
    #[must_use]
    pub fn tell(self, tell: Tell) -> Self {
        Self { tell, ..self }
    }

    /// The match is over.
    #[must_use]
    pub fn over(self, outcome: Outcome) -> Self {
        Self { over: Some(outcome), ..self }
    }

    /// `next`, which has happened behind this, as one step with it.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let clock = if next.clock == Clock::Keep { self.clock } else { next.clock };
        let events = self.events.into_iter().chain(next.events).collect();
        Self { clock, events, tell: self.tell.and(next.tell), ..next }
    }
}

/// When the time of a step is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// As before.
    Keep,
    /// At this time, at most 15 minutes from now.
    Until(Millis),
    /// Never, as far as the game is concerned. The mode's own limit for silence ends the match.
    Idle,
}

/// Who is told of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Everybody.
    All,
    /// Nobody yet. It must then show nobody but the one who acted that anything has happened.
    Nobody,
}

impl Tell {
    /// Who is told of two steps in one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, Self::Nobody) => Self::Nobody,
            _ => Self::All,
        }
    }
}

/// Why something cannot be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs: a word of the game's own, such as `taken`.
    pub code: &'static str,
    /// For people, naming the field and its limit, such as "action.cell: a free cell, 0 to 8".
    pub words: String,
}

/// Refuses what was asked for.
///
/// # Errors
/// Always: with this code and these words.
pub fn refuse<T>(code: &'static str, words: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, words: words.into() })
}

/// Whoever is awaited does something at random, or leaves if there is nothing to do: what [`Game::time_up`] does by default.
fn at_random<G: Game + ?Sized>(game: &G, state: G::State, table: &Table<G::Options>, chance: &mut Chance) -> Step<G::State, G::Event> {
    let mut step = Step { awaits: table.awaits, ..Step::to(state) };
    for seat in table.awaits.iter() {
        if step.over.is_some() || !step.awaits.contains(seat) {
            continue;
        }
        let tries = game.tries(&game.view(&step.state, Viewer::Seat(seat), table), Viewer::Seat(seat));
        let acted = chance.pick(&tries).cloned().map(|action| game.act(step.state.clone(), Actor::Seat(seat), action, table, chance));
        let next = match acted {
            Some(Ok(next)) => next,
            Some(Err(_)) | None => game.leave(step.state.clone(), seat, table, chance),
        };
        step = step.then(next);
    }
    step
}
