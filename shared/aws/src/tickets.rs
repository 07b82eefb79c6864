//! Tickets: rows of the table tickets (key pool, ticketId). A pool is a mode, a band of skill and a shard, so that no partition is asked
//! for by everybody; its tickets are in the order in which they were asked for.
//!
//! Besides, a pool has a row of its own, which says when it is to be looked at again: so there is one timer for a pool, and not for a
//! ticket.

mod look;
mod read;
mod write;

pub use read::Oldest;
pub use write::MatchedInto;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::Client;
use muster_game::{Lane, matchmaking};
use muster_protocol::PoolOutcome;
use serde::{Deserialize, Serialize};

use crate::{Config, ConfigError};

/// The `ticketId` of a pool's own row. It sorts before all tickets, whose ids are UUIDs.
pub(crate) const POOL: &str = "#pool";

/// How long a ticket's row outlives the time at which it times out, in seconds: it only counts if nobody looks at the pool any more.
pub const GRACE_SECONDS: u64 = 10 * 60;

/// A request to be matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketRow {
    /// The pool that it waits in: see [`pool_of`].
    pub pool: String,
    /// A UUIDv7: the oldest first.
    pub ticket_id: String,
    /// The mode that is to be played.
    pub mode: String,
    /// Who stays together.
    pub players: Vec<String>,
    /// 0 to 5,000.
    pub skill: u16,
    /// Milliseconds by region; none, if any will do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub latencies: BTreeMap<String, u32>,
    /// When it was asked for, in epoch milliseconds.
    pub queued_at: u64,
    /// Since when a player is away, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_since: Option<u64>,
    /// How it came to nothing: its players have given up their seats in it, and are to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<PoolOutcome>,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The request that led to it.
    pub cause: String,
}

impl TicketRow {
    /// Which of its players' seats it takes.
    #[must_use]
    pub fn lane(&self) -> Lane {
        lane_of(&self.pool)
    }
}

/// A pool's own row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LookRow {
    /// The pool.
    pub pool: String,
    /// [`POOL`].
    pub ticket_id: String,
    /// How often a timer has asked to look at it.
    pub looks: u64,
    /// The request that led to it.
    pub cause: String,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PoolRow {
    /// A ticket.
    Ticket(TicketRow),
    /// The pool's own.
    Look(LookRow),
}

impl PoolRow {
    /// The pool that it is about.
    #[must_use]
    pub fn pool(&self) -> &str {
        match self {
            Self::Ticket(ticket) => &ticket.pool,
            Self::Look(look) => &look.pool,
        }
    }
}

/// The pool of a mode and a band of skill. There is one shard for each as yet: the number at its end is for those that a busy mode will
/// need.
#[must_use]
pub fn pool_of(mode: &str, band: u16) -> String {
    format!("{mode}#{band}#0")
}

/// The mode and the band of a pool.
#[must_use]
pub fn mode_and_band(pool: &str) -> Option<(&str, u16)> {
    let mut parts = pool.split('#');
    Some((parts.next()?, parts.next()?.parse().ok()?))
}

/// Which of its players' seats a ticket of this pool takes.
pub(crate) fn lane_of(pool: &str) -> Lane {
    mode_and_band(pool).and_then(|(mode, _)| muster_game::mode(mode)).map_or(Lane::Main, |mode| mode.lane)
}

/// The pool in which a player of this skill waits.
#[must_use]
pub fn pool_for(mode: &str, skill: u16) -> String {
    pool_of(mode, matchmaking::band(skill))
}

/// The tickets.
#[derive(Clone, Debug)]
pub struct Tickets {
    client: Client,
    table: String,
    /// Tickets that could not be understood, by id.
    odd: Arc<Mutex<BTreeSet<String>>>,
}

impl Tickets {
    /// Reads `TICKETS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("TICKETS_TABLE")?.to_owned(), odd: Arc::default() })
    }
}
