//! A request for a placement, and what GameLift checks of it.
//!
//! Lengths and patterns are those of the API reference
//! (docs.aws.amazon.com/gamelift/latest/apireference/API_StartGameSessionPlacement.html); lengths are counted in characters.

use std::fmt::Display;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::error::Refusal;

/// Players in one game session at most. (docs.aws.amazon.com/general/latest/gr/gamelift.html, on quotas.)
const MOST_PLAYERS: i64 = 200;

/// The members of `StartGameSessionPlacement`, of which all but the players are shown again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct StartRequest {
    pub(super) placement_id: String,
    pub(super) game_session_queue_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum_player_session_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) game_properties: Option<Vec<GameProperty>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) game_session_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) game_session_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) player_latencies: Option<Vec<PlayerLatency>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) priority_configuration_override: Option<PriorityConfigurationOverride>,
    #[serde(skip_serializing)]
    pub(super) desired_player_sessions: Option<Vec<DesiredPlayerSession>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GameProperty {
    pub(super) key: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PlayerLatency {
    player_id: String,
    region_identifier: String,
    /// Single precision, as SDKs read it.
    latency_in_milliseconds: f32,
}

impl PlayerLatency {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.player_id.len() + self.region_identifier.len() + 100
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PriorityConfigurationOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    placement_fallback_strategy: Option<String>,
    location_order: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DesiredPlayerSession {
    pub(super) player_id: String,
    player_data: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OfPlacement {
    placement_id: String,
}

fn parse<T: DeserializeOwned>(request: Value) -> Result<T, Refusal> {
    serde_json::from_value(request).map_err(|error| Refusal::serialization(format!("The request is not understood: {error}.")))
}

/// The placement that `StopGameSessionPlacement` and `DescribeGameSessionPlacement` are about.
pub(super) fn placement_id(request: Value) -> Result<String, Refusal> {
    let OfPlacement { placement_id } = parse(request)?;
    let mut check = Check::default();
    check.id(&placement_id);
    check.result().map(|()| placement_id)
}

/// A request that keeps to all rules but those that concern the queue and other placements.
pub(super) fn start(request: Value) -> Result<StartRequest, Refusal> {
    let mut request: StartRequest = parse(request)?;
    let mut check = Check::default();
    check.id(&request.placement_id);
    check.length("gameSessionQueueName", &request.game_session_queue_name, 1, 256);
    check.maximum(request.maximum_player_session_count);
    let properties = request.game_properties.as_deref().unwrap_or_default();
    check.count("gameProperties", properties.len(), 0, 16);
    for (place, property) in (1..).zip(properties) {
        check.length(format!("gameProperties.{place}.member.key"), &property.key, 0, 32);
        check.length(format!("gameProperties.{place}.member.value"), &property.value, 0, 96);
    }
    check.optional("gameSessionName", request.game_session_name.as_deref(), 1_024);
    check.optional("gameSessionData", request.game_session_data.as_deref(), 262_144);
    let players = request.desired_player_sessions.as_deref().unwrap_or_default();
    for (place, player) in (1..).zip(players) {
        check.length(format!("desiredPlayerSessions.{place}.member.playerId"), &player.player_id, 1, 1_024);
        check.optional(format!("desiredPlayerSessions.{place}.member.playerData"), player.player_data.as_deref(), 2_048);
    }
    for (place, latency) in (1..).zip(request.player_latencies.iter().flatten()) {
        check.latency(place, latency);
    }
    if let Some(priority) = &request.priority_configuration_override {
        check.priority(priority);
    }
    check.result()?;
    if players.len() as i64 > request.maximum_player_session_count.unwrap_or_default() {
        return Err(Refusal::invalid("There are more DesiredPlayerSessions than MaximumPlayerSessionCount allows."));
    }
    if request.player_latencies.as_ref().is_some_and(|latencies| !latencies.is_empty()) && request.priority_configuration_override.is_some()
    {
        return Err(Refusal::invalid("PlayerLatencies and PriorityConfigurationOverride cannot be in one request."));
    }
    // On AWS a game server asks for it by the id of a player session. Here it cannot, and nothing else shows it.
    for player in request.desired_player_sessions.iter_mut().flatten() {
        player.player_data = None;
    }
    Ok(request)
}

/// Everything that is wrong with a request, in the words in which AWS's services tell it.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn refuse(&mut self, value: impl Display, member: impl Display, rule: impl Display) {
        self.problems.push(format!("Value {value} at '{member}' failed to satisfy constraint: Member must {rule}"));
    }

    fn id(&mut self, id: &str) {
        self.length("placementId", id, 1, 48);
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            self.refuse(format_args!("'{id}'"), "placementId", "satisfy regular expression pattern: [a-zA-Z0-9-]+");
        }
    }

    fn length(&mut self, member: impl Display, text: &str, least: usize, most: usize) {
        // Counting is only needed where it can matter: no character has less than a byte.
        if text.len() < least {
            self.refuse("''", member, format_args!("have length greater than or equal to {least}"));
        } else if text.len() > most && text.chars().count() > most {
            // AWS repeats the value, which would be a quarter of a megabyte in the caller's log.
            let beginning: String = text.chars().take(50).collect();
            self.refuse(format_args!("'{beginning}…'"), member, format_args!("have length less than or equal to {most}"));
        }
    }

    fn optional(&mut self, member: impl Display, text: Option<&str>, most: usize) {
        if let Some(text) = text {
            self.length(member, text, 1, most);
        }
    }

    fn count(&mut self, member: &str, count: usize, least: usize, most: usize) {
        if count < least {
            self.refuse(format_args!("of {count} members"), member, format_args!("have length greater than or equal to {least}"));
        } else if count > most {
            self.refuse(format_args!("of {count} members"), member, format_args!("have length less than or equal to {most}"));
        }
    }

    fn maximum(&mut self, maximum: Option<i64>) {
        let member = "maximumPlayerSessionCount";
        match maximum {
            None => self.refuse("null", member, "not be null"),
            Some(count) if count < 0 => self.refuse(format_args!("'{count}'"), member, "have value greater than or equal to 0"),
            Some(count) if count > MOST_PLAYERS => {
                self.refuse(format_args!("'{count}'"), member, format_args!("have value less than or equal to {MOST_PLAYERS}"));
            }
            Some(_) => {}
        }
    }

    fn latency(&mut self, place: usize, latency: &PlayerLatency) {
        self.length(format!("playerLatencies.{place}.member.playerId"), &latency.player_id, 1, 1_024);
        self.length(format!("playerLatencies.{place}.member.regionIdentifier"), &latency.region_identifier, 1, 1_024);
        let milliseconds = latency.latency_in_milliseconds;
        if !milliseconds.is_finite() || milliseconds < 0.0 {
            let member = format!("playerLatencies.{place}.member.latencyInMilliseconds");
            self.refuse(format_args!("'{milliseconds}'"), member, "have value greater than or equal to 0");
        }
    }

    fn priority(&mut self, priority: &PriorityConfigurationOverride) {
        let member = "priorityConfigurationOverride";
        self.count(&format!("{member}.locationOrder"), priority.location_order.len(), 1, 10);
        for (place, location) in (1..).zip(&priority.location_order) {
            self.length(format!("{member}.locationOrder.{place}.member"), location, 1, 64);
        }
        let strategies = ["DEFAULT_AFTER_SINGLE_PASS", "NONE"];
        if let Some(other) = priority.placement_fallback_strategy.as_deref().filter(|strategy| !strategies.contains(strategy)) {
            let rule = format!("satisfy enum value set: [{}]", strategies.join(", "));
            self.refuse(format_args!("'{other}'"), format!("{member}.placementFallbackStrategy"), rule);
        }
    }

    fn result(self) -> Result<(), Refusal> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let (count, plural) = (self.problems.len(), if self.problems.len() == 1 { "" } else { "s" });
        Err(Refusal::invalid(format!("{count} validation error{plural} detected: {}", self.problems.join("; "))))
    }
}
