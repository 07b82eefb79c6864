//! One look at one pool.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use muster_aws::{
    Config, ConfigError, Connections, Fault, MatchRow, MatchedInto, Matches, PlacementRow, Placements, Push, RematchTimer, Seats,
    TicketRow, Tickets, Timers, Turned, clock, group_id, mode_and_band, pool_of, push::Outgoing, telemetry::Metrics,
};
use muster_game::{
    Kind, Mode,
    matchmaking::{self, DEFAULT_WINDOWS, Ticket},
    rounds::Match,
};
use muster_protocol::{PoolOutcome, PoolPush, ServerFrame};

use crate::used::Used;

/// How long a player may be away without losing its place: as long as a socket that dropped takes to come back, in milliseconds.
const GRACE: u64 = 20_000;

/// When a pool in which somebody is away is looked at again, in milliseconds.
const AWAY_AGAIN: u64 = 2_000;

/// How many tickets are given up side by side.
const GIVEN_UP_AT_ONCE: usize = 16;

/// Rounds of choosing in one look. Each finds out who of the chosen is away, and which tickets are gone.
const CHOICES: usize = 5;

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

/// A pool, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'a> {
    name: &'a str,
    mode: &'static Mode,
    band: u16,
}

impl<'a> Pool<'a> {
    /// The pool of this name.
    ///
    /// # Errors
    /// A [`Fault`] if no mode has such a pool.
    pub(crate) fn of(name: &'a str) -> Result<Self, Fault> {
        let unknown = || Fault::because(format!("{name} is no pool of a mode"));
        let (mode, band) = mode_and_band(name).ok_or_else(unknown)?;
        let mode = muster_game::mode(mode).filter(|mode| mode.team.is_some()).ok_or_else(unknown)?;
        Ok(Self { name, mode, band })
    }
}

/// What a look has come to.
#[derive(Default)]
struct Outcome {
    /// Tickets that are used up, removed or gone, by id.
    done: BTreeSet<String>,
    /// Tickets of which a player is away, by id.
    away: BTreeSet<String>,
    /// Players of whom is known whether they are connected.
    present: BTreeMap<String, bool>,
    /// When there is something more to see, in epoch milliseconds.
    again: Option<u64>,
    /// Whether players are still to be told that their tickets came to nothing.
    owes_news: bool,
}

impl Outcome {
    fn again_at(&mut self, time: u64) {
        self.again = Some(self.again.map_or(time, |again| again.min(time)));
    }

    /// Whether a ticket may be chosen.
    fn is_left(&self, ticket: &TicketRow) -> bool {
        !self.done.contains(&ticket.ticket_id) && !self.away.contains(&ticket.ticket_id)
    }

