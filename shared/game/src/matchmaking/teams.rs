//! Matches of more than two players, from tickets of any number of players.
//!
//! Most tickets find theirs at first sight: [`quick`](Look::quick) takes the oldest that fit, one after the other. If it comes out, no other
//! set has an older second, third or further member. If it does not, the ticket is searched for thoroughly: see [`Spread`].

mod spread;

use super::{Windows, field::Field};
use spread::{Candidate, Spread, add_up};

/// How many tickets are tried at first sight.
const SIGHT: usize = 1_024;

/// The search for teams among tickets.
#[derive(Debug)]
pub struct Teams<'a> {
    field: &'a Field,
    team: usize,
    windows: &'a Windows,
    /// The entries in ascending order of skill.
    by_skill: Vec<usize>,
}

impl<'a> Teams<'a> {
    pub fn new(field: &'a Field, team: usize, windows: &'a Windows) -> Self {
        let mut by_skill: Vec<usize> = (0..field.entries.len()).collect();
        by_skill.sort_by_key(|&entry| field.entries[entry].skill);
        Self { field, team, windows, by_skill }
    }

    /// The first `most` matches of those that are `left`, oldest first.
    pub fn matches(&self, now: u64, left: &[bool], most: usize) -> Vec<Vec<usize>> {
        let mut look = Look::new(self, now, left);
        let mut matches = Vec::new();
        let players = (0..left.len()).filter(|&entry| look.left[entry]).map(|entry| self.field.entries[entry].players);
        if !add_up(players, self.team) {
            return matches;
        }
        for anchor in 0..left.len() {
            if matches.len() == most {
                break;
            }
            if look.left[anchor]
                && let Some(set) = look.quick(anchor).or_else(|| look.thorough(anchor))
            {
                set.iter().for_each(|&entry| look.left[entry] = false);
                matches.push(set);
            }
        }
        matches
    }

    /// When there is a match of those that are `left`, if that is before `until`; else `until`. Nobody times out before, so that whoever goes
    /// together goes together until then.
    pub fn first_match(&self, left: &[bool], now: u64, until: u64) -> u64 {
        let (mut without, mut with) = (now, until);
        // Most often nobody will ever fit.
        let mut middle = until.saturating_sub(1);
        while without < middle {
            if self.matches(middle, left, 1).is_empty() {
                without = middle;
            } else {
                with = middle;
            }
            middle = without + (with - without) / 2;
        }
        with
    }
}

/// The tickets as they are at one time.
struct Look<'a> {
    teams: &'a Teams<'a>,
    left: Vec<bool>,
    /// The window of skill of each.
    widths: Vec<i32>,
    /// The regions that each accepts, in ascending order.
    regions: Vec<Regions>,
}

/// Regions that will do.
#[derive(Clone, Debug)]
enum Regions {
    Every,
    These(Vec<u32>),
}

impl Regions {
    /// Those of both. `None` if there are none.
    fn and(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Every, one) | (one, Self::Every) => Some(one.clone()),
            (Self::These(one), Self::These(other)) => {
                let both: Vec<u32> = one.iter().filter(|region| other.binary_search(region).is_ok()).copied().collect();
                (!both.is_empty()).then_some(Self::These(both))
            }
        }
    }

    fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Every, _) | (_, Self::Every) => true,
            (Self::These(one), Self::These(other)) => one.iter().any(|region| other.binary_search(region).is_ok()),
        }
    }
}

impl<'a> Look<'a> {
    fn new(teams: &'a Teams<'a>, now: u64, left: &[bool]) -> Self {
        let (field, mut left) = (teams.field, left.to_vec());
        // Who names only regions that nobody else names can do with those who accept every one, if there are any.
        let open = field.entries.iter().zip(&left).any(|(entry, left)| entry.open && *left);
        let (mut widths, mut regions) = (Vec::with_capacity(left.len()), Vec::with_capacity(left.len()));
        for (entry, left) in left.iter_mut().enumerate() {
            let (skill, latency) = field.widths(entry, teams.windows, now);
            widths.push(skill.min(u32::from(u16::MAX)) as i32);
            let mut these: Vec<u32> = Vec::new();
            if *left && !field.entries[entry].open {
                these.extend(field.places(entry).iter().filter(|place| place.latency <= latency).map(|place| place.region));
                these.sort_unstable();
                // Or it accepts none yet.
                *left = these.first().is_some_and(|&lowest| open || lowest < field.shared);
            }
            regions.push(if field.entries[entry].open { Regions::Every } else { Regions::These(these) });
        }
        Self { teams, left, widths, regions }
    }

