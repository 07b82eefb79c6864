//! The rules of Muster, pure: no I/O, no clock and no dice of their own. What time it is, and what the dice show, is given.
//!
//! [`MODES`] is what can be played here. [`Game`] is the contract that a game keeps, [`Match`] is what is done around every game, and the
//! feature `check` has the kit that proves one. [`matchmaking`] is who plays with whom, and [`placement`] is what may become of a
//! placement.

mod a_match;
mod chance;
#[cfg(feature = "check")]
pub mod check;
mod erased;
mod game;
pub mod games;
pub mod matchmaking;
mod modes;
pub mod placement;
pub mod prelude;
mod seat_set;
mod secret;
mod time_bank;

pub use a_match::{Answer, Change, Circumstances, Look, Match, Occasion, Opening, Wish};
pub use chance::Chance;
pub use erased::{Broken, ErasedGame};
pub use game::{Actor, Clock, Game, Millis, Refusal, Step, Table, Tell, Viewer, refuse};
pub use modes::{Check, DEFAULT_HOSTED_MODE, Hosted, Kind, Lane, Limits, MODES, Mode, Played, mode};
pub use muster_protocol::MatchOutcome as Outcome;
pub use seat_set::SeatSet;
pub use secret::Secret;
pub use time_bank::TimeBank;
