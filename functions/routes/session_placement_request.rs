//! `sessionPlacementRequest`: a place on a game server for the calling player.
//!
//! - Trigger: a client's frame.
//! - Writes: the placement's row and the player's seat, in one transaction. Reads nothing, but now and then whether there is
//!   maintenance, and pushes nothing: the row's stream event makes placements_forward ask GameLift, and whoever ends the placement writes
//!   the row that is pushed (player_sessions_announce).
//! - Safe to repeat: the same event gives the placement the same id. The same requestId, while its placement is open, gets the same reply,
//!   by the seat for which the transaction is refused.

use std::{collections::BTreeMap, time::Duration};

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, PlacementRequest, Placements, Seats,
    harness::{self, Call},
    operations::Operations,
    placement_id,
};
use muster_game::{DEFAULT_HOSTED_MODE, MODES, Mode};
use muster_protocol::{
    Code, Rejection,
    routes::{PlacementRequested, SessionPlacementRequest},
};

struct State {
    placements: Placements,
    seats: Seats,
    operations: Operations,
    /// The modes that have a queue in this deployment.
    offered: Vec<&'static Mode>,
    /// How long an end is waited for before the timer looks.
    patience: Duration,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, session_placement_request).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            placements: Placements::from_config(config)?,
            seats: Seats::from_config(config)?,
            operations: Operations::from_config(config)?,
            offered: config.offered_modes().filter(|mode| mode.as_hosted().is_some()).collect(),
            patience: config.placement_patience()?,
        })
    }

    fn mode(&self, name: &str) -> Result<&'static Mode, Rejection> {
        if let Some(mode) = self.offered.iter().find(|mode| mode.name == name) {
            return Ok(mode);
        }
        let hosted = |mode: &&Mode| mode.as_hosted().is_some();
        if muster_game::mode(name).filter(hosted).is_some() {
            return Err(Rejection::new(Code::Unavailable, format!("body.mode: {name} has no game servers here")));
        }
        let names: Vec<&str> = MODES.iter().filter(hosted).map(|mode| mode.name).collect();
        Err(Rejection::field("body.mode", format_args!("one of {}", names.join(", "))))
    }
}

async fn session_placement_request(state: &State, call: Call<SessionPlacementRequest>) -> Result<PlacementRequested, Failure> {
    let mode = state.mode(call.body.mode.as_deref().unwrap_or(DEFAULT_HOSTED_MODE))?;
    let patience = u64::try_from(state.patience.as_millis()).unwrap_or(u64::MAX);
    let latencies = call.body.latencies.into_iter().map(|latency| (latency.region, latency.milliseconds));
    let request = PlacementRequest {
        placement_id: &placement_id(call.received_at, &call.player.id, &call.player.cause).to_string(),
        player_id: &call.player.id,
        request_id: call.request_id.as_deref(),
        mode: mode.name,
        lane: mode.lane,
        latencies: latencies.collect::<BTreeMap<_, _>>(),
        due_at: call.received_at.saturating_add(patience),
        received_at: call.received_at,
        cause: &call.player.cause,
    };
    state.operations.check_open().await?;
    let placement_id = state.placements.request(&state.seats, request).await?;

    tracing::info!(placementId = placement_id, mode = mode.name, "requested");
    Ok(PlacementRequested { placement_id })
}
