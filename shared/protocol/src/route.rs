//! The routes a client may name: the map of the API.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Rejection;

/// Every route. A route has a variant here, a file in `routes/`, a function of the same name and a place in `template.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// The server's time; keeps a waiting socket alive.
    Ping,
    /// A message to players, into their inbox and down their sockets.
    SendMessage,
    /// What the player missed while it was away.
    Resume,
    /// A place on a game server.
    SessionPlacementRequest,
    /// No place on a game server after all.
    CancelPlacement,
    /// A place in the pool of those who want to be matched.
    JoinPool,
    /// No place in the pool after all.
    LeavePool,
    /// A private match, or the next one after a match that is over.
    NewMatch,
    /// Into a match, or back to it.
    JoinMatch,
    /// The beginning of a match that waits, before all its seats are taken.
    StartMatch,
    /// Out of a match.
    LeaveMatch,
    /// An action in a match.
    Play,
}

impl Route {
    /// All routes, in the order of the template.
    pub const ALL: [Self; 12] = [
        Self::Ping,
        Self::SendMessage,
        Self::Resume,
        Self::SessionPlacementRequest,
        Self::CancelPlacement,
        Self::JoinPool,
        Self::LeavePool,
        Self::NewMatch,
        Self::JoinMatch,
        Self::StartMatch,
        Self::LeaveMatch,
        Self::Play,
    ];

    /// The name on the wire, such as `sendMessage`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::SendMessage => "sendMessage",
            Self::Resume => "resume",
            Self::SessionPlacementRequest => "sessionPlacementRequest",
            Self::CancelPlacement => "cancelPlacement",
            Self::JoinPool => "joinPool",
            Self::LeavePool => "leavePool",
            Self::NewMatch => "newMatch",
            Self::JoinMatch => "joinMatch",
            Self::StartMatch => "startMatch",
            Self::LeaveMatch => "leaveMatch",
            Self::Play => "play",
        }
    }
}

/// The body of a request: which route takes it, what it is answered with, and what is checked before anything is done.
pub trait Request: Serialize + DeserializeOwned {
    /// The route that takes this body.
    const ROUTE: Route;

    /// The body of the reply.
    type Reply: Serialize + DeserializeOwned;

    /// Checks the limits that types cannot express.
    ///
    /// # Errors
    /// A [`Rejection`] that names the field and its limit.
    fn check(&self) -> Result<(), Rejection>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_serialised_by_its_name() {
        for route in Route::ALL {
            assert_eq!(serde_json::to_value(route).unwrap(), route.name());
        }
    }
}
