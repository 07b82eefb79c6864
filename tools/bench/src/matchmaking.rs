//! How long it takes to match the tickets of a look, by how many they are and by how hard they make it.
//!
//! This is arithmetic on one core, without a stack: all that a matcher does between reading tickets and writing matches.

use std::{collections::BTreeMap, hint::black_box, time::Instant};

use muster_game::matchmaking::{DEFAULT_WINDOWS, Ticket, match_tickets};

use crate::{
    Result,
    samples::{Samples, milliseconds},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each look is taken.
    #[arg(long, default_value_t = 21)]
    runs: usize,
}

/// Tickets of a look. A pool is read by 300 at most; the largest look has those of its neighbours, too.
const SIZES: [usize; 3] = [100, 300, 1_000];

/// When they are matched, in epoch milliseconds.
const NOW: u64 = 1_800_000_000_000;

/// Over how long they came, in milliseconds.
const CAME: usize = 30_000;

/// A ticket: its players, its skill, and its regions with how far they are.
type Party = (usize, u16, BTreeMap<String, u32>);

/// Some tickets: what they are, the players of a match, and the ticket of this index.
type Crowd = (&'static str, usize, fn(&mut Chance, usize) -> Party);

const CROWDS: &[Crowd] = &[
    ("pairs: any skill, 4 of 20 regions", 2, |chance, _| (1, chance.below(5_001), regions(chance, 4, 10..200))),
    ("pairs: one skill, 20 regions of its own each", 2, |_, index| (1, 2_500, own(index, 20))),
    ("pairs: one skill, each with another of 20 regions near", 2, |chance, index| (1, 2_500, one_near(chance, index))),
    ("teams of 10: any skill, parties of 1 to 4, 4 of 20 regions", 10, |chance, _| {
        (1 + usize::from(chance.below(4)), chance.below(5_001), regions(chance, 4, 10..200))
    }),
    ("teams of 49: any skill, the same 20 regions", 49, |chance, _| (1, chance.below(5_001), regions(chance, 20, 10..200))),
    ("nobody fits: pairs, regions all too far", 2, |chance, _| (1, chance.below(5_001), regions(chance, 20, 251..500))),
    ("nobody fits: teams of 11, parties that would add up too far apart", 11, |chance, index| {
        ([4, 2, 5][index % 3], [2_500, 2_000, 3_000][index % 3] + chance.below(50), BTreeMap::new())
    }),
    ("nobody fits: teams of 49, parties of 1 and 2, 48 a region", 49, |chance, index| {
        (1 + index % 2, chance.below(5_001), named([format!("region-{}", index / 48)]))
    }),
];

/// Takes a look at every crowd of every size.
pub fn run(args: &Args) -> Result<()> {
    let [small, middle, large] = SIZES.map(|size| format!("{size} tickets"));
    let mut table = Table::new(&["tickets", &small, &middle, &large, "matched"]);
    for crowd in CROWDS {
        let [(small, _), (middle, _), (large, matched)] = SIZES.map(|size| look(args.runs.max(1), size, crowd));
        table.row([crowd.0.to_owned(), small, middle, large, matched]);
    }
    table.print(&format!("Matching the tickets of a look, medians of {}:", args.runs.max(1)));
    Ok(())
}

/// The median time of a look, and the share of the tickets that it matches.
fn look(runs: usize, size: usize, &(_, team, party): &Crowd) -> (String, String) {
    let mut chance = Chance(size as u64);
    let parties: Vec<Party> = (0..size).map(|index| party(&mut chance, index)).collect();
    let ticket = |(index, (players, skill, latencies))| {
        let queued_at = NOW - ((size - index) * CAME / size) as u64;
        Ticket { players, skill, latencies, queued_at }
    };
    let tickets: Vec<Ticket<'_>> =
        parties.iter().map(|(players, skill, latencies)| (*players, *skill, latencies)).enumerate().map(ticket).collect();
    let mut matched = 0;
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        let look = black_box(match_tickets(black_box(&tickets), team, &DEFAULT_WINDOWS, NOW));
        let spent = start.elapsed();
        matched = look.matches.iter().map(Vec::len).sum();
        spent
    });
    let median = Samples::new(times.collect()).median();
    (milliseconds(median), format!("{} %", matched * 100 / size))
}

/// So many of twenty regions.
fn regions(chance: &mut Chance, count: usize, milliseconds: std::ops::Range<u16>) -> BTreeMap<String, u32> {
    let mut latencies = BTreeMap::new();
    while latencies.len() < count {
        let region = if count == 20 { latencies.len() as u16 } else { chance.below(20) };
        let latency = milliseconds.start + chance.below(milliseconds.end - milliseconds.start);
        latencies.insert(format!("eu-region-{region}"), u32::from(latency));
    }
    latencies
}

/// Twenty regions, of which one is near.
fn one_near(chance: &mut Chance, index: usize) -> BTreeMap<String, u32> {
    let mut latencies = regions(chance, 20, 200..250);
    latencies.insert(format!("eu-region-{}", index % 20), 20);
    latencies
}

/// Regions that nobody else names.
fn own(index: usize, count: usize) -> BTreeMap<String, u32> {
    named((0..count).map(|region| format!("region-{index}-{region}")))
}

fn named(names: impl IntoIterator<Item = String>) -> BTreeMap<String, u32> {
    names.into_iter().map(|name| (name, 20)).collect()
}

/// The same numbers in every run: a multiplicative congruential generator.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u16) -> u16 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 48) * u64::from(end)) >> 16) as u16
    }
}
