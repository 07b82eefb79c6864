//! `joinPool`: the calling player wants to be matched with somebody.
//!
//! - Trigger: a client's frame.
//! - Writes: the ticket's row and the player's seat, in one transaction. Reads nothing, but now and then whether there is
//!   maintenance, and pushes nothing: the row's stream event makes tickets_match look at the pool.
//! - Safe to repeat: the same event gives the ticket the same id. The same requestId, while its ticket waits, gets the same reply.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, GRACE_SECONDS, Seats, TicketRow, Tickets,
    harness::{self, Call},
    operations::Operations,
    pool_for, ticket_id,
};
use muster_game::{MODES, Mode, matchmaking::DEFAULT_WINDOWS};
use muster_protocol::{
    Code, Rejection, limits,
    routes::{JoinPool, PoolJoined},
};

struct State {
    tickets: Tickets,
    seats: Seats,
    operations: Operations,
    /// The modes that have a pool, and what they need, in this deployment.
    offered: Vec<&'static Mode>,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, join_pool).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            tickets: Tickets::from_config(config)?,
            seats: Seats::from_config(config)?,
            operations: Operations::from_config(config)?,
            offered: config.offered_modes().filter(|mode| mode.pool.is_some()).collect(),
        })
    }
}

async fn join_pool(state: &State, call: Call<JoinPool>) -> Result<PoolJoined, Failure> {
    let JoinPool { mode, skill, latencies } = call.body;
    if !state.offered.iter().any(|offered| offered.name == mode) {
        let pooled: Vec<&str> = MODES.iter().filter(|mode| mode.pool.is_some()).map(|mode| mode.name).collect();
        if pooled.contains(&mode.as_str()) {
            return Err(Rejection::new(Code::Unavailable, format!("body.mode: {mode} has no game servers here")).into());
        }
        return Err(Rejection::field("body.mode", format_args!("one of {}", pooled.join(", "))).into());
    }
    let skill = skill.unwrap_or(limits::SKILL / 2);
    let row = TicketRow {
        pool: pool_for(&mode, skill),
        ticket_id: ticket_id(call.received_at, &call.player.id, &call.player.cause).to_string(),
        mode,
        players: vec![call.player.id],
        skill,
        latencies: latencies.into_iter().map(|latency| (latency.region, latency.milliseconds)).collect(),
        queued_at: call.received_at,
        absent_since: None,
        outcome: None,
        expires_at: DEFAULT_WINDOWS.times_out_at(call.received_at) / 1_000 + GRACE_SECONDS,
        cause: call.player.cause,
    };
    state.operations.check_open().await?;
    let ticket_id = state.tickets.join(&state.seats, &row, call.request_id).await?;

    tracing::info!(ticketId = ticket_id, pool = row.pool, "joined");
    Ok(PoolJoined { ticket_id })
}
