//! `leavePool`: the calling player no longer wants to be matched.

use serde::{Deserialize, Serialize};

use crate::{Rejection, Request, Route};

/// It has no fields: a player waits in one pool at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeavePool {}

/// The player waits no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolLeft {
    /// The id of the ticket that it had.
    pub ticket_id: String,
}

impl Request for LeavePool {
    const ROUTE: Route = Route::LeavePool;
    type Reply = PoolLeft;

    fn check(&self) -> Result<(), Rejection> {
        Ok(())
    }
}
