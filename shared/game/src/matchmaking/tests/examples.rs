//! What the rules come to.

use super::*;

const WINDOWS: Windows = Windows {
    skill: Window { start: 100, per_second: 10, cap: 300 },
    latency: Window { start: 50, per_second: 5, cap: 100 },
    give_up_milliseconds: 60_000,
};

/// A ticket of `players` of this skill, who have waited for so many seconds at `NOW`.
fn party(players: usize, skill: u16, waited: u64, latencies: &[(&str, u32)]) -> Owned {
    let latencies = latencies.iter().map(|&(region, latency)| (region.to_owned(), latency)).collect();
    Owned { players, skill, latencies, queued_at: NOON - waited * 1_000 }
}

fn player(skill: u16, waited: u64, latencies: &[(&str, u32)]) -> Owned {
    party(1, skill, waited, latencies)
}

const NOON: u64 = 1_000_000;

fn matched(team: usize, tickets: &[Owned]) -> Matched {
    match_tickets(&borrowed(tickets), team, &WINDOWS, NOON)
}

fn pairs(tickets: &[Owned]) -> Vec<Vec<usize>> {
    matched(2, tickets).matches
}

#[test]
fn who_waits_longest_plays_first_and_with_who_waits_second_longest() {
    let tickets = [player(1_000, 3, &[]), player(1_090, 2, &[]), player(1_001, 1, &[]), player(1_002, 0, &[])];
    assert_eq!(pairs(&tickets), [[0, 1], [2, 3]]);
    assert_eq!(matched(2, &tickets).look_again_at, None);
}

#[test]
fn both_have_to_find_each_other_near_enough() {
    // After 20 seconds one would play with the other, who has just come and would not.
    assert_eq!(pairs(&[player(1_000, 20, &[]), player(1_200, 0, &[])]), Vec::<Vec<usize>>::new());
    assert_eq!(pairs(&[player(1_000, 20, &[]), player(1_200, 10, &[])]), [[0, 1]]);
}

#[test]
fn both_need_a_region_that_is_near_to_both() {
    let (here, there) = (("eu-central-1", 20), ("us-east-1", 20));
    assert_eq!(pairs(&[player(1_000, 1, &[here]), player(1_000, 0, &[there])]), Vec::<Vec<usize>>::new());
    assert_eq!(pairs(&[player(1_000, 1, &[here]), player(1_000, 0, &[there, ("eu-central-1", 50)])]), [[0, 1]]);
    assert_eq!(pairs(&[player(1_000, 1, &[here]), player(1_000, 0, &[there, ("eu-central-1", 51)])]), Vec::<Vec<usize>>::new());
}

#[test]
fn who_tells_no_latencies_plays_anywhere_but_not_with_one_who_can_play_nowhere() {
    assert_eq!(pairs(&[player(1_000, 1, &[]), player(1_000, 0, &[("eu-central-1", 50)])]), [[0, 1]]);
    assert_eq!(pairs(&[player(1_000, 1, &[]), player(1_000, 0, &[("eu-central-1", 51)])]), Vec::<Vec<usize>>::new());
}

#[test]
fn windows_that_will_be_wide_enough_are_looked_at_in_time() {
    // The younger one's window has 50 points to grow, at ten a second.
    let tickets = [player(1_000, 20, &[]), player(1_150, 0, &[])];
    assert_eq!(matched(2, &tickets).look_again_at, Some(NOON + 5_000));
    // It never reaches 301 points, so the next thing to happen is that the older one gives up.
    let tickets = [player(1_000, 20, &[]), player(1_301, 0, &[])];
    assert_eq!(matched(2, &tickets).look_again_at, Some(NOON + 40_000));
    // The older one's window of latency reaches 80 milliseconds after six seconds.
    let tickets = [player(1_000, 2, &[("eu-central-1", 80)]), player(1_000, 0, &[("eu-central-1", 10)])];
    assert_eq!(matched(2, &tickets).look_again_at, Some(NOON + 4_000));
}

#[test]
fn a_pool_is_not_looked_at_again_at_once() {
    let tickets = [player(1_000, 20, &[]), player(1_101, 0, &[])];
    assert_eq!(matched(2, &tickets).look_again_at, Some(NOON + LOOK_AGAIN_MILLISECONDS));
}

