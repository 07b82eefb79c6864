//! One look at one pool.

mod choose;
mod give_up;
mod outcome;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::try_join_all;
use muster_aws::{
    Config, ConfigError, Connections, Fault, Matches, Placements, Push, Seats, TicketRow, Tickets, Timer, Timers, clock, pool_of,
    telemetry::Metrics,
};
use muster_game::{
    Mode,
    matchmaking::{self, DEFAULT_WINDOWS},
};
use muster_protocol::PoolOutcome;

use self::outcome::Outcome;
use super::{pool::Pool, used::Used};

/// When a pool is looked at again in which there is more to see at once, in milliseconds.
const LOOK_AGAIN: u64 = 200;

/// What looks at pools.
pub(crate) struct Looker {
    tickets: Tickets,
    seats: Seats,
    matches: Matches,
    placements: Placements,
    connections: Connections,
    push: Push,
    timers: Timers,
    used: Used,
    /// How long the end of a placement is waited for.
    patience: Duration,
}

impl Looker {
    pub(crate) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            tickets: Tickets::from_config(config)?,
            seats: Seats::from_config(config)?,
            matches: Matches::from_config(config)?,
            placements: Placements::from_config(config)?,
            connections: Connections::from_config(config)?,
            push: Push::from_config(config)?,
            timers: Timers::from_config(config)?,
            used: Used::default(),
            patience: config.placement_patience()?,
        })
    }

    /// Looks at a pool, of which `known` are tickets that the stream has shown, and sees to the next look.
    pub(crate) async fn look(&self, pool: &Pool<'_>, known: Vec<TicketRow>, cause: &str, metrics: &Metrics) -> Result<(), Fault> {
        let Pool { name: pool, mode, band } = *pool;
        let (own, more) = self.waiting(pool, known).await?;
        let now = clock::now_milliseconds();
        let mut outcome = Outcome::default();
        // Whoever gave one up may have died before its players were told.
        let over = own.iter().filter(|ticket| ticket.outcome.is_some() || DEFAULT_WINDOWS.timed_out(ticket.queued_at, now));
        self.give_up_all(over.map(|ticket| (ticket, PoolOutcome::TimedOut)).collect(), &mut outcome, metrics).await?;
        // Whoever was away is asked for at every look, chosen or not: so a stamp goes when its player is back, and an old one ends no later
        // absence.
        let stamped: Vec<&TicketRow> = own.iter().filter(|ticket| ticket.absent_since.is_some() && outcome.is_left(ticket)).collect();
        self.find_out(stamped.iter().flat_map(|ticket| &ticket.players), &mut outcome).await?;
        for ticket in stamped {
            if !outcome.are_present(ticket) {
                outcome.away.insert(ticket.ticket_id.clone());
            }
        }
        self.choose_all(mode, &own, &mut outcome, cause).await?;
        // Only those who find nobody in their own pool look into others, since each is one more read.
        let all = self.with_neighbours(mode, band, &own, &outcome).await?;
        if all.len() > own.len() {
            self.choose_all(mode, &all, &mut outcome, cause).await?;
        }
        // Who is left may reach a pool later that it has not looked into.
        let further = own.iter().filter(|ticket| outcome.is_left(ticket)).filter_map(|ticket| reaches_further_at(ticket, now)).min();
        if let Some(at) = further {
            outcome.again_at(at);
        }
        self.see_to_the_away(&own, &mut outcome, metrics).await?;
        // Where these have gone, those behind them are the oldest now.
        let others_wait = more && !outcome.done.is_empty();
        if others_wait {
            outcome.again_at(now + LOOK_AGAIN);
        }
        let somebody_waits = others_wait || outcome.owes_news || own.iter().any(|ticket| !outcome.done.contains(&ticket.ticket_id));
        match outcome.again.filter(|_| somebody_waits) {
            Some(at) => self.see_to_the_next_look(pool, at, cause).await,
            None => Ok(()),
        }
    }

    /// Has the pool looked at again at `at` (epoch milliseconds), unless it is to be sooner.
    async fn see_to_the_next_look(&self, pool: &str, at: u64, cause: &str) -> Result<(), Fault> {
        let Some(due_at) = self.tickets.look_at(pool, at, cause).await? else { return Ok(()) };
        let timer = Timer::Pool { pool: pool.to_owned(), due_at, cause: cause.to_owned() };
        if let Err(fault) = self.timers.set(&timer).await {
            // Else everybody would take it for set, should this never be repeated.
            self.tickets.no_timer(pool, due_at).await?;
            return Err(fault);
        }
        Ok(())
    }

    /// The oldest tickets of a pool and those that are `known`, oldest first, and whether there may be more.
    async fn waiting(&self, pool: &str, known: Vec<TicketRow>) -> Result<(Vec<TicketRow>, bool), Fault> {
        let mut tickets: BTreeMap<String, TicketRow> = BTreeMap::new();
        let read = self.tickets.oldest(pool).await?;
        for ticket in known.into_iter().chain(read.tickets).filter(|ticket| self.can_be_used(ticket)) {
            tickets.insert(ticket.ticket_id.clone(), ticket);
        }
        // Ids are of the time of the request.
        Ok((tickets.into_values().collect(), read.more))
    }

    fn can_be_used(&self, ticket: &TicketRow) -> bool {
        ticket.expires_at > clock::now_seconds() && !self.used.has(&ticket.ticket_id)
    }

    /// `own`, and the tickets of the other pools that those of them who are left can reach by now, oldest first.
    async fn with_neighbours(&self, mode: &Mode, band: u16, own: &[TicketRow], outcome: &Outcome) -> Result<Vec<TicketRow>, Fault> {
        let now = clock::now_milliseconds();
        let left = own.iter().filter(|ticket| outcome.is_left(ticket));
        let waited = |ticket: &TicketRow| now.saturating_sub(ticket.queued_at);
        let bands = left.flat_map(|ticket| matchmaking::bands_within(&DEFAULT_WINDOWS, ticket.skill, waited(ticket)));
        let others: BTreeSet<u16> = bands.filter(|other| *other != band).collect();
        let pools: Vec<String> = others.into_iter().map(|other| pool_of(mode.name, other)).collect();
        let read = try_join_all(pools.iter().map(|pool| self.tickets.oldest(pool))).await?;
        let counts =
            |ticket: &TicketRow| self.can_be_used(ticket) && ticket.outcome.is_none() && !DEFAULT_WINDOWS.timed_out(ticket.queued_at, now);
        let mut all: Vec<TicketRow> = own.iter().cloned().chain(read.into_iter().flat_map(|read| read.tickets).filter(counts)).collect();
        all.sort_by(|one, other| one.ticket_id.cmp(&other.ticket_id));
        Ok(all)
    }
}

/// When a ticket first reaches into a band of skill that it does not reach at `now`, both in epoch milliseconds; to the second, as timers
/// are.
fn reaches_further_at(ticket: &TicketRow, now: u64) -> Option<u64> {
    let reach = |at: u64| matchmaking::bands_within(&DEFAULT_WINDOWS, ticket.skill, at.saturating_sub(ticket.queued_at));
    let reached = reach(now);
    (now..DEFAULT_WINDOWS.times_out_at(ticket.queued_at)).step_by(1_000).find(|at| reach(*at) != reached)
}
