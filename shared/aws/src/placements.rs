//! Placements: rows of the table placements (key placementId). What may become of one is in [`muster_game::placement`]; here is how it is
//! written down, each change as one conditional write.

mod change;
mod ending;
mod read;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use muster_game::placement::{Placement, Status};
use muster_protocol::Outcome;
use serde::{Deserialize, Serialize};

pub use change::{Changed, End};
pub use ending::Ending;
pub use request::{Requested, Wish};

use crate::{Config, ConfigError, game_sessions::GameSession};

/// How long a placement is remembered, in seconds: GameLift's events about it may be repeated, and `cancelPlacement` says how it ended.
const RETENTION_SECONDS: u64 = 24 * 60 * 60;

/// How long a seat outlives the time at which the timer looks at its placement, in seconds: longer than all its looks together can take. It
/// only counts if all who could end the placement have failed for good.
const SEAT_GRACE_SECONDS: u64 = 60 * 60;

/// A placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacementRow {
    /// Its id at GameLift, too.
    pub placement_id: String,
    /// The mode that is to be played. None for one that another backend or a server of one's own has made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The players that are to be placed; of another backend's, those that were.
    pub players: Vec<String>,
    /// Milliseconds to a region and back, by player and region.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub latencies: BTreeMap<String, BTreeMap<String, u32>>,
    /// Where in its life it is.
    #[serde(with = "StatusName")]
    pub status: Status,
    /// When the forwarder claimed it, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<u64>,
    /// How often the timer has decided to look again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub recheck: u32,
    /// When the timer looks, in epoch milliseconds.
    pub due_at: u64,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ended, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// The game session, if it was fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<GameSession>,
    /// The player sessions in it, by player.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub player_sessions: BTreeMap<String, String>,
    /// When the game session was over, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<u64>,
    /// What the game server gave as results, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<String>,
    /// Whether its players have been told and are free.
    #[serde(default)]
    pub told: bool,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The gateway's id of the request that led to it; of another backend's, SNS's id of the event.
    pub cause: String,
}

impl PlacementRow {
    /// One that `cause` asks for, at `now` (epoch milliseconds), and of which nothing else is known.
    fn new(placement_id: &str, players: Vec<String>, now: u64, cause: &str) -> Self {
        Self {
            placement_id: placement_id.to_owned(),
            mode: None,
            players,
            latencies: BTreeMap::new(),
            status: Status::Requested,
            claimed_at: None,
            recheck: 0,
            due_at: now,
            outcome: None,
            reason: None,
            ended_at: None,
            session: None,
            player_sessions: BTreeMap::new(),
            closed_at: None,
            results: None,
            told: false,
            expires_at: now / 1_000 + RETENTION_SECONDS,
            cause: cause.to_owned(),
        }
    }

    /// One for players who have been matched, at `now` (epoch milliseconds).
    #[must_use]
    pub fn of_group(placement_id: &str, mode: &str, players: Vec<String>, now: u64, cause: &str) -> Self {
        Self { mode: Some(mode.to_owned()), ..Self::new(placement_id, players, now, cause) }
    }

    /// When the seats in it count no more, in whole epoch seconds: after all looks of its timer, should its end never be told.
    pub(crate) const fn seat_expiry(&self) -> u64 {
        self.due_at / 1_000 + SEAT_GRACE_SECONDS
    }

    /// What decides about it.
    #[must_use]
    pub fn rules(&self) -> Placement {
        Placement {
            status: self.status,
            claimed: self.claimed_at.is_some(),
            recheck: self.recheck,
            due_at: self.due_at,
            outcome: self.outcome,
            told: self.told,
        }
    }
}

/// How a status is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Status", rename_all = "camelCase")]
enum StatusName {
    Requested,
    Pending,
    Cancelling,
    Ended,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The placements.
#[derive(Clone, Debug)]
pub struct Placements {
    client: Client,
    table: String,
}

impl Placements {
    /// Reads `PLACEMENTS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("PLACEMENTS_TABLE")?.to_owned() })
    }
}
