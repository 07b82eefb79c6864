//! `joinPool`: the calling player wants to be matched with somebody.

use serde::{Deserialize, Serialize};

use super::session_placement_request::check_latencies;
use crate::{Latency, Rejection, Request, Route, limits};

/// What the player wants to play, and what decides with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JoinPool {
    /// The name of a mode.
    pub mode: String,
    /// 0 to 5,000; without it, the middle of the scale. Players are matched with others of about the same skill first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(max = limits::SKILL)))]
    pub skill: Option<u16>,
    /// At most 20 regions, each once. Without any, the player's distance does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = limits::LATENCIES)))]
    pub latencies: Vec<Latency>,
}

/// The player waits: a `match`, `session`, `placement` or `pool` push ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolJoined {
    /// The id of its ticket, a UUIDv7.
    pub ticket_id: String,
}

impl Request for JoinPool {
    const ROUTE: Route = Route::JoinPool;
    type Reply = PoolJoined;

    fn check(&self) -> Result<(), Rejection> {
        if let Some(skill) = self.skill.filter(|skill| *skill > limits::SKILL) {
            return Err(Rejection::field("body.skill", format_args!("at most {}, not {skill}", limits::SKILL)));
        }
        check_latencies(&self.latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_have_a_scale() {
        let skilled = |skill| JoinPool { mode: "rpsls".into(), skill, latencies: Vec::new() }.check();
        assert_eq!((skilled(None), skilled(Some(5_000))), (Ok(()), Ok(())));
        assert_eq!(skilled(Some(5_001)).unwrap_err().message, "body.skill: at most 5000, not 5001");
    }
}
