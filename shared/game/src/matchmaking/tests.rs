//! The rules against a reference that tries everything, and examples.

mod examples;
mod reference;

use std::collections::BTreeMap;

use proptest::prelude::*;

use self::reference::Reference;
use super::*;

/// A ticket of its own.
#[derive(Clone, Debug)]
struct Owned {
    players: usize,
    skill: u16,
    latencies: BTreeMap<String, u32>,
    queued_at: u64,
}

impl Owned {
    fn ticket(&self) -> Ticket<'_> {
        Ticket { players: self.players, skill: self.skill, latencies: &self.latencies, queued_at: self.queued_at }
    }
}

fn borrowed(tickets: &[Owned]) -> Vec<Ticket<'_>> {
    tickets.iter().map(Owned::ticket).collect()
}

/// When all of the tickets are there.
const NOW: u64 = 10_000;

/// Windows that matter for tickets of a few seconds and points.
fn windows() -> impl Strategy<Value = Windows> {
    let window =
        || (0_u32..30, prop_oneof![Just(0), 0_u32..20], 0_u32..60).prop_map(|(start, per_second, cap)| Window { start, per_second, cap });
    (window(), window(), 1_u64..8_000).prop_map(|(skill, latency, give_up_milliseconds)| Windows { skill, latency, give_up_milliseconds })
}

fn tickets(players: usize, most: usize) -> impl Strategy<Value = Vec<Owned>> {
    let region = prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned);
    let latencies = prop_oneof![1 => Just(BTreeMap::new()), 4 => prop::collection::btree_map(region, 0_u32..70, 1..4)];
    // Some are of the future, as clocks differ.
    let queued_at = prop_oneof![4 => 3_000..=NOW, 1 => (0_u64..7).prop_map(|second| 4_000 + second * 1_000), 1 => NOW..NOW + 500];
    let ticket = (1..=players, 0_u16..120, latencies, queued_at).prop_map(|(players, skill, latencies, queued_at)| Owned {
        players,
        skill,
        latencies,
        queued_at,
    });
    prop::collection::vec(ticket, 0..most)
}

/// Windows that are narrow at first, so that the first to fit fit later, and much depends on who has waited for how long.
fn slow_windows() -> impl Strategy<Value = Windows> {
    let window = || (0_u32..4, 1_u32..20).prop_map(|(start, per_second)| Window { start, per_second, cap: 120 });
    (window(), window()).prop_map(|(skill, latency)| Windows { skill, latency, give_up_milliseconds: 60_000 })
}

/// Tickets that all name one region, or accept every one.
fn together(players: usize, latency: u32, most: usize) -> impl Strategy<Value = Vec<Owned>> {
    let latencies = (0..=latency).prop_map(|latency| {
        let named = (latency > 0).then(|| ("a".to_owned(), latency));
        named.into_iter().collect()
    });
    let ticket = (1..=players, 0_u16..60, latencies, 3_000..=NOW).prop_map(|(players, skill, latencies, queued_at)| Owned {
        players,
        skill,
        latencies,
        queued_at,
    });
    prop::collection::vec(ticket, 0..most)
}

/// A team, tickets and windows.
fn situation() -> impl Strategy<Value = (usize, Vec<Owned>, Windows)> {
    prop_oneof![
        2 => (Just(2), tickets(1, 24), windows()),
        1 => (Just(2), tickets(3, 24), windows()),
        3 => (1_usize..=6, tickets(4, 14), windows()),
        1 => (3_usize..=5, tickets(1, 16), windows()),
        2 => (Just(2), together(1, 100, 16), slow_windows()),
        2 => (3_usize..=9, together(4, 0, 14), slow_windows()),
    ]
}

