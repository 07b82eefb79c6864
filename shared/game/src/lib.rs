//! The rules of Muster, pure: no I/O, no clock and no randomness. What time it is, is an argument.
//!
//! [`MODES`] is what can be played here: the one file to change for a game of one's own. [`matchmaking`] is who plays with
//! whom, and [`placement`] is what may become of a placement.

pub mod games;
pub mod matchmaking;
mod modes;
pub mod placement;
pub mod rounds;

pub use modes::{DEFAULT_HOSTED_MODE, Hosted, Kind, MODES, Mode, mode};
