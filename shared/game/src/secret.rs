//! What not everybody may know.

use serde::{Deserialize, Serialize};

use crate::SeatSet;

/// A part of a game's state that only some seats may know, such as a hand of cards or a play that the others have still to answer.
///
/// It does nothing by itself: a game's view must leave it out for all but its owners. But it marks what is secret, so that the kit can hold
/// that: it exchanges what a viewer does not own between two states and compares what that viewer sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Secret<T> {
    /// Who may know it.
    #[serde(rename = "of")]
    owners: SeatSet,
    /// What nobody else may.
    #[serde(rename = "secret")]
    value: T,
}

impl<T> Secret<T> {
    /// `value`, which only this seat may know.
    #[must_use]
    pub fn of(seat: usize, value: T) -> Self {
        Self { owners: SeatSet::EMPTY.with(seat), value }
    }

    /// `value`, which only these seats may know: of a deck of cards, none.
    #[must_use]
    pub const fn of_all(owners: SeatSet, value: T) -> Self {
        Self { owners, value }
    }

    /// The value, for the rules, which know everything.
    #[must_use]
    pub const fn reveal(&self) -> &T {
        &self.value
    }

    /// The value, for the rules to change.
    pub const fn reveal_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The value, if `viewer` may know it.
    #[must_use]
    pub const fn seen_by(&self, viewer: crate::Viewer<'_>) -> Option<&T> {
        match viewer {
            crate::Viewer::Seat(seat) if self.owners.contains(seat) => Some(&self.value),
            _ => None,
        }
    }
}
