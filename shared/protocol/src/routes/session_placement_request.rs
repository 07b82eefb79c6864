//! `sessionPlacementRequest`: a place on a game server for the calling player.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Latency, Rejection, Request, Route, limits};

/// What the player wants to play, and how far it is from where servers are. Who is placed is the caller, and with which queue, seats and
/// properties is the server's business: groups come from matches and trusted services, never from a client's word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionPlacementRequest {
    /// The name of a hosted mode; without one, the default mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// At most 20 regions, each once. Without any, the player's distance does not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = limits::LATENCIES)))]
    pub latencies: Vec<Latency>,
}

/// The placement is under way: a `session` or `placement` push with this id ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacementRequested {
    /// Its id, a UUIDv7.
    pub placement_id: String,
}

impl Request for SessionPlacementRequest {
    const ROUTE: Route = Route::SessionPlacementRequest;
    type Reply = PlacementRequested;

    fn check(&self) -> Result<(), Rejection> {
        check_latencies(&self.latencies)
    }
}

/// Checks `body.latencies` of a request.
pub(super) fn check_latencies(latencies: &[Latency]) -> Result<(), Rejection> {
    if latencies.len() > limits::LATENCIES {
        let (most, given) = (limits::LATENCIES, latencies.len());
        return Err(Rejection::field("body.latencies", format_args!("at most {most} regions, not {given}")));
    }
    let mut seen = BTreeSet::new();
    for (index, Latency { region, milliseconds }) in latencies.iter().enumerate() {
        let field = |name: &str| format!("body.latencies[{index}].{name}");
        let in_form = (1..=limits::REGION_CHARACTERS).contains(&region.len())
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !in_form {
            let problem = format_args!("1 to {} letters, digits and hyphens", limits::REGION_CHARACTERS);
            return Err(Rejection::field(&field("region"), problem));
        }
        if !seen.insert(region) {
            return Err(Rejection::field(&field("region"), format_args!("{region} is named twice")));
        }
        if *milliseconds > limits::LATENCY_MILLISECONDS {
            let problem = format_args!("at most {}, not {milliseconds}", limits::LATENCY_MILLISECONDS);
            return Err(Rejection::field(&field("milliseconds"), problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(latencies: impl IntoIterator<Item = (String, u32)>) -> Option<String> {
        let latencies = latencies.into_iter().map(|(region, milliseconds)| Latency { region, milliseconds }).collect();
        SessionPlacementRequest { mode: None, latencies }.check().err().map(|rejection| rejection.message)
    }

    #[test]
    fn limits_are_inclusive_and_named() {
        let regions = |count: usize| (0..count).map(|n| (format!("region-{n}"), 10_000));
        assert_eq!(problem(regions(20)), None);
        assert_eq!(problem(regions(21)).unwrap(), "body.latencies: at most 20 regions, not 21");
        assert_eq!(problem([("r".into(), 10_001)]).unwrap(), "body.latencies[0].milliseconds: at most 10000, not 10001");
        assert_eq!(problem([("r".into(), 1), ("r".into(), 2)]).unwrap(), "body.latencies[1].region: r is named twice");
        for region in ["", "eu central", &"r".repeat(65)] {
            assert_eq!(problem([(region.into(), 1)]).unwrap(), "body.latencies[0].region: 1 to 64 letters, digits and hyphens");
        }
    }
}
