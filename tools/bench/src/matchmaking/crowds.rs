//! The tickets of a pool: as players come, and as nobody would wish.

use std::collections::BTreeMap;

use muster_game::matchmaking::{DEFAULT_WINDOWS, Ticket, Window, Windows};

/// When they are matched, in epoch milliseconds.
pub const NOW: u64 = 1_800_000_000_000;

/// Some tickets.
pub struct Crowd {
    pub name: &'static str,
    pub windows: Windows,
    /// As many of them as asked for, oldest first.
    pub players: fn(usize) -> Vec<Player>,
}

/// A ticket that owns what it names.
pub struct Player {
    players: usize,
    skill: u16,
    latencies: BTreeMap<String, u32>,
    waited: u64,
}

impl Player {
    pub fn ticket(&self) -> Ticket<'_> {
        Ticket { players: self.players, skill: self.skill, latencies: &self.latencies, queued_at: NOW - self.waited }
    }
}

/// Windows of nothing at first: then a region can hold one unmatched ticket of every skill there is.
const POINTS: Windows = Windows { skill: Window { start: 0, per_second: 1, cap: 1_500 }, ..DEFAULT_WINDOWS };

/// Of one player each.
pub const CROWDS: &[Crowd] = &[
    crowd("uniform: any skill, 4 of 20 regions", |size| players(size, |chance, _| (chance.below(5_001), some(chance, 4, 10..200)))),
    crowd("no latencies", |size| players(size, |chance, _| (chance.below(5_001), BTreeMap::new()))),
    crowd("every other without latencies", |size| {
        players(size, |chance, index| (chance.below(5_001), if index % 2 == 0 { some(chance, 4, 10..200) } else { BTreeMap::new() }))
    }),
    crowd("one skill, one region", |size| players(size, |_, _| (2_500, named(["region"])))),
    crowd("one skill, a region of its own each", |size| players(size, |_, index| (2_500, own(index, 1)))),
    crowd("one skill, 3 regions of its own each", |size| players(size, |_, index| (2_500, own(index, 3)))),
    crowd("one skill, 20 regions of its own each", |size| players(size, |_, index| (2_500, own(index, 20)))),
    crowd("any skill, the same 20 regions, all near", |size| players(size, |chance, _| (chance.below(5_001), some(chance, 20, 10..50)))),
    crowd("the same 20 regions, all too far as yet", |size| young(size, |chance, _| (chance.below(5_001), some(chance, 20, 70..250)))),
    crowd("the same 20 regions, all too far for ever", |size| young(size, |chance, _| (chance.below(5_001), some(chance, 20, 251..500)))),
    crowd("windows just miss: 49 a region, 101 points apart", |size| {
        young(size, |_, index| ((index % 49 * 101) as u16, named([format!("region-{}", index / 49)])))
    }),
    crowd("old and wide among young and narrow, 49 a region", |size| {
        let mut crowd = young(size, |_, index| ((index % 49 * 101) as u16, named([format!("region-{}", index / 49)])));
        crowd.iter_mut().filter(|player| player.skill.is_multiple_of(1_515)).for_each(|player| player.waited = 70_000);
        crowd.sort_by_key(|player| std::cmp::Reverse(player.waited));
        crowd
    }),
    Crowd {
        name: "windows of nothing, every skill in each of 20 regions",
        windows: POINTS,
        players: |size| young(size, |_, index| ((index / 20 * 7 % 5_001) as u16, named([format!("region-{}", index % 20)]))),
    },
    Crowd {
        name: "windows of nothing, any skill, too far as yet, the same 20 regions",
        windows: POINTS,
        players: |size| young(size, |chance, _| (chance.below(5_001), some(chance, 20, 70..250))),
    },
];

/// Of one to four players each.
pub const PARTIES: &[Crowd] = &[
    crowd("uniform: any skill, 4 of 20 regions", |size| {
        parties(players(size, |chance, _| (chance.below(5_001), some(chance, 4, 10..200))), 1..5)
    }),
    crowd("one skill, the same 20 regions, parties of 2", |size| {
        parties(players(size, |chance, _| (2_500, some(chance, 20, 10..50))), 2..3)
    }),
    crowd("one skill, a region of its own each", |size| parties(players(size, |_, index| (2_500, own(index, 1))), 1..5)),
    crowd("windows just miss: parties of 1 and 3, 51 points apart", |size| {
        let mut crowd = young(size, |_, index| ((index % 99 * 51) as u16, named(["region".to_owned()])));
        crowd.iter_mut().for_each(|player| player.players = if player.skill.is_multiple_of(2) { 1 } else { 3 });
        crowd
    }),
    crowd("one skill, parties of 2, and one player too far off", |size| {
        let mut crowd = parties(players(size, |_, _| (2_500, BTreeMap::new())), 2..3);
        if let Some(last) = crowd.last_mut() {
            (last.players, last.skill) = (1, 5_000);
        }
        crowd
    }),
];

/// For teams of 11, which only a party of each kind adds up to; those of two and of five fit the parties of four, but never each other.
pub const CROSSED: &[Crowd] = &[crowd("4 in the middle, 2 too far below from 5 above", |size| {
    let mut crowd = players(size, |chance, index| (chance.below(750) + [2_125, 1_000, 3_251][index % 3], BTreeMap::new()));
    crowd.iter_mut().enumerate().for_each(|(index, party)| (party.players, party.waited) = ([4, 2, 5][index % 3], 75_000));
    crowd
})];

const fn crowd(name: &'static str, players: fn(usize) -> Vec<Player>) -> Crowd {
    Crowd { name, windows: DEFAULT_WINDOWS, players }
}

type Latencies = BTreeMap<String, u32>;

/// Tickets that came evenly over the last 30 seconds.
fn players(size: usize, one: impl Fn(&mut Chance, usize) -> (u16, Latencies)) -> Vec<Player> {
    let mut crowd = young(size, one);
    crowd.iter_mut().enumerate().for_each(|(index, player)| player.waited = 30_000 - (index * 30_000 / size) as u64);
    crowd
}

/// Tickets that have just come.
fn young(size: usize, one: impl Fn(&mut Chance, usize) -> (u16, Latencies)) -> Vec<Player> {
    let mut chance = Chance(size as u64);
    let player = |index| {
        let (skill, latencies) = one(&mut chance, index);
        Player { players: 1, skill, latencies, waited: 0 }
    };
    (0..size).map(player).collect()
}

fn parties(mut crowd: Vec<Player>, players: std::ops::Range<u16>) -> Vec<Player> {
    let mut chance = Chance(crowd.len() as u64);
    crowd.iter_mut().for_each(|party| party.players = usize::from(players.start + chance.below(players.end - players.start)));
    crowd
}

/// So many of twenty regions.
fn some(chance: &mut Chance, count: usize, milliseconds: std::ops::Range<u16>) -> Latencies {
    let mut latencies = BTreeMap::new();
    while latencies.len() < count {
        let region = if count == 20 { latencies.len() as u16 } else { chance.below(20) };
        latencies
            .insert(format!("eu-region-{region}"), u32::from(milliseconds.start + chance.below(milliseconds.end - milliseconds.start)));
    }
    latencies
}

/// Regions that nobody else names.
fn own(index: usize, count: usize) -> Latencies {
    (0..count).map(|region| (format!("region-{index}-{region}"), 20)).collect()
}

fn named<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Latencies {
    names.into_iter().map(|name| (name.into(), 20)).collect()
}

/// The same numbers in every run: a multiplicative congruential generator.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u16) -> u16 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 48) * u64::from(end)) >> 16) as u16
    }
}
