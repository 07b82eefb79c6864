//! Games without their types: what the envelope of a match works with, so that it is compiled once and not for each game.
//!
//! States, events and options are JSON text here, as rows have them. A panic of a game is caught: it ends that one match.

use std::{
    any::Any,
    fmt,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
};

use muster_protocol::reading::{self, Complaint};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Actor, Chance, Clock, Game, Outcome, Refusal, SeatSet, Step, Table, Tell, Viewer};

/// Why a match cannot go on: its game has panicked, or what is stored of it cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an action was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The rules do not allow it, or it is no action of this game.
    Refused(Refusal),
    /// The match cannot go on.
    Broken(Broken),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Broken> for Failed {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A step, as a row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasedStep {
    /// The next state, as JSON.
    pub state: String,
    /// When the time is up.
    pub clock: Clock,
    /// Who must act.
    pub awaits: SeatSet,
    /// What has happened, each as JSON.
    pub events: Vec<Value>,
    /// Who is told.
    pub tell: Tell,
    /// What the match came to.
    pub over: Option<Outcome>,
}

/// A table whose options are JSON text.
pub type ErasedTable<'a> = Table<&'a str>;

/// What happens to a game that goes on.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// It begins.
    Begin,
    /// Somebody comes in, in this seat.
    Join(usize),
    /// Somebody acts, with an action in JSON.
    Act(Actor<'a>, &'a str),
    /// The time is up.
    TimeUp,
    /// Somebody leaves this seat.
    Leave(usize),
}

/// A game, its types taken away. Every [`Game`] is one.
pub trait ErasedGame: fmt::Debug + Send + Sync {
    /// The version of its stored states.
    fn rules(&self) -> u32;

    /// Checks options, which are the mode's with those that were chosen in their place, and gives them as the game writes them.
    ///
    /// # Errors
    /// A [`Refusal`] that names the option.
    fn chosen(&self, options: &str) -> Result<String, Refusal>;

    /// How many seats a match of these options has.
    ///
    /// # Errors
    /// [`Broken`].
    fn seats(&self, options: &str) -> Result<RangeInclusive<usize>, Broken>;

    /// What comes of something that happens. `state` is ignored at the beginning.
    ///
    /// # Errors
    /// [`Failed`].
    fn step(&self, state: &str, what: Happening<'_>, table: &ErasedTable<'_>, chance: &mut Chance) -> Result<ErasedStep, Failed>;

    /// A state as somebody sees it.
    ///
    /// # Errors
    /// [`Broken`].
    fn view(&self, state: &str, viewer: Viewer<'_>, table: &ErasedTable<'_>) -> Result<Value, Broken>;

    /// Events as somebody sees them.
    ///
    /// # Errors
    /// [`Broken`].
    fn show(&self, events: &[Value], viewer: Viewer<'_>, table: &ErasedTable<'_>) -> Result<Vec<Value>, Broken>;

