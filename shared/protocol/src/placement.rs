//! What players are told of placements: how one ended, where its game server is, and what they hold a seat in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a packet of the player takes to a region and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// 0 to 10,000.
    #[cfg_attr(feature = "schema", schemars(range(max = crate::limits::LATENCY_MILLISECONDS)))]
    pub milliseconds: u32,
}

/// How a placement, or a player's session in it, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// There is a game server.
    Fulfilled,
    /// There was none in time.
    TimedOut,
    /// It could not be done.
    Failed,
    /// A player, or an operator, did not want it any more.
    Cancelled,
    /// The game session is over. No placement ends like this, only a session in it.
    Ended,
    /// An outcome that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// Where a player's game server is, and the player session with which it enters. One placement gives a player at most one session; it may
/// be pushed again, and is over with the `placement` push of the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionPush {
    /// The placement.
    pub placement_id: String,
    /// The server's address.
    pub ip: String,
    /// Its name, for servers that want TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<String>,
    /// Its port.
    pub port: u16,
    /// What the player shows the server; nobody else's.
    pub player_session_id: String,
    /// The game session.
    pub game_session_arn: String,
    /// Where the server is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// A placement came to nothing, or its game session is over. Later than any `session` push of the same placement, whatever the order in
/// which both arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacementPush {
    /// The placement.
    pub placement_id: String,
    /// `timedOut`, `failed`, `cancelled` or `ended`.
    pub outcome: Outcome,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the game server gave as results, if the session ended and it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Value>,
}

/// The one thing that a player is in or waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Seat {
    /// What it is.
    pub kind: SeatKind,
    /// Its id.
    pub id: String,
    /// The `requestId` of the request that took the seat, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What a seat can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SeatKind {
    /// A placement that has not ended.
    Placement,
    /// A ticket in a pool.
    Ticket,
    /// A match that is not over.
    Match,
    /// A kind that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

impl SeatKind {
    /// The word for it, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placement => "placement",
            Self::Ticket => "ticket",
            Self::Match => "match",
            Self::Unknown => "seat",
        }
    }
}
