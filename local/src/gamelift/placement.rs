//! One placement: what was asked for, and how it ended.

use serde_json::{Map, Value, json};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::{
    config::QueueConfig,
    fleet::Behaviour,
    request::{PlayerLatency, StartRequest},
};
use crate::account::REGION;

/// Where game servers listen, on this machine.
pub(super) const IP_ADDRESS: &str = "127.0.0.1";
pub(super) const DNS_NAME: &str = "localhost";

/// A placement and what is left to do for it.
pub(super) struct Placement {
    pub(super) request: StartRequest,
    pub(super) behaviour: Behaviour,
    /// Epoch milliseconds.
    pub(super) start_time: u64,
    /// How it ended and when, in epoch milliseconds. Without one it is `PENDING`.
    pub(super) end: Option<(Ending, u64)>,
    /// What brings about its end, so that `StopGameSessionPlacement` can be before it.
    pub(super) task: Option<AbortHandle>,
}

/// How a placement ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Fulfilled(GameSession),
    Cancelled,
    TimedOut,
    Failed,
}

/// A game session that a placement has brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GameSession {
    pub(super) arn: String,
    pub(super) region: String,
    pub(super) port: u16,
    pub(super) players: Vec<PlacedPlayer>,
}

/// A player and the place that is kept for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlacedPlayer {
    pub(super) player_id: String,
    pub(super) player_session_id: String,
}

impl GameSession {
    /// The game session of a placement, whose port is not known yet. As on AWS, its ARN ends with the placement's id.
    pub(super) fn new(request: &StartRequest, queue: &QueueConfig) -> GameSession {
        let player =
            |player_id: &str| PlacedPlayer { player_id: player_id.to_owned(), player_session_id: format!("psess-{}", Uuid::new_v4()) };
        GameSession {
            arn: format!("arn:aws:gamelift:{REGION}::gamesession/fleet-local/{}", request.placement_id),
            region: queue.region.clone(),
            port: 0,
            players: request.desired_player_sessions.iter().flatten().map(|desired| player(&desired.player_id)).collect(),
        }
    }
}

impl Ending {
    fn status(&self) -> &'static str {
        match self {
            Ending::Fulfilled(_) => "FULFILLED",
            Ending::Cancelled => "CANCELLED",
            Ending::TimedOut => "TIMED_OUT",
            Ending::Failed => "FAILED",
        }
    }
}

impl Placement {
    pub(super) fn status(&self) -> &'static str {
        self.end.as_ref().map_or("PENDING", |(ending, _)| ending.status())
    }

    /// Whether it ends by itself, and has not yet.
    pub(super) fn is_under_way(&self) -> bool {
        self.end.is_none() && self.task.is_some()
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let request = &self.request;
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let data = length(&request.game_session_data) + length(&request.game_session_name);
        let properties =
            request.game_properties.iter().flatten().map(|property| property.key.len() + property.value.len() + 100).sum::<usize>();
        let players = request.desired_player_sessions.iter().flatten().map(|desired| 2 * desired.player_id.len() + 100).sum::<usize>();
        let latencies = request.player_latencies.iter().flatten().map(PlayerLatency::size).sum::<usize>();
        data + properties + players + latencies + 1_000
    }

    /// The answer `{"GameSessionPlacement": {…}}` of all three operations; times are epoch seconds.
    pub(super) fn answer(&self) -> Value {
        let mut members = match serde_json::to_value(&self.request) {
            Ok(Value::Object(members)) => members,
            // A struct of texts and numbers is always an object.
            _ => Map::new(),
        };
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("Status", self.status().into());
        add("StartTime", seconds(self.start_time));
        if let Some((ending, time)) = &self.end {
            add("EndTime", seconds(*time));
            if let Ending::Fulfilled(session) = ending {
                let player = |player: &PlacedPlayer| json!({"PlayerId": player.player_id, "PlayerSessionId": player.player_session_id});
                add("GameSessionId", session.arn.clone().into());
                add("GameSessionArn", session.arn.clone().into());
                add("GameSessionRegion", session.region.clone().into());
                add("IpAddress", IP_ADDRESS.into());
                add("DnsName", DNS_NAME.into());
                add("Port", session.port.into());
                add("PlacedPlayerSessions", session.players.iter().map(player).collect());
            }
        }
        json!({"GameSessionPlacement": members})
    }
}

fn seconds(milliseconds: u64) -> Value {
    json!(milliseconds as f64 / 1_000.0)
}
