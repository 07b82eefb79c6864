//! Amazon GameLift Servers: asking for placements, stopping and describing them.
//!
//! What GameLift refuses for good is an answer; what may succeed at another time (throttling, its own failures, no connection) is a fault,
//! which the caller's source retries.

use std::collections::BTreeMap;

use aws_sdk_gamelift::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{DesiredPlayerSession, GameProperty, GameSessionPlacement, GameSessionPlacementState, PlayerLatency},
};
use aws_smithy_types::{DateTime, retry::RetryConfig};
use muster_game::{Mode, placement::Described};
use muster_protocol::Outcome;
use serde::Serialize;

use crate::{Config, ConfigError, End, Fault, PlacementRow, game_sessions::GameSession, sdk};

/// GameLift.
#[derive(Debug)]
pub struct GameLift {
    client: Client,
    /// The queues by the variable that names them.
    queues: BTreeMap<&'static str, String>,
}

/// What came of asking for a placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// GameLift looks for a server.
    Accepted,
    /// GameLift found something wrong with the request: it may be that it knows the placement already.
    Invalid(String),
    /// It cannot be had, for this reason.
    Refused(String),
}

/// What came of asking to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It is stopped.
    Stopped,
    /// GameLift does not know it, or it is past stopping.
    Refused,
}

/// What a server is told of the game that it is started for, as its game session data.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GameSessionData<'a> {
    mode: &'a str,
    players: &'a [String],
    placement_id: &'a str,
}

impl GameLift {
    /// Reads the variables that the modes name. One that is empty has no queue.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let sdk = sdk::sdk_config(config, config.endpoint("GAMELIFT"), RetryConfig::standard())?;
        let variables = muster_game::MODES.iter().filter_map(|mode| Some(mode.as_hosted()?.queue));
        let queues = variables.filter_map(|variable| Some((variable, config.optional(variable)?.to_owned()))).collect();
        Ok(Self { client: Client::new(&sdk), queues })
    }

    /// Asks for a placement of this mode.
    ///
    /// # Errors
    /// A [`Fault`] if GameLift may accept it at another time.
    pub async fn start(&self, row: &PlacementRow, mode: &Mode) -> Result<Started, Fault> {
        let Some((hosted, queue)) = mode.as_hosted().and_then(|hosted| Some((hosted, self.queues.get(hosted.queue)?))) else {
            return Ok(Started::Refused(format!("the mode {} has no queue", mode.name)));
        };
        let seats = row.players.len().max(usize::from(hosted.seats));
        let properties = hosted.properties.iter().map(|(key, value)| GameProperty::builder().key(*key).value(*value).build());
        let players = row.players.iter().map(|player| DesiredPlayerSession::builder().player_id(player).build());
        let latencies = row.latencies.iter().flat_map(|(player, regions)| {
            regions.iter().map(move |(region, milliseconds)| {
                let latency = PlayerLatency::builder().player_id(player).region_identifier(region);
                #[expect(clippy::cast_precision_loss, reason = "a latency is at most ten seconds")]
                latency.latency_in_milliseconds(*milliseconds as f32).build()
            })
        });
        let latencies: Vec<_> = latencies.collect();
        let start = self
            .client
            .start_game_session_placement()
            .placement_id(&row.placement_id)
            .game_session_queue_name(queue)
            .maximum_player_session_count(i32::try_from(seats).unwrap_or(i32::MAX))
            .set_game_properties(Some(properties.collect()))
            .set_desired_player_sessions(Some(players.collect()))
            .set_player_latencies((!latencies.is_empty()).then_some(latencies))
            .game_session_data(game_session_data(row, mode)?);
        match start.send().await {
            Ok(_) => Ok(Started::Accepted),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_invalid_request_exception() => Ok(Started::Invalid(message(&error))),
                Some(refusal)
                    if refusal.is_not_found_exception()
                        || refusal.is_unauthorized_exception()
                        || refusal.is_unsupported_region_exception()
                        || refusal.code() == Some("AccessDeniedException") =>
                {
                    Ok(Started::Refused(message(&error)))
                }
                _ => Err(Fault::new("asking GameLift for a placement", error)),
            },
        }
    }

    /// Stops a placement that is pending.
    ///
    /// # Errors
    /// A [`Fault`] if GameLift may do it at another time.
    pub async fn stop(&self, placement_id: &str) -> Result<Stopped, Fault> {
        match self.client.stop_game_session_placement().placement_id(placement_id).send().await {
            Ok(_) => Ok(Stopped::Stopped),
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_invalid_request_exception() || refusal.is_not_found_exception() => Ok(Stopped::Refused),
                _ => Err(Fault::new("asking GameLift to stop a placement", error)),
            },
        }
    }

    /// What GameLift says of a placement, and, if it has ended there, how. It is not meant for polling: see [`End`] for what is.
    ///
    /// # Errors
    /// A [`Fault`] if GameLift does not answer.
    pub async fn describe(&self, row: &PlacementRow) -> Result<(Described, Option<End>), Fault> {
        let described = match self.client.describe_game_session_placement().placement_id(&row.placement_id).send().await {
            Ok(answer) => answer.game_session_placement,
            Err(error) => match error.as_service_error() {
                Some(refusal) if refusal.is_not_found_exception() || refusal.is_invalid_request_exception() => None,
                _ => return Err(Fault::new("asking GameLift about a placement", error)),
            },
        };
        let Some(placement) = described else { return Ok((Described::Unknown, None)) };
        if !self.is_ours(row, &placement)? {
            return Ok((Described::Foreign, None));
        }
        let end = match placement.status() {
            Some(GameSessionPlacementState::Fulfilled) => fulfilled(&placement)?,
            Some(GameSessionPlacementState::Cancelled) => End::usual(Outcome::Cancelled),
            Some(GameSessionPlacementState::TimedOut) => End::usual(Outcome::TimedOut),
            Some(GameSessionPlacementState::Failed) => End::usual(Outcome::Failed),
            // Pending, or a state of a later version.
            _ => return Ok((Described::Pending { since: placement.start_time().map_or(0, milliseconds) }, None)),
        };
        Ok((Described::Ended(end.outcome), Some(end)))
    }

    /// Whether GameLift's placement of this id is the one that the row asks for. Its game session data names the players.
    fn is_ours(&self, row: &PlacementRow, placement: &GameSessionPlacement) -> Result<bool, Fault> {
        let Some(mode) = row.mode.as_deref().and_then(muster_game::mode) else { return Ok(false) };
        let queue = mode.as_hosted().and_then(|hosted| self.queues.get(hosted.queue)).map(String::as_str);
        Ok(placement.game_session_queue_name() == queue && placement.game_session_data() == Some(game_session_data(row, mode)?.as_str()))
    }
}

