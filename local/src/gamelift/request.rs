//! A request for a placement, and what GameLift checks of it.
//!
//! The members are those that the functions send; all others are refused by name. Lengths and patterns are those of the API reference
//! (docs.aws.amazon.com/gamelift/latest/apireference/API_StartGameSessionPlacement.html); lengths are counted in characters.

use serde::{Deserialize, Serialize};

use super::api::Refusal;

/// Players in one game session at most. (docs.aws.amazon.com/general/latest/gr/gamelift.html, on quotas.)
const MOST_PLAYERS: usize = 200;

/// The request of `StartGameSessionPlacement`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct StartRequest {
    pub(super) placement_id: String,
    /// The name; in the request it may be the ARN.
    pub(super) game_session_queue_name: String,
    pub(super) maximum_player_session_count: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) game_properties: Vec<GameProperty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) game_session_data: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    player_latencies: Vec<PlayerLatency>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) desired_player_sessions: Vec<DesiredPlayerSession>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct GameProperty {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PlayerLatency {
    player_id: String,
    region_identifier: String,
    /// Single precision, as SDKs read it.
    latency_in_milliseconds: f32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DesiredPlayerSession {
    pub(super) player_id: String,
}

/// The request of `StopGameSessionPlacement` and `DescribeGameSessionPlacement`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfPlacement {
    pub(super) placement_id: String,
}

/// The request of `DescribeGameSessionQueues`, which describes them all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfQueues {}

impl StartRequest {
    /// # Errors
    /// `InvalidRequestException` with what is wrong, but for what concerns the queue and other placements.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let is = |least: usize, text: &str, most: usize| (least..=most).contains(&text.chars().count());
        let is_id = is(1, &self.placement_id, 48) && self.placement_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let is_property = |property: &GameProperty| is(0, &property.key, 32) && is(0, &property.value, 96);
        let is_latency = |latency: &PlayerLatency| {
            let milliseconds = latency.latency_in_milliseconds;
            is(1, &latency.player_id, 1_024) && is(1, &latency.region_identifier, 1_024) && milliseconds.is_finite() && milliseconds >= 0.0
        };
        let players = &self.desired_player_sessions;
        let rules = [
            (is_id, "placementId", "satisfy regular expression pattern: [a-zA-Z0-9-]{1,48}"),
            (self.maximum_player_session_count <= MOST_PLAYERS, "maximumPlayerSessionCount", "be less than or equal to 200"),
            (self.game_properties.len() <= 16, "gameProperties", "have at most 16 members"),
            (self.game_properties.iter().all(is_property), "gameProperties", "have keys of up to 32 characters and values of up to 96"),
            (self.game_session_data.iter().all(|data| is(1, data, 262_144)), "gameSessionData", "have 1 to 262144 characters"),
            (self.player_latencies.iter().all(is_latency), "playerLatencies", "have ids of 1 to 1024 characters and latencies from 0 on"),
            (players.iter().all(|player| is(1, &player.player_id, 1_024)), "desiredPlayerSessions", "have ids of 1 to 1024 characters"),
            (players.len() <= self.maximum_player_session_count, "desiredPlayerSessions", "not be more than maximumPlayerSessionCount"),
        ];
        let broken = rules.iter().find(|(holds, ..)| !holds);
        broken.map_or(Ok(()), |(_, member, rule)| {
            Err(Refusal("InvalidRequestException", format!("'{member}' failed to satisfy constraint: Member must {rule}")))
        })
    }
}
