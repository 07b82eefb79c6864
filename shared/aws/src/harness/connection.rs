//! The harness of a connection's life: `$connect` and `$disconnect`.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use tracing::Instrument;

use super::{Config, ConfigError, Fault, Metrics, Player, run};

/// A socket that is about to open, or has closed.
#[derive(Clone, Debug)]
pub struct ConnectionEvent {
    /// Whose socket it is.
    pub player: Player,
    /// When it was asked for, in epoch milliseconds.
    pub connected_at: u64,
    /// Why it was closed, where it was and the gateway knows.
    pub disconnect_reason: Option<String>,
}

/// Runs the handler of `$connect` or `$disconnect`.
///
/// A fault fails the invocation: at `$connect` the handshake then fails, and the client tries again; a `$disconnect` that fails
/// leaves a row that the next push or its own expiry removes.
///
/// # Errors
/// If the function cannot start.
pub async fn connection<S, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    H: AsyncFn(&S, ConnectionEvent) -> Result<(), Fault>,
{
    run(state, async |state: &S, event: LambdaEvent<ApiGatewayWebsocketProxyRequest>, _: &Metrics| {
        let context = event.payload.request_context;
        let player = Player::of(&context)?;
        let span = tracing::info_span!("connection", cause = player.cause, connectionId = player.connection_id, playerId = player.id);
        let connected_at = u64::try_from(context.connected_at).unwrap_or_default();
        let event = ConnectionEvent { player, connected_at, disconnect_reason: context.disconnect_reason };
        handler(state, event).instrument(span).await?;
        Ok::<Value, Fault>(json!({"statusCode": 200}))
    })
    .await
}