fn game_session_data(row: &PlacementRow, mode: &Mode) -> Result<String, Fault> {
    let data = GameSessionData { mode: mode.name, players: &row.players, placement_id: &row.placement_id };
    serde_json::to_string(&data).map_err(|error| Fault::new("writing the game session data as JSON", error))
}

fn fulfilled(placement: &GameSessionPlacement) -> Result<End, Fault> {
    let missing = |name: &str| Fault::because(format!("GameLift describes a fulfilled placement without {name}"));
    let session = GameSession {
        game_session_arn: placement.game_session_arn().ok_or_else(|| missing("GameSessionArn"))?.to_owned(),
        ip: placement.ip_address().ok_or_else(|| missing("IpAddress"))?.to_owned(),
        dns: placement.dns_name().map(str::to_owned),
        port: placement.port().and_then(|port| u16::try_from(port).ok()).ok_or_else(|| missing("Port"))?,
        region: placement.game_session_region().map(str::to_owned),
    };
    let placed = placement.placed_player_sessions().iter();
    let placed = placed.filter_map(|placed| Some((placed.player_id()?.to_owned(), placed.player_session_id()?.to_owned())));
    Ok(End::fulfilled(session, placed.collect()))
}

fn milliseconds(time: &DateTime) -> u64 {
    time.to_millis().ok().and_then(|time| u64::try_from(time).ok()).unwrap_or_default()
}

/// GameLift's own words, with the name of its error.
fn message<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    format!("{}: {}", error.code().unwrap_or("an error"), error.message().unwrap_or("no message"))
}
