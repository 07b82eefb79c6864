//! The harness of a connection's life: `$connect` and `$disconnect`.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};
use tokio::time::timeout_at;
use tracing::Instrument;

use super::{Config, ConfigError, Fault, Metrics, Player, player::time, run, work_deadline};

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
        let deadline = work_deadline(event.context.deadline);
        let context = event.payload.request_context;
        let player = Player::of(&context)?;
        let span = tracing::info_span!("connection", cause = player.cause, connectionId = player.connection_id, playerId = player.id);
        let cause = player.cause.clone();
        let connected_at = time("connectedAt", context.connected_at)?;
        let event = ConnectionEvent { player, connected_at, disconnect_reason: context.disconnect_reason };
        let handled = timeout_at(deadline, handler(state, event).instrument(span)).await;
        handled.unwrap_or_else(|late| Err(Fault::new("working in time", late))).map_err(|fault| fault.of_request(cause))?;
        Ok::<Value, Fault>(json!({"statusCode": 200}))
    })
    .await
}
