//! Placements: rows of the table placements (key placementId). What may become of one is in [`muster_game::placement`]; here is how it is
//! written down.

mod changing;
mod ending;
mod read;

use std::collections::BTreeMap;

use muster_game::{
    Lane,
    placement::{Change, Placement, Status},
};
use muster_protocol::Outcome;
use serde::{Deserialize, Serialize};

pub use changing::{End, PlacementRequest};
pub use ending::Ending;

use crate::{
    Config, ConfigError,
    change::{Revised, Rows},
    clock,
    game_sessions::GameSession,
};

/// How long a placement is remembered, in seconds: GameLift's events about it may be repeated, and `cancelPlacement` says how it ended.
const RETENTION_SECONDS: u64 = 24 * 60 * 60;

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
    /// Grows with every write.
    pub revision: u64,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The gateway's id of the request that led to it; of another backend's, SNS's id of the event.
    pub cause: String,
    /// The request, event or timer that made this revision of it.
    pub by: String,
}

impl Revised for PlacementRow {
    const KEY: &'static str = "placementId";
    const WHAT: &'static str = "a placement";

    fn revision(&self) -> u64 {
        self.revision
    }
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
            revision: 1,
            expires_at: now / 1_000 + RETENTION_SECONDS,
            cause: cause.to_owned(),
            by: cause.to_owned(),
        }
    }

    /// One for players who have been matched, at `now` (epoch milliseconds).
    #[must_use]
    pub fn of_group(placement_id: &str, mode: &str, players: Vec<String>, now: u64, cause: &str) -> Self {
        Self { mode: Some(mode.to_owned()), ..Self::new(placement_id, players, now, cause) }
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

    /// Which of its players' seats it takes.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.mode.as_deref().and_then(muster_game::mode).map_or(Lane::Main, |mode| mode.lane)
    }

    /// It after a change that the rules allow.
    #[must_use]
    pub fn after(&self, change: Change) -> Option<Self> {
        let Placement { status, claimed, recheck, due_at, outcome, told } = self.rules().after(change)?;
        let claimed_at = self.claimed_at.or_else(|| claimed.then(clock::now_milliseconds));
        Some(Self { status, claimed_at, recheck, due_at, outcome, told, ..self.clone() })
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
    pub(crate) rows: Rows,
}

impl Placements {
    /// Reads `PLACEMENTS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { rows: Rows { client: config.dynamodb()?, table: config.required("PLACEMENTS_TABLE")?.to_owned() } })
    }
}
