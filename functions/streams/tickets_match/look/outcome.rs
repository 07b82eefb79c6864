//! What a look at a pool has come to, so far.

use std::collections::{BTreeMap, BTreeSet};

use muster_aws::TicketRow;

/// What a look has come to.
#[derive(Default)]
pub(super) struct Outcome {
    /// Tickets that are used up, removed or gone, by id.
    pub(super) done: BTreeSet<String>,
    /// Tickets of which a player is away, by id.
    pub(super) away: BTreeSet<String>,
    /// Players of whom is known whether they are connected.
    pub(super) present: BTreeMap<String, bool>,
    /// When there is something more to see, in epoch milliseconds.
    pub(super) again: Option<u64>,
    /// Whether players are still to be told that their tickets came to nothing.
    pub(super) owes_news: bool,
}

impl Outcome {
    /// There is something more to see at `time`, in epoch milliseconds.
    pub(super) fn again_at(&mut self, time: u64) {
        self.again = Some(self.again.map_or(time, |again| again.min(time)));
    }

    /// Whether a ticket may be chosen.
    pub(super) fn is_left(&self, ticket: &TicketRow) -> bool {
        !self.done.contains(&ticket.ticket_id) && !self.away.contains(&ticket.ticket_id)
    }

    /// Whether all players of a ticket are connected, as far as is known.
    pub(super) fn are_present(&self, ticket: &TicketRow) -> bool {
        ticket.players.iter().all(|player| self.present.get(player) == Some(&true))
    }
}
