//! Time that players may spend as they like over a whole match.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Clock, Millis};

/// What each seat has left to think, in milliseconds, beside an increment for each turn: as chess clocks have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TimeBank(Vec<Millis>);

impl TimeBank {
    /// `milliseconds` for each of `seats`.
    #[must_use]
    pub fn new(seats: usize, milliseconds: Millis) -> Self {
        Self(vec![milliseconds; seats])
    }

    /// The clock of the turn of `seat` that begins at `now`: until what it has left is used up, `increment` milliseconds included.
    #[must_use]
    pub fn turn(&self, seat: usize, increment: Millis, now: Millis) -> Clock {
        Clock::Until(now + increment + self.left(seat))
    }

    /// The bank behind a turn of `seat` that ends at `now` and would have been over at `due_at`: what was spent beyond the increment is
    /// gone.
    #[must_use]
    pub fn spent(mut self, seat: usize, due_at: Option<Millis>, now: Millis) -> Self {
        if let Some(left) = self.0.get_mut(seat) {
            *left = due_at.map_or(*left, |due_at| due_at.saturating_sub(now)).min(*left);
        }
        self
    }

    /// What `seat` has left, in milliseconds.
    #[must_use]
    pub fn left(&self, seat: usize) -> Millis {
        self.0.get(seat).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_spent_beyond_the_increment_is_taken_from_the_bank() {
        let bank = TimeBank::new(2, 60_000);
        let due_at = 1_000 + 5_000 + 60_000;
        assert_eq!(bank.turn(0, 5_000, 1_000), Clock::Until(due_at));
        assert_eq!(bank.clone().spent(0, Some(due_at), 5_000).left(0), 60_000);
        assert_eq!(bank.clone().spent(0, Some(due_at), 16_000).left(0), 50_000);
        assert_eq!(bank.clone().spent(0, Some(due_at), due_at + 7).left(0), 0);
        assert_eq!(bank.spent(0, Some(due_at), due_at).left(1), 60_000);
    }
}
