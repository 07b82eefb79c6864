//! `$connect`: a player opens a socket.
//!
//! - Trigger: the gateway, after the authorizer has allowed the upgrade and while it is still pending.
//! - Writes: the connection's row in players. Reads and pushes nothing.
//! - Safe to repeat: the row is keyed by player and connection and always the same. A player may have any number of devices.

use lambda_runtime::Error;
use muster_aws::{
    Connection, Connections, Fault,
    harness::{self, ConnectionEvent},
};

/// API Gateway closes every socket after two hours.
const LIFETIME_SECONDS: u64 = 2 * 60 * 60;

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::connection(Connections::from_config, connect).await
}

async fn connect(connections: &Connections, event: ConnectionEvent) -> Result<(), Fault> {
    let player = event.player;
    let expires_at = player.expires_at.min(event.connected_at / 1_000 + LIFETIME_SECONDS);
    connections.put(&Connection::new(&player.id, &player.connection_id, event.connected_at, expires_at, &player.cause)).await?;
    tracing::info!("connected");
    Ok(())
}