    /// What may be done by who sees `view`.
    ///
    /// # Errors
    /// [`Broken`].
    fn tries(&self, view: &Value, viewer: Viewer<'_>) -> Result<Vec<Value>, Broken>;

    /// What the computer does in `seat`, as JSON.
    ///
    /// # Errors
    /// [`Broken`].
    fn bot(&self, state: &str, seat: usize, table: &ErasedTable<'_>, chance: &mut Chance) -> Result<Option<String>, Broken>;

    /// A state of the rules of version `from`, as these rules have it.
    ///
    /// # Errors
    /// [`Broken`], if there is no way.
    fn migrate(&self, from: u32, state: &str) -> Result<String, Broken>;

    /// The JSON Schemas of its actions, views and events, in the dialect of draft 7.
    #[cfg(feature = "schema")]
    fn schemas(&self) -> [schemars::Schema; 3];
}

impl<G: Game> ErasedGame for G {
    fn rules(&self) -> u32 {
        G::RULES
    }

    fn chosen(&self, options: &str) -> Result<String, Refusal> {
        let unusable = |broken: Broken| bad_request(format_args!("body.options: {broken}"));
        let options: G::Options =
            guarded(|| reading::read(options)).map_err(unusable)?.map_err(|complaint| bad_request(complaint.within("body.options")))?;
        guarded(|| Game::check(self, &options)).map_err(unusable)??;
        text("options", &options).map_err(unusable)
    }

    fn seats(&self, options: &str) -> Result<RangeInclusive<usize>, Broken> {
        let options = read("options", options)?;
        guarded(|| Game::seats(self, &options))
    }

    fn step(&self, state: &str, what: Happening<'_>, table: &ErasedTable<'_>, chance: &mut Chance) -> Result<ErasedStep, Failed> {
        let table = typed(table)?;
        let step = match what {
            Happening::Begin => guarded(|| self.begin(&table, chance))?,
            Happening::Join(seat) => {
                let state = read("state", state)?;
                guarded(|| self.join(state, seat, &table, chance))??
            }
            Happening::Act(by, action) => {
                let state = read("state", state)?;
                let unreadable = |complaint: Complaint| bad_request(complaint.within("body.action"));
                let action: G::Action = guarded(|| reading::read(action))?.map_err(unreadable)?;
                guarded(|| self.act(state, by, action, &table, chance))??
            }
            Happening::TimeUp => {
                let state = read("state", state)?;
                guarded(|| self.time_up(state, &table, chance))?
            }
            Happening::Leave(seat) => {
                let state = read("state", state)?;
                guarded(|| self.leave(state, seat, &table, chance))?
            }
        };
        let Step { state, clock, awaits, events, tell, over } = step;
        let events = events.iter().map(|event| value("event", event)).collect::<Result<_, _>>()?;
        Ok(ErasedStep { state: text("state", &state)?, clock, awaits, events, tell, over })
    }

    fn view(&self, state: &str, viewer: Viewer<'_>, table: &ErasedTable<'_>) -> Result<Value, Broken> {
        let (table, state) = (typed(table)?, read("state", state)?);
        value("view", &guarded(|| Game::view(self, &state, viewer, &table))?)
    }

    fn show(&self, events: &[Value], viewer: Viewer<'_>, table: &ErasedTable<'_>) -> Result<Vec<Value>, Broken> {
        let table = typed(table)?;
        let mut shown = Vec::with_capacity(events.len());
        for event in events {
            let event: G::Event = guarded(|| G::Event::deserialize(event))?.map_err(|error| unreadable("event", &error))?;
            if let Some(event) = guarded(|| Game::show(self, &event, viewer, &table))? {
                shown.push(value("event", &event)?);
            }
        }
        Ok(shown)
    }

    fn tries(&self, view: &Value, viewer: Viewer<'_>) -> Result<Vec<Value>, Broken> {
        let view = guarded(|| G::View::deserialize(view))?.map_err(|error| unreadable("view", &error))?;
        guarded(|| Game::tries(self, &view, viewer))?.iter().map(|action| value("action", action)).collect()
    }

    fn bot(&self, state: &str, seat: usize, table: &ErasedTable<'_>, chance: &mut Chance) -> Result<Option<String>, Broken> {
        let (table, state) = (typed(table)?, read("state", state)?);
        let action = guarded(|| Game::bot(self, &Game::view(self, &state, Viewer::Seat(seat), &table), seat, chance))?;
        action.map(|action| text("action", &action)).transpose()
    }

    fn migrate(&self, from: u32, state: &str) -> Result<String, Broken> {
        let old: Value = read("state", state)?;
        let state = guarded(|| Game::migrate(self, from, old))?;
        let state = state.ok_or_else(|| Broken(format!("a state of rules {from} cannot be read by rules {}", G::RULES)))?;
        text("state", &state)
    }

    #[cfg(feature = "schema")]
    fn schemas(&self) -> [schemars::Schema; 3] {
        // Each by itself, since two games may call different things by the same name.
        let settings = || schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        let (mut read, mut written) = (settings().into_generator(), settings().for_serialize().into_generator());
        let action = <G::Action as schemars::JsonSchema>::json_schema(&mut read);
        let view = <G::View as schemars::JsonSchema>::json_schema(&mut written);
        [action, view, <G::Event as schemars::JsonSchema>::json_schema(&mut written)]
    }
}

/// The table, with its options as the game has them.
fn typed<O: DeserializeOwned>(table: &ErasedTable<'_>) -> Result<Table<O>, Broken> {
    let options =
        guarded(|| reading::read(table.options))?.map_err(|complaint| Broken(format!("the options cannot be read: {complaint}")))?;
    let Table { now, revision, host, ref seats, awaits, due_at, .. } = *table;
    Ok(Table { options, now, revision, host, seats: seats.clone(), awaits, due_at })
}

/// Calls into a game.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Broken> {
    // A game keeps nothing of its own, and what it was changing is thrown away with the panic.
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| Broken(format!("the game panicked: {}", words(panic.as_ref()))))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Broken> {
    guarded(|| serde_json::from_str(text))?.map_err(|error| unreadable(what, &error))
}

fn unreadable(what: &str, error: &serde_json::Error) -> Broken {
    Broken(format!("the {what} cannot be read: {error}"))
}

fn text<T: Serialize>(what: &str, value: &T) -> Result<String, Broken> {
    guarded(|| serde_json::to_string(value))?.map_err(|error| Broken(format!("the {what} cannot be written: {error}")))
}

fn value<T: Serialize>(what: &str, value: &T) -> Result<Value, Broken> {
    guarded(|| serde_json::to_value(value))?.map_err(|error| Broken(format!("the {what} cannot be written: {error}")))
}

/// What is refused before the rules are asked.
fn bad_request(words: impl fmt::Display) -> Refusal {
    Refusal { code: "bad_request", words: words.to_string() }
}
