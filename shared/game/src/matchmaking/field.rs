//! The tickets as they are compared: in order of age, with numbers for the names of regions.

use std::collections::HashMap;

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
    /// How many regions are named by more than one ticket: `0..shared`. Those that one ticket alone names have greater numbers.
    pub shared: u32,
    places: Vec<Place>,
}

impl Field {
    pub fn new<'a>(tickets: &[Ticket<'a>], waiting: &[usize], windows: &Windows) -> Self {
        let mut names = Names::default();
        let (mut entries, mut places) = (Vec::with_capacity(waiting.len()), Vec::new());
        for &position in waiting {
            let Ticket { players, skill, latencies, queued_at } = tickets[position];
            entries.push(Entry { players, skill, queued_at, open: latencies.is_empty(), places: places.len() });
            let mut before = Names::START;
            for (name, &latency) in latencies {
                if windows.latency.reaches(latency).is_some() {
                    before = names.number(before, name);
                    places.push(Place { region: before, latency });
                }
            }
        }
        let shared = names.renumber(&mut places);
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

/// Numbers for names, in the order in which they come.
#[derive(Default)]
struct Names<'a> {
    /// Clients choose the names, so their hashes are not to be foreseen. Nothing depends on them but the time that this takes.
    numbers: HashMap<&'a str, u32>,
    names: Vec<&'a str>,
    /// What came after each name the last time, and before all others what came first: most tickets name the same regions in the same
    /// order, and a comparison is cheaper than a hash.
    after: Vec<u32>,
    /// How many tickets have named each.
    named: Vec<u32>,
}

impl<'a> Names<'a> {
    /// Stands for the name before the first.
    const START: u32 = u32::MAX;

    /// The number of `name`, which comes after the one of the number `before`.
    fn number(&mut self, before: u32, name: &'a str) -> u32 {
        let slot = before.wrapping_add(1) as usize;
        if self.after.is_empty() {
            self.after.push(0);
        }
        let guess = self.after[slot];
        if self.names.get(guess as usize) == Some(&name) {
            self.named[guess as usize] += 1;
            return guess;
        }
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.names.push(name);
            self.named.push(0);
            self.after.push(0);
        }
        self.named[number as usize] += 1;
        self.after[slot] = number;
        number
    }

    /// Gives the lowest numbers to the names that were given more than once, and says how many those are.
    fn renumber(&self, places: &mut [Place]) -> u32 {
        let shared = self.named.iter().filter(|&&named| named > 1).count() as u32;
        let (mut low, mut high) = (0, shared);
        let numbers: Vec<u32> = self
            .named
            .iter()
            .map(|&named| {
                let next = if named > 1 { &mut low } else { &mut high };
                *next += 1;
                *next - 1
            })
            .collect();
        for place in places {
            place.region = numbers[place.region as usize];
        }
        shared
    }
}
