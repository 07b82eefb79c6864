//! Who is calling: what the authorizer put into the request context, never what a client says.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequestContext;
use muster_protocol::{Code, Rejection};
use serde_json::Value;

use crate::{Fault, clock};

/// The player at the other end of a socket, as its token said when the socket was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// The token's `sub`.
    pub id: String,
    /// When the token expires, in whole epoch seconds.
    pub expires_at: u64,
    /// The gateway's id of the socket.
    pub connection_id: String,
    /// The gateway's id of this request: the cause of every row that it leads to.
    pub cause: String,
}

impl Player {
    /// Reads the request context.
    ///
    /// # Errors
    /// A [`Fault`] if the gateway or the authorizer left something out: then nobody can be told who calls.
    pub(crate) fn of(context: &ApiGatewayWebsocketProxyRequestContext) -> Result<Self, Fault> {
        let missing = |name: &str| Fault::because(format!("the request context has no {name}"));
        let authorizer = &context.authorizer.fields;
        Ok(Self {
            id: authorizer.get("playerId").and_then(Value::as_str).ok_or_else(|| missing("authorizer.playerId"))?.to_owned(),
            expires_at: authorizer.get("expiresAt").and_then(whole_number).ok_or_else(|| missing("authorizer.expiresAt"))?,
            connection_id: context.connection_id.clone().ok_or_else(|| missing("connectionId"))?,
            cause: context.request_id.clone().ok_or_else(|| missing("requestId"))?,
        })
    }

    /// # Errors
    /// [`Code::TokenExpired`] once the token that opened the socket has expired.
    pub(crate) fn check_token(&self) -> Result<(), Rejection> {
        if self.expires_at <= clock::now_seconds() {
            return Err(Rejection::new(Code::TokenExpired, "the token of this connection has expired: connect again with a new one"));
        }
        Ok(())
    }
}

/// A time of the request context, in epoch milliseconds.
///
/// # Errors
/// A [`Fault`] if it is not there: 1970 would expire whatever depends on it.
pub(super) fn time(name: &str, value: i64) -> Result<u64, Fault> {
    u64::try_from(value).ok().filter(|time| *time > 0).ok_or_else(|| Fault::because(format!("the request context has no {name}")))
}

/// A number that API Gateway may have turned into a string on the way.
fn whole_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(authorizer: Value) -> ApiGatewayWebsocketProxyRequestContext {
        let context = json!({"connectionId": "c=", "requestId": "r=", "connectedAt": 1, "requestTimeEpoch": 2, "authorizer": authorizer});
        serde_json::from_value(context).unwrap()
    }

    #[test]
    fn the_player_is_whom_the_authorizer_names_whatever_the_type_of_its_numbers() {
        for expires_at in [json!(1_700_000_000), json!("1700000000")] {
            let authorizer = json!({"principalId": "alice", "playerId": "alice", "expiresAt": expires_at, "integrationLatency": 3});
            let player = Player::of(&context(authorizer)).unwrap();
            assert_eq!((player.id.as_str(), player.expires_at), ("alice", 1_700_000_000));
            assert_eq!(player.check_token().unwrap_err().code, Code::TokenExpired);
        }
    }

    #[test]
    fn a_context_without_a_player_is_a_fault() {
        let fault = Player::of(&context(json!({"principalId": "alice"}))).unwrap_err();
        assert_eq!(fault.to_string(), "the request context has no authorizer.playerId");
    }
}
