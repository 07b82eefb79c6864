//! Chance that is given: dice, cards and draws that come out the same when the same step is taken again.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

/// The dice of one step. They are ChaCha8 of the match's secret seed, of its revision and of the step within that: so a change that is
/// tried again comes out the same, a log replays exactly, and nobody who does not know the seed can tell what comes next.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The dice of the `step`th step of what becomes revision `revision` of the match with this seed, of which the first 32 bytes count.
    #[must_use]
    pub fn new(seed: &str, revision: u64, step: u32) -> Self {
        let mut key = [0; 32];
        key.iter_mut().zip(seed.bytes()).for_each(|(to, from)| *to = from);
        let mut dice = ChaCha8Rng::from_seed(key);
        dice.set_stream(revision << 16 | u64::from(step));
        Self(dice)
    }

    /// 0 to `bound` - 1, each as likely as any other; 0, if there is no choice.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        if bound < 2 {
            return 0;
        }
        // What is left over at the end of the range would favour small numbers.
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn < fair {
                return usize::try_from(drawn % bound).unwrap_or_default();
            }
        }
    }

    /// A die of `sides` sides: 1 to `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        1 + self.below(sides)
    }

    /// Brings `items` into an order, each as likely as any other.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// One of `items`, unless there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_step_comes_out_the_same_and_another_does_not() {
        let drawn = |seed, revision, step| {
            let mut chance = Chance::new(seed, revision, step);
            (0..8).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(drawn("seed", 1, 0), drawn("seed", 1, 0));
        for other in [drawn("sead", 1, 0), drawn("seed", 2, 0), drawn("seed", 1, 1)] {
            assert_ne!(drawn("seed", 1, 0), other);
        }
    }

    #[test]
    fn draws_are_of_one_algorithm_for_ever() {
        let mut chance = Chance::new("0123456789abcdef0123456789abcdef", 7, 0);
        let drawn: Vec<usize> = (0..6).map(|_| chance.roll(6)).collect();
        assert_eq!(drawn, DRAWN, "a log of another version of Muster would not replay");
    }

    /// What was drawn when this was written.
    const DRAWN: [usize; 6] = [4, 6, 6, 4, 2, 4];

    #[test]
    fn dice_are_fair_and_shuffles_lose_nothing() {
        let mut chance = Chance::new("s", 0, 0);
        let mut times = [0; 6];
        (0..60_000).for_each(|_| times[chance.roll(6) - 1] += 1);
        assert!(times.iter().all(|times| (9_500..10_500).contains(times)), "{times:?}");
        let mut cards: Vec<usize> = (0..52).collect();
        chance.shuffle(&mut cards);
        assert_ne!(cards, (0..52).collect::<Vec<_>>());
        cards.sort_unstable();
        assert_eq!(cards, (0..52).collect::<Vec<_>>());
        assert_eq!((chance.pick::<u8>(&[]), chance.below(0)), (None, 0));
    }
}
