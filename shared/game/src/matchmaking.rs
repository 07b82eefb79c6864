//! Who plays with whom.
//!
//! A [`Ticket`] waits, and the longer it waits the less it asks for: its windows of skill and of latency widen. Tickets go together if
//!
//! - the skills of every two of them are within both their windows of skill,
//! - one region is within the windows of latency of all of them, and
//! - their players add up to those of a match.
//!
//! [`match_tickets`] goes from the oldest ticket to the youngest. If a ticket can be matched with tickets that are left, it is, and with the
//! oldest of them: of the sets that it can be in, the one with the oldest second member, then the oldest third, and so on. So nobody
//! is passed over for somebody who came later, and when it is done no tickets are left that go together.
//!
//! Games of two are the hot case and have a way of their own, in `pairs.rs`: for each region that a ticket names, a search among those who
//! are free there, of whom there is at most one in every `start + 1` points of skill. So for `n` tickets of up to `r` regions it takes
//! `O(n log n + n r log l)`, where `l` is that number, and moves up to `l` small values whenever somebody comes or goes.
//!
//! Larger teams are searched for, in `teams.rs`: quickly where there are many to choose from; in vain, for each ticket in `O(m)` as long as
//! those within its windows cannot add up, and else in `O(m²)` for each of its regions that offers another choice, where `m` is how many
//! they are. To say when to look again it searches as often as the time until somebody times out can be halved, some 17 times. That is
//! milliseconds for the oldest few hundred of a pool, which is what a matcher reads, and too long for a hundred thousand.

mod field;
mod line;
mod pairs;
mod sums;
mod teams;
mod windows;

use std::collections::BTreeMap;

use self::{field::Field, teams::Teams};

pub use windows::{BANDS, DEFAULT_WINDOWS, Window, Windows, band, bands_within};

/// The least time between two looks at a pool, in milliseconds, however soon windows would be wide enough.
pub const LOOK_AGAIN_MILLISECONDS: u64 = 200;

/// Most players of a match that is put together from several tickets: no game server has room for more than 200.
pub const MOST_PLAYERS: usize = sums::MOST;

/// A request of one or more players, who stay together, to be matched.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    /// How many players it has.
    pub players: usize,
    /// How good they are.
    pub skill: u16,
    /// How far they are from each region, in milliseconds. If it is empty, every region will do.
    pub latencies: &'a BTreeMap<String, u32>,
    /// Since when they wait, in epoch milliseconds.
    pub queued_at: u64,
}

/// What became of the tickets, each by its position among those that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The tickets of each match, oldest first; and so are the matches, by their oldest tickets.
    pub matches: Vec<Vec<usize>>,
    /// The tickets that have waited too long, and are not matched any more.
    pub timed_out: Vec<usize>,
    /// When the tickets that are left may be matched or time out, in epoch milliseconds, if no others come: not before
    /// [`LOOK_AGAIN_MILLISECONDS`] from now, and else to the millisecond. `None` if none are left.
    pub look_again_at: Option<u64>,
}

/// Matches tickets to teams of `team` players at `now` (epoch milliseconds).
///
/// The oldest tickets need not come first, but of tickets that came at the same time, those that come first count as older. A ticket of
/// `team` players is a match by itself, however far from every region: its players would gain nothing by waiting. One of more players, or of
/// none, is never matched.
#[must_use]
pub fn match_tickets(tickets: &[Ticket<'_>], team: usize, windows: &Windows, now: u64) -> Matched {
    let mut matched = Matched::default();
    let (mut waiting, mut times_out_at) = (Vec::new(), None::<u64>);
    for position in by_age(tickets) {
        let Ticket { players, queued_at, .. } = tickets[position];
        if windows.timed_out(queued_at, now) {
            matched.timed_out.push(position);
        } else if players == team && team > 0 {
            matched.matches.push(vec![position]);
        } else if (1..team).contains(&players) && team <= MOST_PLAYERS {
            waiting.push(position);
        } else {
            times_out_at = earlier(times_out_at, windows.times_out_at(queued_at));
        }
    }
    let field = Field::new(tickets, &waiting, windows);
    let teams = (team > 2).then(|| Teams::new(&field, team, windows));
    let sets = match &teams {
        Some(teams) => teams.matches(now, &vec![true; waiting.len()], usize::MAX),
        None => pairs::matches(&field, windows, now),
    };
    let mut left = vec![true; waiting.len()];
    for set in &sets {
        set.iter().for_each(|&entry| left[entry] = false);
    }
    // Nobody else times out earlier than the oldest that is left.
    if let Some(oldest) = left.iter().position(|&left| left) {
        times_out_at = earlier(times_out_at, windows.times_out_at(field.entries[oldest].queued_at));
    }
    matched.look_again_at = times_out_at.map(|until| {
        let change = match &teams {
            Some(teams) => teams.first_match(&left, now, until),
            None => pairs::first_match(&field, windows, &left, until),
        };
        change.max(now.saturating_add(LOOK_AGAIN_MILLISECONDS))
    });
    let alone = matched.matches.len();
    matched.matches.extend(sets.into_iter().map(|set| set.into_iter().map(|entry| waiting[entry]).collect()));
    if alone > 0 {
        matched.matches.sort_by_key(|set| (tickets[set[0]].queued_at, set[0]));
    }
    matched
}

/// The positions of the tickets from the oldest to the youngest.
fn by_age(tickets: &[Ticket<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tickets.len()).collect();
    order.sort_by_key(|&position| tickets[position].queued_at);
    order
}

fn earlier(one: Option<u64>, other: u64) -> Option<u64> {
    Some(one.map_or(other, |one| one.min(other)))
}

#[cfg(test)]
mod tests;
