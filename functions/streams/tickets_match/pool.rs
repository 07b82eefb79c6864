//! Which pool is looked at.

use muster_aws::{Fault, mode_and_band};
use muster_game::Mode;

/// A pool, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'a> {
    /// Its key.
    pub(crate) name: &'a str,
    /// What is played.
    pub(crate) mode: &'static Mode,
    /// How skilled its players are, as [`muster_game::matchmaking::band`] has it.
    pub(crate) band: u16,
}

impl<'a> Pool<'a> {
    /// The pool of this name.
    ///
    /// # Errors
    /// A [`Fault`] if no mode has such a pool.
    pub(crate) fn of(name: &'a str) -> Result<Self, Fault> {
        let unknown = || Fault::because(format!("{name} is no pool of a mode"));
        let (mode, band) = mode_and_band(name).ok_or_else(unknown)?;
        let mode = muster_game::mode(mode).filter(|mode| mode.pool.is_some()).ok_or_else(unknown)?;
        Ok(Self { name, mode, band })
    }
}
