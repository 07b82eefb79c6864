//! Who plays with whom.
//!
//! A [`Ticket`] waits, and the longer it waits the less it asks for: its windows of skill and of latency widen. Tickets go together if
//!
//! - the skills of every two of them are within both their windows of skill,
//! - one region is within the windows of latency of all of them, and
//! - their players add up to those of a match.
//!
//! [`match_tickets`] goes from the oldest ticket to the youngest. If a ticket can be matched with tickets that are left, it is, and with
//! the oldest of them: of the sets that it can be in, the one with the oldest second member, then the oldest third, and so on. So nobody is
//! passed over for somebody who came later, and when it is done no tickets are left that go together.
//!
//! Where the search for a ticket's match would take too long, that ticket is passed over until the next look: see `search.rs`, which says
//! when, and how long a look takes. It happens in matches of dozens of players, and never in those of two.

mod search;
mod windows;

use std::collections::BTreeMap;

use self::search::Search;

pub use windows::{DEFAULT_WINDOWS, Window, Windows, band, bands_within};

/// The least time between two looks at a pool, in milliseconds, however soon windows would be wide enough.
const LOOK_AGAIN_MILLISECONDS: u64 = 200;

/// Most players of a match that is put together from several tickets: all of them are matched in one transaction.
const MOST_PLAYERS: usize = 49;

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
    /// When the tickets that are left may be matched or time out, in epoch milliseconds, if no others come: not before 200 ms from now,
    /// and else to the millisecond. `None` if none are left.
    pub look_again_at: Option<u64>,
}

/// Matches tickets to teams of `team` players at `now` (epoch milliseconds).
///
/// The oldest tickets need not come first, but of tickets that came at the same time, those that come first count as older. A ticket of
/// `team` players is a match by itself, however far from every region: its players would gain nothing by waiting. One of more players, or
/// of none, is never matched, and nor are several tickets to more than 49 players.
#[must_use]
pub fn match_tickets(tickets: &[Ticket<'_>], team: usize, windows: &Windows, now: u64) -> Matched {
    let (mut by_age, mut timed_out) = (Vec::new(), Vec::new());
    let mut positions: Vec<usize> = (0..tickets.len()).collect();
    positions.sort_by_key(|&position| tickets[position].queued_at);
    for position in positions {
        let waiting = if windows.timed_out(tickets[position].queued_at, now) { &mut timed_out } else { &mut by_age };
        waiting.push(position);
    }
    let mut search = Search::new(tickets, windows, now);
    let (mut matches, mut left, mut next) = (Vec::new(), by_age, 0);
    while let Some(&oldest) = left.get(next) {
        match search.first_set(team, oldest, &left[next + 1..]) {
            Some(set) => {
                left.retain(|position| !set.contains(position));
                matches.push(set);
            }
            None => next += 1,
        }
    }
    // Nobody else times out earlier than the oldest that is left.
    let look_again_at = left.first().map(|&oldest| {
        let until = windows.times_out_at(tickets[oldest].queued_at);
        search.first_match_at(team, &left, now.saturating_add(LOOK_AGAIN_MILLISECONDS), until)
    });
    Matched { matches, timed_out, look_again_at }
}

#[cfg(test)]
mod tests;
