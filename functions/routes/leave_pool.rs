//! `leavePool`: the calling player no longer wants to be matched.
//!
//! - Trigger: a client's frame.
//! - Reads: the player's seat, which names its ticket. Writes: deletes both, in one transaction. Pushes nothing.
//! - Safe to repeat: a player who waits no more is told so. One who has been matched in the same moment is in a match, and is told of it.

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Failure, Seats, Tickets,
    harness::{self, Call},
};
use muster_protocol::routes::{LeavePool, PoolLeft};

struct State {
    tickets: Tickets,
    seats: Seats,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(State::from_config, leave_pool).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { tickets: Tickets::from_config(config)?, seats: Seats::from_config(config)? })
    }
}

async fn leave_pool(state: &State, call: Call<LeavePool>) -> Result<PoolLeft, Failure> {
    let ticket_id = state.tickets.leave(&state.seats, &call.player.id).await?;

    tracing::info!(ticketId = ticket_id, "left the pool");
    Ok(PoolLeft { ticket_id })
}
