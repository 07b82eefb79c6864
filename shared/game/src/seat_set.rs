//! Sets of seats.

use serde::{Deserialize, Serialize};

/// Some seats of a match, each by its place among [`Table::seats`](crate::Table::seats), of which there are at most 16. It is written as a
/// number, one bit a seat, so that rows stay small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatSet(u16);

impl SeatSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// The first `count` seats.
    #[must_use]
    pub const fn first(count: usize) -> Self {
        Self(((1_u32 << if count > 16 { 16 } else { count }) - 1) as u16)
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many are in it.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(self, seat: usize) -> bool {
        seat < 16 && self.0 & (1 << seat) != 0
    }

    /// It with this one.
    #[must_use]
    pub const fn with(self, seat: usize) -> Self {
        if seat < 16 { Self(self.0 | 1 << seat) } else { self }
    }

    /// It without this one.
    #[must_use]
    pub const fn without(self, seat: usize) -> Self {
        if seat < 16 { Self(self.0 & !(1 << seat)) } else { self }
    }

    /// Its seats, in their order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |seat| self.contains(*seat))
    }
}

impl FromIterator<usize> for SeatSet {
    fn from_iter<I: IntoIterator<Item = usize>>(seats: I) -> Self {
        seats.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let set: SeatSet = [3, 0, 15, 3].into_iter().collect();
        assert_eq!((set.iter().collect::<Vec<_>>(), set.len()), (vec![0, 3, 15], 3));
        assert!(set.without(3).contains(15) && !set.without(3).contains(3) && !set.contains(16));
        assert_eq!(SeatSet::first(16).len(), 16);
        assert_eq!(SeatSet::first(2).iter().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(serde_json::to_string(&SeatSet::first(2)).unwrap(), "3");
    }
}