    /// Whether all players of a ticket are connected, as far as is known.
    fn are_present(&self, ticket: &TicketRow) -> bool {
        ticket.players.iter().all(|player| self.present.get(player) == Some(&true))
    }
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
            timers: Timers::from_config(config, "REMATCH_QUEUE_URL")?,
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
        // Whoever was away is asked for at every look, chosen or not: so a stamp goes when its player is back, and an old one ends no later absence.
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
        for at in
            own.iter().filter(|ticket| outcome.is_left(ticket)).filter_map(|ticket| reaches_further_at(ticket, now)).collect::<Vec<_>>()
        {
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
        let timer = RematchTimer { pool: pool.to_owned(), due_at, cause: cause.to_owned() };
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

    /// Chooses matches until all who are chosen are there, and their tickets too.
    async fn choose_all(&self, mode: &Mode, tickets: &[TicketRow], outcome: &mut Outcome, cause: &str) -> Result<(), Fault> {
        for _ in 0..CHOICES {
            if !self.choose(mode, tickets, outcome, cause).await? {
                return Ok(());
            }
        }
        outcome.again_at(clock::now_milliseconds() + LOOK_AGAIN);
        Ok(())
    }

    /// Chooses matches among the tickets that are left, and makes those whose players are all there. `true` if somebody was not, or a ticket was
    /// gone, so that others may be chosen in their place.
    async fn choose(&self, mode: &Mode, tickets: &[TicketRow], outcome: &mut Outcome, cause: &str) -> Result<bool, Fault> {
        let left = newest_of_each_player(tickets.iter().filter(|ticket| outcome.is_left(ticket)));
        let candidates: Vec<Ticket<'_>> = left.iter().map(|ticket| candidate(ticket)).collect();
        let now = clock::now_milliseconds();
        let matched = matchmaking::match_tickets(&candidates, mode.team.unwrap_or(2), &DEFAULT_WINDOWS, now);
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
                Turned::Done => group.iter().map(|ticket| ticket.ticket_id.clone()).collect(),
                Turned::Gone(gone) => {
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
    async fn find_out(&self, players: impl Iterator<Item = &String>, outcome: &mut Outcome) -> Result<(), Fault> {
        let unknown: BTreeSet<&String> = players.filter(|player| !outcome.present.contains_key(*player)).collect();
        let found = try_join_all(unknown.iter().map(|player| self.connections.of_player(player))).await?;
        for (player, connections) in unknown.into_iter().zip(found) {
            outcome.present.insert(player.clone(), connections.iter().any(|connection| !connection.is_expired()));
        }
        Ok(())
    }

    /// Turns tickets into a match or a placement.
    async fn make(&self, mode: &Mode, group: &[&TicketRow], cause: &str) -> Result<Turned, Fault> {
        let now = clock::now_milliseconds();
        let ids: Vec<&str> = group.iter().map(|ticket| ticket.ticket_id.as_str()).collect();
        let newest = group.iter().map(|ticket| ticket.queued_at).max().unwrap_or(now);
        let id = group_id(newest, &ids).to_string();
        let players: Vec<String> = group.iter().flat_map(|ticket| ticket.players.iter().cloned()).collect();
        let made = match &mode.kind {
            Kind::Rounds(rounds) => {
                let row = MatchRow::new(&id, mode.name, players, cause).with(&Match::begun(rounds, now), now);
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
        if made == Turned::Done {
            tracing::info!(cause, mode = mode.name, groupId = id, tickets = ids.len(), "matched");
        }
        Ok(made)
    }

    /// Stamps tickets whose players are away, removes those who have been for too long, and takes the stamp off those who are back.
    async fn see_to_the_away(&self, tickets: &[TicketRow], outcome: &mut Outcome, metrics: &Metrics) -> Result<(), Fault> {
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
    async fn give_up_all(&self, tickets: Vec<(&TicketRow, PoolOutcome)>, outcome: &mut Outcome, metrics: &Metrics) -> Result<(), Fault> {
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

    /// Closes a ticket, tells its players, and removes it, in this order: so whoever repeats this tells them, too. One who is not there to be told finds
    /// no seat when it resumes. `false` if somebody could not be told, so that this is to be done again.
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
            if let Err(failed) = self.push.to_player(player, &frame, metrics).await {
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

/// Tickets without those of which a player has a newer one, oldest first. A player has one seat, so these are gone, and only the stream or a late read
/// shows them still.
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

/// When a ticket first reaches into a band of skill that it does not reach at `now`, both in epoch milliseconds; to the second, as timers are.
fn reaches_further_at(ticket: &TicketRow, now: u64) -> Option<u64> {
    let reach = |at: u64| matchmaking::bands_within(&DEFAULT_WINDOWS, ticket.skill, at.saturating_sub(ticket.queued_at));
    let reached = reach(now);
    (now..DEFAULT_WINDOWS.times_out_at(ticket.queued_at)).step_by(1_000).find(|at| reach(*at) != reached)
}

fn candidate(ticket: &TicketRow) -> Ticket<'_> {
    Ticket { players: ticket.players.len(), skill: ticket.skill, latencies: &ticket.latencies, queued_at: ticket.queued_at }
}
