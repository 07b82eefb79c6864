//! Tickets that come to nothing: nobody was found in time, or a player is away for too long.

use futures_util::{StreamExt, TryStreamExt, stream};
use muster_aws::{Fault, Read, TicketRow, clock, push::Outgoing, telemetry::Metrics};
use muster_game::matchmaking::DEFAULT_WINDOWS;
use muster_protocol::{PoolOutcome, PoolPush, ServerFrame};

use super::{Looker, outcome::Outcome};

/// How long a player may be away without losing its place: as long as a socket that dropped takes to come back, in milliseconds.
const GRACE: u64 = 20_000;

/// When a pool in which somebody is away is looked at again, in milliseconds.
const AWAY_AGAIN: u64 = 2_000;

/// How many tickets are given up side by side.
const GIVEN_UP_AT_ONCE: usize = 16;

impl Looker {
    /// Stamps tickets whose players are away, removes those who have been for too long, and takes the stamp off those who are back.
    pub(super) async fn see_to_the_away(&self, tickets: &[TicketRow], outcome: &mut Outcome, metrics: &Metrics) -> Result<(), Fault> {
        let now = clock::now_milliseconds();
        let mut given_up = Vec::new();
        for ticket in tickets.iter().filter(|ticket| !outcome.done.contains(&ticket.ticket_id)).collect::<Vec<_>>() {
            if !outcome.away.contains(&ticket.ticket_id) {
                if ticket.absent_since.is_some() && outcome.are_present(ticket) {
                    self.tickets.stamp(ticket, None).await?;
                }
                continue;
            }
            let since = ticket.absent_since.unwrap_or(now);
            if now >= since + GRACE {
                given_up.push((ticket, PoolOutcome::Away));
            } else {
                if ticket.absent_since.is_none() {
                    self.tickets.stamp(ticket, Some(now)).await?;
                }
                outcome.again_at(now + AWAY_AGAIN);
            }
        }
        self.give_up_all(given_up, outcome, metrics).await
    }

    /// Gives tickets up, some side by side.
    pub(super) async fn give_up_all(
        &self,
        tickets: Vec<(&TicketRow, PoolOutcome)>,
        outcome: &mut Outcome,
        metrics: &Metrics,
    ) -> Result<(), Fault> {
        let given_up = tickets.into_iter().map(async |(ticket, reason)| Ok((ticket, self.give_up(ticket, reason, metrics).await?)));
        let given_up: Vec<(&TicketRow, bool)> = stream::iter(given_up).buffer_unordered(GIVEN_UP_AT_ONCE).try_collect().await?;
        for (ticket, is_told) in given_up {
            outcome.done.insert(ticket.ticket_id.clone());
            if !is_told {
                outcome.owes_news = true;
                outcome.again_at(clock::now_milliseconds() + AWAY_AGAIN);
            }
        }
        Ok(())
    }

    /// Closes a ticket, tells its players, and removes it, in this order: so whoever repeats this tells them, too. One who is not there to
    /// be told finds no seat when it resumes. `false` if somebody could not be told, so that this is to be done again.
    async fn give_up(&self, ticket: &TicketRow, outcome: PoolOutcome, metrics: &Metrics) -> Result<bool, Fault> {
        if let Some(outcome) = self.tickets.close(&self.seats, ticket, outcome).await? {
            tracing::info!(cause = ticket.cause, ticketId = ticket.ticket_id, ?outcome, "a ticket came to nothing");
            if !self.tell(ticket, outcome, metrics).await? {
                return Ok(false);
            }
            self.tickets.forget(ticket).await?;
        }
        self.used.add([ticket.ticket_id.clone()]);
        Ok(true)
    }

    /// Tells the players of a ticket that it came to nothing; whether it could tell all of them.
    async fn tell(&self, ticket: &TicketRow, outcome: PoolOutcome, metrics: &Metrics) -> Result<bool, Fault> {
        let mut are_told = true;
        let frame = ServerFrame::Pool(PoolPush { ticket_id: ticket.ticket_id.clone(), outcome });
        let frame = [Outgoing::new(&frame, DEFAULT_WINDOWS.times_out_at(ticket.queued_at))?];
        for player in &ticket.players {
            if let Err(failed) = self.push.to_player(player, &frame, Read::Consistent, metrics).await {
                tracing::warn!(
                    cause = ticket.cause,
                    playerId = player,
                    error = failed.fault.chain(),
                    "a player was not told of its ticket"
                );
                are_told = false;
            }
        }
        Ok(are_told)
    }
}