    fn skill(&self, entry: usize) -> i32 {
        i32::from(self.teams.field.entries[entry].skill)
    }

    fn players(&self, entry: usize) -> usize {
        self.teams.field.entries[entry].players
    }

    /// The match of `anchor`, its oldest member, if the oldest that fit add up at once.
    fn quick(&self, anchor: usize) -> Option<Vec<usize>> {
        let (mut set, mut missing, mut regions) = (vec![anchor], self.teams.team - self.players(anchor), self.regions[anchor].clone());
        let (mut low, mut high) = (self.skill(anchor), self.skill(anchor));
        // No window of one that comes later is wider, so that one which reaches all before it is reached by them.
        for entry in (anchor + 1..self.left.len()).filter(|&entry| self.left[entry]).take(SIGHT) {
            let (skill, width) = (self.skill(entry), self.widths[entry]);
            if self.players(entry) > missing || skill - width > low || skill + width < high {
                continue;
            }
            let Some(both) = regions.and(&self.regions[entry]) else { continue };
            (regions, low, high) = (both, low.min(skill), high.max(skill));
            missing -= self.players(entry);
            set.push(entry);
            if missing == 0 {
                return Some(set);
            }
        }
        None
    }

    /// The match of `anchor`, its oldest member, among all that there may be.
    fn thorough(&self, anchor: usize) -> Option<Vec<usize>> {
        let candidates = self.candidates(anchor);
        let missing = self.teams.team - self.players(anchor);
        let spread = Spread { skill: self.skill(anchor), width: self.widths[anchor], missing };
        if !add_up(candidates.iter().map(|candidate| candidate.players), missing) {
            return None;
        }
        // In which region a match may be: one of the anchor's, or of the others if it has none of its own.
        let mut regions: Vec<u32> = match &self.regions[anchor] {
            Regions::These(these) => these.clone(),
            Regions::Every => candidates.iter().flat_map(|candidate| self.named(candidate.entry)).copied().collect(),
        };
        regions.sort_unstable();
        regions.dedup();
        let within = |region: u32| {
            let accepts = |candidate: &&Candidate| match &self.regions[candidate.entry] {
                Regions::Every => true,
                Regions::These(these) => these.binary_search(&region).is_ok(),
            };
            candidates.iter().filter(accepts).copied().collect::<Vec<Candidate>>()
        };
        let mut choices: Vec<Vec<Candidate>> = regions.into_iter().map(within).collect();
        if choices.is_empty() {
            choices.push(candidates);
        }
        // Regions that many share offer many the same choice.
        choices.sort_unstable();
        choices.dedup();
        let set = choices.iter().filter_map(|choice| spread.oldest(choice)).min()?;
        Some(std::iter::once(anchor).chain(set).collect())
    }

    /// The younger tickets that fit the anchor, oldest first.
    fn candidates(&self, anchor: usize) -> Vec<Candidate> {
        let (skill, width) = (self.skill(anchor), self.widths[anchor]);
        let missing = self.teams.team - self.players(anchor);
        let by_skill = &self.teams.by_skill;
        let from = by_skill.partition_point(|&entry| self.skill(entry) < skill - width);
        let near = by_skill[from..].iter().copied().take_while(|&entry| self.skill(entry) <= skill + width);
        let fits = |&entry: &usize| {
            entry > anchor
                && self.left[entry]
                && self.players(entry) <= missing
                && (self.skill(entry) - skill).abs() <= self.widths[entry]
                && self.regions[anchor].meet(&self.regions[entry])
        };
        let candidate = |entry| Candidate { entry, skill: self.skill(entry), width: self.widths[entry], players: self.players(entry) };
        let mut candidates: Vec<Candidate> = near.filter(fits).map(candidate).collect();
        candidates.sort_unstable();
        candidates
    }

    fn named(&self, entry: usize) -> &[u32] {
        match &self.regions[entry] {
            Regions::Every => &[],
            Regions::These(these) => these,
        }
    }
}
