//! The search for a match of some tickets at some time.
//!
//! A set grows from its oldest ticket by the oldest that goes with all before it, as long as those behind can make up the players that are
//! missing then. Where that leads nowhere, the last ticket is taken back and the next one tried. If many windows just miss each other, that
//! could go on for years: so a ticket is passed over when [`WASTED`] comparisons of its search have come to nothing. Among 300 tickets
//! at random that does not happen to matches of up to 16 players, and with ten times as many comparisons those of 49 would be 2 % more.
//!
//! For `n` tickets and matches of `t` players a look takes at most `O(n²)` comparisons, each of two skills and one ticket's regions, if
//! nothing is taken back, as with pairs; else `O(n (WASTED + n t))`. To find out when to look again takes about as many, and 17 times as
//! many if each ticket in turn is found to fit earlier than all before it.

use std::{collections::HashMap, mem};

use super::{MOST_PLAYERS, Ticket, Windows};

/// How many comparisons of the search for a ticket's match may come to nothing.
const WASTED: usize = 3_000;

/// A region that a ticket accepts when it has waited for so many milliseconds.
#[derive(Debug)]
struct Place {
    region: usize,
    wait: u64,
}

/// What is asked of tickets at one time.
#[derive(Debug)]
pub struct Search<'a> {
    tickets: &'a [Ticket<'a>],
    /// The places of each ticket, nearest first. `None` if every region will do.
    places: Vec<Option<Vec<Place>>>,
    /// How many milliseconds a ticket has waited when its window of skill is so many points wide.
    waits: Vec<u64>,
    /// How many of the set so far accept each region and all before them do. Tickets without latencies are not counted: so the set has
    /// those regions in common that have as many members as its depth, which is the number of its tickets with latencies.
    members: Vec<u8>,
    now: u64,
    wasted: usize,
}

