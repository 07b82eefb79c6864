//! `$disconnect`: a socket has closed.
//!
//! - Trigger: the gateway, after the close, as a best effort: it may come late, or never.
//! - Writes: deletes the connection's row in players. Reads and pushes nothing.
//! - Safe to repeat: it deletes exactly its own row, so coming after the same player has connected again it harms nobody.

use lambda_runtime::Error;
use muster_aws::{
    Connections, Fault,
    harness::{self, ConnectionEvent},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::connection(Connections::from_config, disconnect).await
}

async fn disconnect(connections: &Connections, event: ConnectionEvent) -> Result<(), Fault> {
    connections.delete(&event.player.id, &event.player.connection_id).await?;
    tracing::info!(reason = event.disconnect_reason, "disconnected");
    Ok(())
}
