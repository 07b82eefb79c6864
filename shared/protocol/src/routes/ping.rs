//! `ping`: the server's time.

use serde::{Deserialize, Serialize};

use crate::{Rejection, Request, Route};

/// Asks for the server's time. It has no fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ping {}

/// The server's time, by which a client can show countdowns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// Epoch milliseconds.
    pub time: u64,
}

impl Request for Ping {
    const ROUTE: Route = Route::Ping;
    type Reply = Pong;

    fn check(&self) -> Result<(), Rejection> {
        Ok(())
    }
}