/// The same, or too many to try everything.
fn crowd() -> impl Strategy<Value = (usize, Vec<Owned>, Windows)> {
    prop_oneof![4 => situation(), 1 => (10_usize..=49, tickets(6, 150), windows()), 1 => (10_usize..=49, together(3, 100, 150), slow_windows())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_matches_are_those_that_trying_everything_finds((team, tickets, windows) in situation()) {
        let tickets = borrowed(&tickets);
        let matched = match_tickets(&tickets, team, &windows, NOW);
        let reference = Reference { tickets: &tickets, team, windows: &windows };
        prop_assert_eq!(&matched.matches, &reference.matches(NOW));
        prop_assert_eq!(matched, match_tickets(&tickets, team, &windows, NOW));
    }

    #[test]
    fn nobody_is_matched_twice_or_after_timing_out_and_players_add_up((team, tickets, windows) in crowd()) {
        let tickets = borrowed(&tickets);
        let matched = match_tickets(&tickets, team, &windows, NOW);
        let mut seen = vec![0; tickets.len()];
        for set in &matched.matches {
            prop_assert_eq!(set.iter().map(|&position| tickets[position].players).sum::<usize>(), team);
        }
        matched.matches.iter().flatten().chain(&matched.timed_out).for_each(|&position| seen[position] += 1);
        prop_assert!(seen.iter().all(|&times| times <= 1));
        for &position in &matched.timed_out {
            prop_assert!(NOW >= tickets[position].queued_at + windows.give_up_milliseconds);
        }
        prop_assert_eq!(matched.look_again_at.is_none(), seen.iter().all(|&times| times == 1));
    }

    #[test]
    fn no_window_is_broken((team, tickets, windows) in crowd()) {
        let tickets = borrowed(&tickets);
        let reference = Reference { tickets: &tickets, team, windows: &windows };
        for set in match_tickets(&tickets, team, &windows, NOW).matches {
            prop_assert!(reference.go_together(&set, NOW), "{:?}", set);
        }
    }

    #[test]
    fn nobody_needs_to_look_before_it_is_time((team, tickets, windows) in situation(), share in 0.0..1.0) {
        let tickets = borrowed(&tickets);
        let matched = match_tickets(&tickets, team, &windows, NOW);
        let Some(at) = matched.look_again_at else { return Ok(()) };
        let gone: Vec<usize> = matched.matches.into_iter().flatten().chain(matched.timed_out).collect();
        let left: Vec<Ticket<'_>> = (0..tickets.len()).filter(|position| !gone.contains(position)).map(|position| tickets[position]).collect();
        let look = |time| {
            let matched = match_tickets(&left, team, &windows, time);
            !matched.matches.is_empty() || !matched.timed_out.is_empty()
        };
        prop_assert!(!look(NOW));
        prop_assert!(at >= NOW + LOOK_AGAIN_MILLISECONDS);
        // And it is not too early either, be it by a millisecond.
        prop_assert!(look(at));
        if at > NOW + LOOK_AGAIN_MILLISECONDS {
            prop_assert!(!look(at - 1));
            prop_assert!(!look(NOW + ((at - NOW) as f64 * share) as u64));
        }
    }

    #[test]
    fn who_comes_last_changes_nothing_for_pairs_that_are_found_without_it(tickets in tickets(3, 24), windows in windows()) {
        // Of two only: a party may take the place of the last of three.
        let team = 2;
        prop_assume!(!tickets.is_empty());
        let tickets = borrowed(&tickets);
        let youngest = (0..tickets.len()).max_by_key(|&position| tickets[position].queued_at).unwrap();
        let without: Vec<Ticket<'_>> = (0..tickets.len()).filter(|&position| position != youngest).map(|position| tickets[position]).collect();
        let renumbered = |position: usize| if position < youngest { position } else { position + 1 };
        let before = match_tickets(&without, team, &windows, NOW).matches;
        let after = match_tickets(&tickets, team, &windows, NOW).matches;
        for set in before {
            let set: Vec<usize> = set.into_iter().map(renumbered).collect();
            prop_assert!(after.contains(&set));
        }
    }

    #[test]
    fn a_window_is_as_wide_as_it_says_when_it_says(start in 0_u32..2_000, per_second in 0_u32..500, cap in 0_u32..3_000, width in 0_u32..3_500) {
        let window = Window { start, per_second, cap };
        match window.reaches(width) {
            None => prop_assert!(window.after(u64::MAX) < width),
            Some(waited) => {
                prop_assert!(window.after(waited) >= width);
                prop_assert!(waited == 0 || window.after(waited - 1) < width);
            }
        }
    }

    #[test]
    fn the_bands_within_reach_hold_everybody_within_the_window(skill in 0_u16..=6_000, other in 0_u16..=6_000, waited in 0_u64..200_000) {
        let within = u32::from(skill.abs_diff(other)) <= DEFAULT_WINDOWS.skill.after(waited);
        let bands = bands_within(&DEFAULT_WINDOWS, skill, waited);
        prop_assert!(!within || bands.contains(&band(other)));
        prop_assert!(bands.contains(&band(skill)) && *bands.end() <= band(u16::MAX));
    }
}