#[test]
fn who_has_waited_too_long_is_told_and_not_matched() {
    let matched = matched(2, &[player(1_000, 60, &[]), player(1_000, 59, &[])]);
    assert_eq!((matched.matches.len(), matched.timed_out, matched.look_again_at), (0, vec![0], Some(NOON + 1_000)));
}

#[test]
fn a_party_of_a_whole_team_plays_at_once() {
    let tickets = [player(1_000, 3, &[]), party(2, 5_000, 2, &[("far-away", 9_999)]), player(1_000, 1, &[])];
    assert_eq!(pairs(&tickets), [vec![0, 2], vec![1]]);
}

#[test]
fn a_party_that_fits_no_team_waits_for_its_end() {
    let matched = matched(2, &[party(3, 1_000, 1, &[]), party(0, 1_000, 0, &[])]);
    assert_eq!((matched.matches.len(), matched.look_again_at), (0, Some(NOON + 59_000)));
}

#[test]
fn parties_stay_together_and_fill_a_team_exactly() {
    let tickets = [party(3, 1_000, 4, &[]), party(3, 1_000, 3, &[]), party(2, 1_000, 2, &[]), party(1, 1_000, 1, &[])];
    assert_eq!(matched(5, &tickets).matches, [[0, 2]]);
    assert_eq!(matched(6, &tickets).matches, [[0, 1]]);
    // The oldest two leave no room for the third, but the oldest finds others.
    assert_eq!(matched(4, &tickets).matches, [[0, 3]]);
}

#[test]
fn a_team_needs_one_region_for_all_of_it() {
    let (a, b, c) = (("a", 10), ("b", 10), ("c", 10));
    let around = [player(1_000, 3, &[a, b]), player(1_000, 2, &[b, c]), player(1_000, 1, &[a, c])];
    assert_eq!(matched(3, &around).matches, Vec::<Vec<usize>>::new());
    let common = [player(1_000, 3, &[a, b]), player(1_000, 2, &[b, c]), player(1_000, 1, &[a, c]), player(1_000, 0, &[b])];
    assert_eq!(matched(3, &common).matches, [[0, 1, 3]]);
}

#[test]
fn a_team_is_no_wider_than_the_window_of_its_youngest() {
    // Both are near enough to the oldest, but not to each other.
    let tickets = [player(1_000, 2, &[]), player(900, 1, &[]), player(1_100, 0, &[])];
    assert_eq!(matched(3, &tickets).matches, Vec::<Vec<usize>>::new());
    assert_eq!(matched(3, &tickets).look_again_at, Some(NOON + 10_000));
}

#[test]
fn a_match_of_several_tickets_has_49_players_at_most() {
    let tickets: Vec<Owned> = (0..50).map(|_| player(1_000, 1, &[("a", 10)])).collect();
    assert_eq!(matched(49, &tickets).matches, [(0..49).collect::<Vec<_>>()]);
    assert_eq!(matched(50, &tickets).matches, Vec::<Vec<usize>>::new());
    assert_eq!(matched(50, &[party(50, 1_000, 1, &[])]).matches, [[0]]);
}

#[test]
fn a_search_that_comes_to_nothing_again_and_again_ends() {
    // Those in the middle go with those on either side, but one is missing. Without a bound all choices of 14 or more of them are tried.
    let tickets: Vec<Owned> = (0..65).map(|index| player(if index < 31 { 1_000 } else { 850 + index % 2 * 300 }, 10, &[])).collect();
    assert_eq!(matched(49, &tickets).matches, Vec::<Vec<usize>>::new());
    assert_eq!(matched(48, &tickets).matches.len(), 1);
}

#[test]
fn the_order_of_the_tickets_does_not_matter_but_their_age() {
    let tickets = [player(1_000, 1, &[]), player(1_050, 3, &[]), player(1_060, 2, &[])];
    assert_eq!(pairs(&tickets), [[1, 2]]);
}

#[test]
fn bands_are_of_500_points_and_the_last_has_no_end() {
    assert_eq!([0, 499, 500, 2_500, 4_999, 5_000, u16::MAX].map(band), [0, 0, 1, 5, 9, 9, 9]);
    assert_eq!(bands_within(&WINDOWS, 1_000, 0), 1..=2);
    assert_eq!(bands_within(&WINDOWS, 0, 60_000), 0..=0);
    assert_eq!(bands_within(&WINDOWS, 700, 60_000), 0..=2);
}