impl<'a> Search<'a> {
    pub fn new(tickets: &'a [Ticket<'a>], windows: &Windows, now: u64) -> Self {
        let most = tickets.iter().map(|ticket| ticket.latencies.len()).sum();
        let (mut regions, mut named) = (HashMap::with_capacity(most), Vec::new());
        let mut place = |(name, &latency): (&'a String, &u32)| {
            let wait = windows.latency.reaches(latency)?;
            let region = *regions.entry(name.as_str()).or_insert(named.len());
            named.resize(named.len().max(region + 1), 0_u32);
            named[region] += 1;
            Some(Place { region, wait })
        };
        let named_by = tickets.iter().map(|ticket| (!ticket.latencies.is_empty()).then_some(ticket.latencies));
        let mut places: Vec<_> =
            named_by.map(|latencies| latencies.map(|latencies| latencies.iter().filter_map(&mut place).collect::<Vec<Place>>())).collect();
        let anywhere = places.iter().any(Option::is_none);
        for places in places.iter_mut().flatten() {
            places.sort_unstable_by_key(|place| place.wait);
            // Regions that nobody else names only do with tickets that accept every region, and then the nearest is as good as all.
            let mut needed = anywhere;
            places.retain(|place| named[place.region] > 1 || mem::take(&mut needed));
        }
        let skills = tickets.iter().map(|ticket| ticket.skill);
        let widest = skills.clone().max().unwrap_or(0) - skills.min().unwrap_or(0);
        let waits = (0..=u32::from(widest)).map(|width| windows.skill.reaches(width).unwrap_or(u64::MAX)).collect();
        Self { tickets, places, waits, members: vec![0; named.len()], now, wasted: 0 }
    }

    /// The match of `oldest` with the oldest of `younger`, which are in order of age.
    pub fn first_set(&mut self, team: usize, oldest: usize, younger: &[usize]) -> Option<Vec<usize>> {
        let players = self.tickets[oldest].players;
        if players == 0 || players > team || players < team && team > MOST_PLAYERS {
            return None;
        }
        self.wasted = 0;
        let mut set = vec![oldest];
        (players == team || self.with(oldest, 0, |search, depth| search.complete(&mut set, team - players, depth, younger))).then_some(set)
    }

    /// When there is a match of those that are left, between `from` and `until`, or else the later of these. Nobody times out before
    /// `until`, so that whoever goes together goes together until then.
    pub fn first_match_at(&mut self, team: usize, left: &[usize], from: u64, until: u64) -> u64 {
        let mut first = until.max(from);
        // In an order that has nothing to do with age: so an earlier time is found a few times only, and else one question for each is
        // enough.
        let mut order: Vec<usize> = (0..left.len()).collect();
        order.sort_by_key(|&index| (index as u32).wrapping_mul(0x9E37_79B9));
        for index in order {
            let (mut without, mut middle) = (from - 1, first - 1);
            while without < middle {
                self.now = middle;
                match self.first_set(team, left[index], &left[index + 1..]) {
                    Some(_) => first = middle,
                    None => without = middle,
                }
                middle = without + (first - without) / 2;
            }
        }
        first
    }

    /// Adds the first of `younger` that make up the `missing` players to `set`, of which `depth` tickets have latencies.
    fn complete(&mut self, set: &mut Vec<usize>, missing: usize, depth: u8, younger: &[usize]) -> bool {
        let last = self.tickets[set[set.len() - 1]].skill;
        let mut fit = Vec::new();
        for &one in younger {
            let players = self.tickets[one].players;
            if (1..=missing).contains(&players) && self.fits(one, last, depth) {
                if players == missing && fit.is_empty() {
                    set.push(one);
                    return true;
                }
                fit.push(one);
            }
        }
        // One bit for each number of players that a ticket and those behind it add up to.
        let mut sums = vec![1_u64; fit.len() + 1];
        for (index, &one) in fit.iter().enumerate().rev() {
            sums[index] = sums[index + 1] | sums[index + 1] << self.tickets[one].players;
        }
        for (index, &one) in fit.iter().enumerate() {
            if sums[index] >> missing & 1 == 0 || self.wasted > WASTED {
                break;
            }
            let missing = missing - self.tickets[one].players;
            if sums[index + 1] >> missing & 1 == 1 {
                set.push(one);
                if missing == 0 || self.with(one, depth, |search, depth| search.complete(set, missing, depth, &fit[index + 1..])) {
                    return true;
                }
                set.pop();
            }
        }
        self.wasted += younger.len();
        false
    }

    /// Whether a ticket goes with an older one of this skill, and in a region that the set has in common.
    fn fits(&self, one: usize, older: u16, depth: u8) -> bool {
        let ticket = &self.tickets[one];
        let waited = self.now.saturating_sub(ticket.queued_at);
        // The window of the older one is no narrower.
        self.waits[usize::from(ticket.skill.abs_diff(older))] <= waited
            && self.places[one].as_ref().is_none_or(|places| self.common(places, waited, depth).next().is_some())
    }

    /// The regions of these, for a ticket that has waited for so long, that the set has in common.
    fn common(&self, places: &[Place], waited: u64, depth: u8) -> impl Iterator<Item = usize> {
        let accepted = places.iter().take_while(move |place| place.wait <= waited).map(|place| place.region);
        accepted.filter(move |&region| self.members[region] == depth)
    }

    /// Does something with a ticket in the set, of which `depth` others have latencies.
    fn with(&mut self, one: usize, depth: u8, what: impl FnOnce(&mut Self, u8) -> bool) -> bool {
        let Some(places) = &self.places[one] else { return what(self, depth) };
        let common: Vec<usize> = self.common(places, self.now.saturating_sub(self.tickets[one].queued_at), depth).collect();
        common.iter().for_each(|&region| self.members[region] += 1);
        let done = !common.is_empty() && what(self, depth + 1);
        common.iter().for_each(|&region| self.members[region] -= 1);
        done
    }
}
