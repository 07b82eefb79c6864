//! Choosing who plays with whom, and making the matches.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use muster_aws::{Fault, MatchedInto, PlacementRow, Read, TicketRow, clock, group_id, new_seed};
use muster_game::{
    Circumstances, Kind, Match, Mode, Opening,
    matchmaking::{self, DEFAULT_WINDOWS, Ticket},
};

use super::{LOOK_AGAIN, Looker, outcome::Outcome};

/// Rounds of choosing in one look. Each finds out who of the chosen is away, and which tickets are gone.
const CHOICES: usize = 5;

impl Looker {
    /// Chooses matches until all who are chosen are there, and their tickets too.
    pub(super) async fn choose_all(
        &self,
        mode: &'static Mode,
        tickets: &[TicketRow],
        outcome: &mut Outcome,
        cause: &str,
    ) -> Result<(), Fault> {
        for _ in 0..CHOICES {
            if !self.choose(mode, tickets, outcome, cause).await? {
                return Ok(());
            }
        }
        outcome.again_at(clock::now_milliseconds() + LOOK_AGAIN);
        Ok(())
    }

    /// Chooses matches among the tickets that are left, and makes those whose players are all there. `true` if somebody was not, or a
    /// ticket was gone, so that others may be chosen in their place.
    async fn choose(&self, mode: &'static Mode, tickets: &[TicketRow], outcome: &mut Outcome, cause: &str) -> Result<bool, Fault> {
        let left = newest_of_each_player(tickets.iter().filter(|ticket| outcome.is_left(ticket)));
        let candidates: Vec<Ticket<'_>> = left.iter().map(|ticket| candidate(ticket)).collect();
        let now = clock::now_milliseconds();
        let matched = matchmaking::match_tickets(&candidates, mode.pool.unwrap_or(2), &DEFAULT_WINDOWS, now);
        let chosen: Vec<Vec<&TicketRow>> = matched.matches.iter().map(|group| group.iter().map(|index| left[*index]).collect()).collect();
        self.find_out(chosen.iter().flatten().flat_map(|ticket| &ticket.players), outcome).await?;
        let mut others = false;
        let mut complete = Vec::new();
        for group in chosen {
            let missing: Vec<String> =
                group.iter().filter(|ticket| !outcome.are_present(ticket)).map(|ticket| ticket.ticket_id.clone()).collect();
            if missing.is_empty() {
                complete.push(group);
            } else {
                outcome.away.extend(missing);
                others = true;
            }
        }
        let made = try_join_all(complete.iter().map(|group| self.make(mode, group, cause))).await?;
        for (group, made) in complete.iter().zip(made) {
            let done: Vec<String> = match made {
                Ok(()) => group.iter().map(|ticket| ticket.ticket_id.clone()).collect(),
                Err(gone) => {
                    others = true;
                    gone
                }
            };
            self.used.add(done.iter().cloned());
            outcome.done.extend(done);
        }
        if let Some(time) = matched.look_again_at {
            outcome.again_at(time);
        }
        Ok(others)
    }

    /// Finds out of `players` who is connected.
    pub(super) async fn find_out(&self, players: impl Iterator<Item = &String>, outcome: &mut Outcome) -> Result<(), Fault> {
        let unknown: BTreeSet<&String> = players.filter(|player| !outcome.present.contains_key(*player)).collect();
        let found = try_join_all(unknown.iter().map(|player| self.connections.of_player(player, Read::Consistent))).await?;
        for (player, connections) in unknown.into_iter().zip(found) {
            outcome.present.insert(player.clone(), connections.iter().any(|connection| !connection.is_expired()));
        }
        Ok(())
    }

    /// Turns tickets into a match or a placement. The inner error has the tickets that cannot be used any more.
    async fn make(&self, mode: &'static Mode, group: &[&TicketRow], cause: &str) -> Result<Result<(), Vec<String>>, Fault> {
        let now = clock::now_milliseconds();
        let ids: Vec<&str> = group.iter().map(|ticket| ticket.ticket_id.as_str()).collect();
        let newest = group.iter().map(|ticket| ticket.queued_at).max().unwrap_or(now);
        let id = group_id(newest, &ids).to_string();
        // Whose request it was that completed the group.
        let cause = group.iter().max_by_key(|ticket| ticket.queued_at).map_or(cause, |ticket| ticket.cause.as_str());
        let players: Vec<String> = group.iter().flat_map(|ticket| ticket.players.iter().cloned()).collect();
        let made = match &mode.kind {
            Kind::Played(_) => {
                let opening = Opening { match_id: &id, mode, options: None, players: &players, bots: 0, begins: true, seed: &new_seed() };
                let opened = Match::open(opening, Circumstances { now, by: cause });
                let row = opened.map_err(|rejection| Fault::because(rejection.message))?;
                self.tickets.turn(&self.seats, group, MatchedInto::Match(&self.matches, &row)).await?
            }
            Kind::Hosted(_) => {
                let latencies = group.iter().filter(|ticket| !ticket.latencies.is_empty());
                let latencies = latencies.flat_map(|ticket| ticket.players.iter().map(|player| (player.clone(), ticket.latencies.clone())));
                let due_at = now + u64::try_from(self.patience.as_millis()).unwrap_or_default();
                let row = PlacementRow::of_group(&id, mode.name, players, now, cause);
                let row = PlacementRow { latencies: latencies.collect(), due_at, ..row };
                self.tickets.turn(&self.seats, group, MatchedInto::Placement(&self.placements, &row)).await?
            }
        };
        if made.is_ok() {
            // The tickets lead from each player's request to what it came to.
            let ticket_ids = ids.join(" ");
            tracing::info!(cause, mode = mode.name, groupId = id, tickets = ids.len(), ticketIds = ticket_ids, "matched");
        }
        Ok(made)
    }
}

/// Tickets without those of which a player has a newer one, oldest first. A player has one seat, so these are gone, and only the stream or
/// a late read shows them still.
fn newest_of_each_player<'a>(oldest_first: impl DoubleEndedIterator<Item = &'a TicketRow>) -> Vec<&'a TicketRow> {
    let (mut seen, mut newest) = (BTreeSet::new(), Vec::new());
    for ticket in oldest_first.rev() {
        if ticket.players.iter().filter(|player| seen.insert(player.as_str())).count() == ticket.players.len() {
            newest.push(ticket);
        }
    }
    newest.reverse();
    newest
}

fn candidate(ticket: &TicketRow) -> Ticket<'_> {
    Ticket { players: ticket.players.len(), skill: ticket.skill, latencies: &ticket.latencies, queued_at: ticket.queued_at }
}
