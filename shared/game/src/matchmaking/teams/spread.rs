//! The thorough search for a ticket's match in one region.
//!
//! Whether tickets fit each other looks like a question about every two of them, but it is not. Name the lowest and the highest skill of the
//! match first: then each ticket alone can say whether its window reaches both, and any that do fit each other. So for every lowest and
//! highest skill there is one list of tickets that will do, and what is left to ask is whether some of them add up. With the lowest skill fixed
//! and the highest one rising, each ticket comes into the list once and leaves it once.

use crate::matchmaking::sums::Sums;

/// A ticket that fits the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    pub entry: usize,
    pub skill: i32,
    pub width: i32,
    pub players: usize,
}

/// What is asked of a match: that it holds the anchor, with its skill and its window, and that the others are so many.
#[derive(Debug)]
pub struct Spread {
    pub skill: i32,
    pub width: i32,
    pub missing: usize,
}

/// Whether some of these numbers of players, none of which is greater than it, add up to `sum`.
pub fn add_up(players: impl Iterator<Item = usize>, sum: usize) -> bool {
    let mut counts = vec![0; sum + 1];
    players.for_each(|players| counts[players] += 1);
    Sums::of(&counts).has(sum)
}

impl Spread {
    /// The oldest of the candidates, which are in order of age, that make a match with the anchor.
    pub fn oldest(&self, candidates: &[Candidate]) -> Option<Vec<usize>> {
        if !add_up(candidates.iter().map(|candidate| candidate.players), self.missing) {
            return None;
        }
        let mut skills: Vec<i32> = candidates.iter().map(|candidate| candidate.skill).chain([self.skill]).collect();
        skills.sort_unstable();
        skills.dedup();
        let lows = skills.iter().copied().filter(|&low| low <= self.skill && self.skill - low <= self.width);
        let highs: Vec<i32> = skills.iter().copied().filter(|&high| high >= self.skill && high - self.skill <= self.width).collect();
        lows.filter_map(|low| self.oldest_above(low, &highs, candidates)).min()
    }

    /// The same, of the matches whose lowest skill is `low`.
    fn oldest_above(&self, low: i32, highs: &[i32], candidates: &[Candidate]) -> Option<Vec<usize>> {
        let reach: Vec<Candidate> =
            candidates.iter().filter(|candidate| candidate.skill >= low && candidate.skill - candidate.width <= low).copied().collect();
        if !add_up(reach.iter().map(|candidate| candidate.players), self.missing) {
            return None;
        }
        let (mut coming, mut leaving) = (reach.clone(), reach.clone());
        coming.sort_unstable_by_key(|candidate| candidate.skill);
        leaving.sort_unstable_by_key(|candidate| candidate.skill + candidate.width);
        let (mut coming, mut leaving) = (coming.iter().peekable(), leaving.iter().peekable());
        let mut counts = vec![0; self.missing + 1];
        let mut best = None;
        for &high in highs {
            let mut changed = false;
            while let Some(comes) = coming.next_if(|candidate| candidate.skill <= high) {
                counts[comes.players] += 1;
                changed = true;
            }
            while let Some(leaves) = leaving.next_if(|candidate| candidate.skill + candidate.width < high) {
                counts[leaves.players] -= 1;
            }
            // With fewer than before there is nothing that there was not before.
            if changed && Sums::of(&counts).has(self.missing) {
                let these = reach.iter().filter(|candidate| candidate.skill <= high && candidate.skill + candidate.width >= high);
                let set = self.oldest_sum(&these.collect::<Vec<_>>());
                best = best.map_or(Some(set.clone()), |best: Vec<usize>| Some(best.min(set)));
            }
        }
        best
    }

    /// The oldest of these, any of which go together, that add up; some do.
    fn oldest_sum(&self, these: &[&Candidate]) -> Vec<usize> {
        let mut later = vec![Sums::ZERO];
        for candidate in these.iter().rev() {
            later.push(later[later.len() - 1].with(candidate.players));
        }
        later.pop();
        let (mut missing, mut set) = (self.missing, Vec::new());
        for candidate in these {
            let later = later.pop().unwrap_or(Sums::ZERO);
            if candidate.players <= missing && later.has(missing - candidate.players) {
                missing -= candidate.players;
                set.push(candidate.entry);
            }
            if missing == 0 {
                break;
            }
        }
        set
    }
}
