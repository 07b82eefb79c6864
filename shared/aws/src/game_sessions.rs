//! Game sessions: what GameLift, or a game server, says of where a game is played.

use std::collections::BTreeMap;

use muster_protocol::events::PlacementFulfilled;
use serde::{Deserialize, Serialize};

/// Where a game is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GameSession {
    /// Which game session it is.
    pub game_session_arn: String,
    /// The server's address.
    pub ip: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns: Option<String>,
    /// Its port.
    pub port: u16,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl GameSession {
    /// The game session of an event, and the player sessions in it, by player.
    #[must_use]
    pub fn of_event(event: PlacementFulfilled) -> (Self, BTreeMap<String, String>) {
        let placed = event.placed_player_sessions.into_iter().map(|placed| (placed.player_id, placed.player_session_id)).collect();
        let session = Self {
            game_session_arn: event.game_session_arn,
            ip: event.ip_address,
            dns: event.dns_name,
            port: event.port,
            region: event.game_session_region,
        };
        (session, placed)
    }
}
