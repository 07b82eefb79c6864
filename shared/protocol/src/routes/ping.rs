//! `ping`: the server's time, and whether client and server understand each other.

use serde::{Deserialize, Serialize};

use crate::{Code, Rejection, Request, Route, limits};

/// Asks for the server's time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ping {
    /// The version of the protocol that the client speaks. One that is too old is refused as `outdated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u32>,
}

/// The server's time, by which a client can show countdowns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// Epoch milliseconds.
    pub time: u64,
    /// The version of the protocol that is spoken here.
    pub protocol: u32,
}

impl Request for Ping {
    const ROUTE: Route = Route::Ping;
    type Reply = Pong;

    fn check(&self) -> Result<(), Rejection> {
        let oldest = limits::OLDEST_PROTOCOL;
        match self.protocol {
            Some(spoken) if spoken < oldest => {
                Err(Rejection::new(Code::Outdated, format!("body.protocol: at least {oldest}, not {spoken}; a newer client is needed")))
            }
            _ => Ok(()),
        }
    }
}
