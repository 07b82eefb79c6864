//! The tickets as they are compared: in order of age, with numbers for the names of regions.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use super::{Ticket, Windows};

/// A ticket that waits for others.
#[derive(Debug)]
pub struct Entry {
    pub players: usize,
    pub skill: u16,
    pub queued_at: u64,
    /// Whether every region will do.
    pub open: bool,
    /// Where its places begin; they end where those of the next entry begin.
    places: usize,
}

/// A region that a ticket accepts, now or when its window is wider.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub region: u32,
    pub latency: u32,
}

/// The tickets that wait, oldest first.
#[derive(Debug)]
pub struct Field {
    pub entries: Vec<Entry>,
    /// The regions that more than one ticket names are `0..shared`; those that one ticket alone names have greater numbers.
    pub shared: u32,
    places: Vec<Place>,
}

impl Field {
    pub fn new(tickets: &[Ticket<'_>], waiting: &[usize], windows: &Windows) -> Self {
        let count = waiting.iter().map(|&position| tickets[position].latencies.len()).sum();
        let mut names = Names::new(count);
        let (mut entries, mut places) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(count));
        for &position in waiting {
            let Ticket { players, skill, latencies, queued_at } = tickets[position];
            entries.push(Entry { players, skill, queued_at, open: latencies.is_empty(), places: places.len() });
            names.last = None;
            for (name, &latency) in latencies {
                if windows.latency.reaches(latency).is_some() {
                    let region = names.number(name).unwrap_or_else(|| {
                        names.once.push((places.len(), name));
                        u32::MAX
                    });
                    places.push(Place { region, latency });
                }
            }
        }
        let shared = names.names.len() as u32;
        let mut alone = shared;
        for (place, name) in names.once {
            places[place].region = names.numbers.get(name).copied().unwrap_or_else(|| {
                alone += 1;
                alone - 1
            });
        }
        Self { entries, shared, places }
    }

    /// The regions that a ticket accepts, now or later, in ascending order of their latencies' names.
    pub fn places(&self, entry: usize) -> &[Place] {
        let end = self.entries.get(entry + 1).map_or(self.places.len(), |next| next.places);
        &self.places[self.entries[entry].places..end]
    }

    /// The windows of skill and of latency of a ticket at `now`.
    pub fn widths(&self, entry: usize, windows: &Windows, now: u64) -> (u32, u32) {
        let waited = now.saturating_sub(self.entries[entry].queued_at);
        (windows.skill.after(waited), windows.latency.after(waited))
    }
}

/// Numbers for the names that come more than once, in the order in which they do.
///
/// Clients choose the names, and may choose ones that nobody else has. Those would fill a map with what is never looked up: so a name is only
/// remembered as a few bits until it comes again.
struct Names<'a> {
    numbers: HashMap<&'a str, u32>,
    names: Vec<&'a str>,
    /// What came after each name the last time, and before all others what came first: most tickets name the same regions in the same
    /// order, and a comparison is cheaper than a hash.
    after: Vec<u32>,
    /// The last name that had a number, of those of the same ticket.
    last: Option<u32>,
    /// Two bits for each name that has come, of sixteen. A name that seems to have come, and has not, has a number of its own, which does no harm.
    seen: Vec<u64>,
    /// Where each name came first.
    once: Vec<(usize, &'a str)>,
    /// Nothing but the time that this takes depends on its hashes. They are not to be foreseen, since clients choose what is hashed.
    hasher: RandomState,
}

impl<'a> Names<'a> {
    /// For so many names at most.
    fn new(count: usize) -> Self {
        Self {
            numbers: HashMap::new(),
            names: Vec::new(),
            after: vec![0],
            last: None,
            seen: vec![0; (count / 4).next_power_of_two()],
            once: Vec::new(),
            hasher: RandomState::new(),
        }
    }

    /// The number of `name`. `None` if it comes for the first time.
    fn number(&mut self, name: &'a str) -> Option<u32> {
        let slot = self.last.map_or(0, |last| last as usize + 1);
        let guess = self.after[slot];
        let number = if self.names.get(guess as usize) == Some(&name) {
            guess
        } else if let Some(&number) = self.numbers.get(name) {
            number
        } else if self.has_come(name) {
            let number = self.names.len() as u32;
            self.numbers.insert(name, number);
            self.names.push(name);
            self.after.push(0);
            number
        } else {
            return None;
        };
        self.after[slot] = number;
        self.last = Some(number);
        Some(number)
    }

    /// Whether `name` seems to have come before; from now on it has.
    fn has_come(&mut self, name: &str) -> bool {
        let hash = self.hasher.hash_one(name);
        let word = (hash >> 12) as usize & (self.seen.len() - 1);
        let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63);
        let come = self.seen[word] & bits == bits;
        self.seen[word] |= bits;
        come
    }
}
