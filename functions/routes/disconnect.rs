//! `$disconnect`: a socket has closed.
//!
//! - Trigger: the gateway, after the close, as a best effort: it may come late, or never.
//! - Writes: deletes the connection's row in players. If it was the player's last one, reads the player's seats, and writes in the matches
//!   that they are in that the player is away. Pushes nothing: the matches' stream events tell the others.
//! - Safe to repeat: it deletes exactly its own row, so coming after the same player has connected again it harms nobody; and whoever is
//!   heard of again is back.

use futures_util::future::try_join_all;
use lambda_runtime::Error;
use muster_aws::{
    Asking, Config, ConfigError, Connections, Failure, Fault, Matches, Read, Seats,
    harness::{self, ConnectionEvent, Player},
};
use muster_game::Wish;
use muster_protocol::SeatKind;

struct State {
    connections: Connections,
    seats: Seats,
    matches: Matches,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::connection(State::from_config, disconnect).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            connections: Connections::from_config(config)?,
            seats: Seats::from_config(config)?,
            matches: Matches::from_config(config)?,
        })
    }

    async fn is_connected(&self, player_id: &str) -> Result<bool, Fault> {
        let connections = self.connections.of_player(player_id, Read::Consistent).await?;
        Ok(connections.iter().any(|connection| !connection.is_expired()))
    }

    /// Notes in the matches of a player whether it is away, and answers whether there are any.
    async fn note(&self, player: &Player, wish: Wish<'_>) -> Result<bool, Fault> {
        let seats = self.seats.of_player(&player.id).await?;
        let matches = seats.iter().filter(|seat| seat.kind == SeatKind::Match);
        let asking = Asking { player_id: &player.id, request_id: None, cause: &player.cause };
        let noted = matches.map(async |seat| match self.matches.wish(&seat.holds, wish, asking, Read::Consistent).await {
            Ok(_) | Err(Failure::Rejection(_)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        });
        try_join_all(noted).await.map(|noted| !noted.is_empty())
    }
}

async fn disconnect(state: &State, event: ConnectionEvent) -> Result<(), Fault> {
    let player = event.player;
    state.connections.delete(&player.id, &player.connection_id).await?;
    let is_last = !state.is_connected(&player.id).await?;
    if is_last {
        let is_noted = state.note(&player, Wish::GoAway(&player.id)).await?;
        // It may have connected again meanwhile, and been heard of before it was noted to be away.
        if is_noted && state.is_connected(&player.id).await? {
            state.note(&player, Wish::Return(&player.id)).await?;
        }
    }
    tracing::info!(reason = event.disconnect_reason, last = is_last, "disconnected");
    Ok(())
}
