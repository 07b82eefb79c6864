//! `cancelPlacement`: the calling player no longer wants the game server that it asked for.

use serde::{Deserialize, Serialize};

use crate::{Outcome, Rejection, Request, Route, limits};

/// Which placement to cancel: one that the caller is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CancelPlacement {
    /// The id that `sessionPlacementRequest` answered with, or `resume` in the player's seat.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = limits::PLACEMENT_ID_CHARACTERS)))]
    pub placement_id: String,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacementCancelled {
    /// The placement.
    pub placement_id: String,
    /// How it had ended before. If absent, it is being cancelled: a `placement` push says so when it is done, or a `session` push that a
    /// server was found in the last moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why it ended like that, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request for CancelPlacement {
    const ROUTE: Route = Route::CancelPlacement;
    type Reply = PlacementCancelled;

    fn check(&self) -> Result<(), Rejection> {
        if limits::is_placement_id(&self.placement_id) {
            return Ok(());
        }
        let problem = format_args!("1 to {} letters, digits and hyphens", limits::PLACEMENT_ID_CHARACTERS);
        Err(Rejection::field("body.placementId", problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_placements_id_is_refused() {
        let check = |id: &str| CancelPlacement { placement_id: id.into() }.check();
        assert_eq!(check(&"a-0".repeat(16)), Ok(()));
        for id in ["", "a b", &"x".repeat(49), "arn:aws:gamelift:us-east-1::gamesession/x"] {
            assert_eq!(check(id).unwrap_err().message, "body.placementId: 1 to 48 letters, digits and hyphens");
        }
    }
}
