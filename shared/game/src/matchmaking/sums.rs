//! Which numbers of players some tickets can add up to.

/// The greatest sum that is kept.
pub const MOST: usize = 255;

/// A set of sums up to [`MOST`]: one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums([u64; 4]);

impl Sums {
    /// What no tickets add up to: zero.
    pub const ZERO: Self = Self([1, 0, 0, 0]);

    /// The sums of tickets, of which there are `counts[players]` of so many players.
    pub fn of(counts: &[u32]) -> Self {
        let mut sums = Self::ZERO;
        for (players, &count) in counts.iter().enumerate().skip(1) {
            // Twice as many at a time, so that a crowd takes no longer than a few.
            let (mut left, mut step) = ((count as usize).min(MOST / players), 1);
            while left > 0 {
                let taken = step.min(left);
                sums = sums.with(taken * players);
                left -= taken;
                step *= 2;
            }
        }
        sums
    }

    /// These, and each of these with `players` more.
    pub fn with(self, players: usize) -> Self {
        let (words, bits) = (players / 64, players % 64);
        let mut sums = self.0;
        for (target, sum) in sums.iter_mut().enumerate().skip(words) {
            *sum |= self.0[target - words] << bits;
            if bits > 0 && target > words {
                *sum |= self.0[target - words - 1] >> (64 - bits);
            }
        }
        Self(sums)
    }

    pub fn has(self, players: usize) -> bool {
        players <= MOST && self.0[players / 64] >> (players % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_all_subsets(tickets in prop::collection::vec(1_usize..90, 0..10)) {
            let mut counts = [0; 90];
            tickets.iter().for_each(|&players| counts[players] += 1);
            let mut sums = BTreeSet::from([0]);
            for players in tickets {
                sums.extend(sums.clone().into_iter().map(|sum| sum + players));
            }
            for sum in 0..=MOST + 1 {
                prop_assert_eq!(Sums::of(&counts).has(sum), sum <= MOST && sums.contains(&sum), "{}", sum);
            }
        }
    }
}
