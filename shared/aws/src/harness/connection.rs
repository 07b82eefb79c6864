//! The harness of a connection's life: `$connect` and `$disconnect`.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::HeaderMap;
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
        let protocol = subprotocol(&event.payload.multi_value_headers);
        let context = event.payload.request_context;
        let player = Player::of(&context)?;
        let span = tracing::info_span!("connection", cause = player.cause, connectionId = player.connection_id, playerId = player.id);
        let cause = player.cause.clone();
        let connected_at = time("connectedAt", context.connected_at)?;
        let event = ConnectionEvent { player, connected_at, disconnect_reason: context.disconnect_reason };
        let handled = timeout_at(deadline, handler(state, event).instrument(span)).await;
        handled.unwrap_or_else(|late| Err(Fault::new("working in time", late))).map_err(|fault| fault.of_request(cause))?;
        let headers = protocol.map(|protocol| json!({"Sec-WebSocket-Protocol": protocol})).unwrap_or(json!({}));
        Ok::<Value, Fault>(json!({"statusCode": 200, "headers": headers}))
    })
    .await
}

/// The name by which this protocol is offered to clients that have to name one.
const SUBPROTOCOL: &str = "muster";

/// What a client that offers subprotocols is answered with, since browsers fail a socket that gets none of those they offered back: ours,
/// or else the first.
fn subprotocol(headers: &HeaderMap) -> Option<String> {
    let offers = headers.get_all("sec-websocket-protocol").iter().filter_map(|value| value.to_str().ok());
    let offered: Vec<&str> = offers.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect();
    let ours = offered.iter().find(|name| **name == SUBPROTOCOL);
    ours.or(offered.first()).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_subprotocols_that_are_offered_is_answered_and_none_where_none_is() {
        let answered = |offers: &[&str]| {
            let header = |value: &&str| (http::header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
            subprotocol(&offers.iter().map(header).collect())
        };
        assert_eq!(answered(&["chat, muster"]).as_deref(), Some("muster"));
        assert_eq!(answered(&["chat , v2"]).as_deref(), Some("chat"));
        assert_eq!(answered(&[]), None);
        assert_eq!(answered(&[" , "]), None);
    }
}
