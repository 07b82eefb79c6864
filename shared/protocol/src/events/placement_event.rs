//! Events of placements and game sessions, in the shape in which GameLift publishes them.
//! <https://docs.aws.amazon.com/gameliftservers/latest/developerguide/queue-events.html>

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, value::RawValue};

use super::{Event, is_plain};
use crate::{
    limits,
    reading::{self, Complaint},
};

/// The envelope. Only what Muster needs of it; GameLift's has `id`, `time`, `region` and more.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlacementEvent {
    /// What happened.
    pub detail: PlacementDetail,
}

/// What happened, told apart by `type`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum PlacementDetail {
    /// There is a game session.
    PlacementFulfilled(PlacementFulfilled),
    /// The placement was stopped.
    PlacementCancelled {
        /// The placement.
        placement_id: String,
    },
    /// There was no room on any server in the queue's time.
    PlacementTimedOut {
        /// The placement.
        placement_id: String,
    },
    /// GameLift could not do it.
    PlacementFailed {
        /// The placement.
        placement_id: String,
    },
    /// Published by a game server when its game session is over.
    SessionEnded {
        /// The game session.
        game_session_arn: String,
        /// Anything that its players should be told, up to 4,096 bytes of JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<Value>"))]
        results: Option<Box<RawValue>>,
    },
}

/// A game session, and who has a place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacementFulfilled {
    /// The placement: 1 to 48 letters, digits and hyphens.
    pub placement_id: String,
    /// The game session.
    pub game_session_arn: String,
    /// The server's address.
    pub ip_address: String,
    /// Its name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_name: Option<String>,
    /// Its port. GameLift's events have it as text, its API as a number: both are read.
    #[serde(deserialize_with = "port")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "port_schema"))]
    pub port: u16,
    /// Where the server is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_session_region: Option<String>,
    /// The players: up to 200, and one that is named twice counts once.
    #[serde(default)]
    pub placed_player_sessions: Vec<PlacedPlayer>,
}

/// A player's own place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlacedPlayer {
    /// The player.
    pub player_id: String,
    /// What it shows the server.
    pub player_session_id: String,
}

impl Event for PlacementEvent {
    fn read(text: &str) -> Result<Self, Complaint> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow)]
            detail: &'a RawValue,
        }
        let Envelope { detail } = reading::event(text)?;
        let detail = PlacementDetail::read(detail.get()).map_err(|complaint| complaint.within("detail"))?;
        Ok(Self { detail })
    }
}

impl PlacementDetail {
    /// Reads the type first, and then only what belongs to it: a reader that is derived for all types at once would gather all members, and
    /// results would lose their bytes.
    fn read(text: &str) -> Result<Self, Complaint> {
        #[derive(Deserialize)]
        enum Type {
            PlacementFulfilled,
            PlacementCancelled,
            PlacementTimedOut,
            PlacementFailed,
            SessionEnded,
        }
        #[derive(Deserialize)]
        struct Typed {
            #[serde(rename = "type")]
            kind: Type,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Unfulfilled {
            placement_id: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Ended {
            game_session_arn: String,
            results: Option<Box<RawValue>>,
        }
        let Typed { kind } = reading::event(text)?;
        let placement_id = || reading::event(text).map(|Unfulfilled { placement_id }| placement_id);
        Ok(match kind {
            Type::PlacementFulfilled => Self::PlacementFulfilled(reading::event(text)?),
            Type::PlacementCancelled => Self::PlacementCancelled { placement_id: placement_id()? },
            Type::PlacementTimedOut => Self::PlacementTimedOut { placement_id: placement_id()? },
            Type::PlacementFailed => Self::PlacementFailed { placement_id: placement_id()? },
            Type::SessionEnded => {
                let Ended { game_session_arn, results } = reading::event(text)?;
                Self::SessionEnded { game_session_arn, results }
            }
        })
    }

    /// Checks the limits that types cannot express.
    ///
    /// # Errors
    /// What is wrong, naming the field and its limit.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::PlacementFulfilled(fulfilled) => fulfilled.check(),
            Self::PlacementCancelled { placement_id }
            | Self::PlacementTimedOut { placement_id }
            | Self::PlacementFailed { placement_id } => check_placement_id(placement_id),
            Self::SessionEnded { game_session_arn, results } => {
                check_text("gameSessionArn", game_session_arn, limits::GAME_SESSION_ARN_CHARACTERS)?;
                let bytes = results.as_ref().map_or(0, |results| results.get().len());
                if bytes > limits::RESULTS_BYTES {
                    return Err(format!("results: at most {} bytes of JSON, not {bytes}", limits::RESULTS_BYTES));
                }
                Ok(())
            }
        }
    }
}

impl PlacementFulfilled {
    fn check(&self) -> Result<(), String> {
        check_placement_id(&self.placement_id)?;
        check_text("gameSessionArn", &self.game_session_arn, limits::GAME_SESSION_ARN_CHARACTERS)?;
        check_text("ipAddress", &self.ip_address, limits::ADDRESS_CHARACTERS)?;
        for (name, text) in [("dnsName", &self.dns_name), ("gameSessionRegion", &self.game_session_region)] {
            text.as_ref().map_or(Ok(()), |text| check_text(name, text, limits::ADDRESS_CHARACTERS))?;
        }
        let players: BTreeSet<&str> = self.placed_player_sessions.iter().map(|placed| placed.player_id.as_str()).collect();
        let (players, most) = (players.len(), limits::PLACED_PLAYERS);
        if players > most {
            return Err(format!("placedPlayerSessions: at most {most}, not {players}"));
        }
        for PlacedPlayer { player_id, player_session_id } in &self.placed_player_sessions {
            check_text("placedPlayerSessions.playerId", player_id, limits::PLAYER_ID_CHARACTERS)?;
            check_text("placedPlayerSessions.playerSessionId", player_session_id, limits::ADDRESS_CHARACTERS)?;
        }
        Ok(())
    }
}

fn check_placement_id(id: &str) -> Result<(), String> {
    if limits::is_placement_id(id) {
        return Ok(());
    }
    Err(format!("placementId: 1 to {} letters, digits and hyphens", limits::PLACEMENT_ID_CHARACTERS))
}

fn check_text(name: &str, text: &str, most: usize) -> Result<(), String> {
    if is_plain(text, most) { Ok(()) } else { Err(format!("{name}: 1 to {most} characters, none a control character")) }
}

/// The placement that a game session's ARN names with its last part, as GameLift's do.
#[must_use]
pub fn placement_of_session(game_session_arn: &str) -> Option<&str> {
    game_session_arn.rsplit_once('/').map(|(_, id)| id).filter(|id| limits::is_placement_id(id))
}

fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0).ok_or_else(|| D::Error::custom("1 to 65535"))
}

/// What [`port`] reads, which the type of the field does not tell.
#[cfg(feature = "schema")]
fn port_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"oneOf": [{"type": "string", "pattern": "^[0-9]{1,5}$"}, {"type": "integer", "minimum": 1, "maximum": 65_535}]})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// GameLift's own example.
    const FULFILLED: &str = r#"{"version":"0","id":"93111702-4e98-8e1c-07d4-740ee173c4c0","detail-type":"GameLift Queue Placement Event",
        "source":"aws.gamelift","account":"123456789012","time":"2021-10-06T09:50:55Z","region":"eu-west-1",
        "resources":["arn:aws:gamelift:eu-west-1:123456789012:gamesessionqueue/default"],
        "detail":{"placementId":"1941b6ae-dd29-4605-b0df-8c5ac8d37663","port":"1337",
        "gameSessionArn":"arn:aws:gamelift:eu-west-1::gamesession/fleet-938edf52/1941b6ae-dd29-4605-b0df-8c5ac8d37663",
        "ipAddress":"1.1.1.1","placedPlayerSessions":[{"playerId":"1","playerSessionId":"psess-3defcd9c"}],
        "customEventData":"text","dnsName":"ec2-1-1-1-1.eu-west-1.compute.amazonaws.com",
        "startTime":"2021-10-06T09:50:46.923Z","endTime":"2021-10-06T09:50:55.245Z","type":"PlacementFulfilled","gameSessionRegion":"eu-west-1"}}"#;

    fn detail(value: Value) -> Result<PlacementDetail, Complaint> {
        PlacementEvent::read(&json!({"detail": value}).to_string()).map(|event| event.detail)
    }

    #[test]
    fn gamelifts_own_example_is_understood() {
        let event = PlacementEvent::read(FULFILLED).unwrap();
        event.detail.check().unwrap();
        let PlacementDetail::PlacementFulfilled(fulfilled) = event.detail else { panic!() };
        assert_eq!((fulfilled.port, fulfilled.ip_address.as_str()), (1_337, "1.1.1.1"));
        assert_eq!(fulfilled.placed_player_sessions[0].player_session_id, "psess-3defcd9c");
        assert_eq!(placement_of_session(&fulfilled.game_session_arn), Some(fulfilled.placement_id.as_str()));
    }

    #[test]
    fn a_port_is_text_or_a_number() {
        let fulfilled = |port: Value| {
            detail(json!({"type": "PlacementFulfilled", "placementId": "p", "gameSessionArn": "a", "ipAddress": "1.1.1.1", "port": port}))
        };
        for right in [json!("1337"), json!(1337), json!(1337.0)] {
            assert!(fulfilled(right).is_ok());
        }
        for wrong in [json!("0"), json!(65_536), json!("x"), json!(""), json!(-1), json!(1.5), json!([])] {
            assert_eq!(fulfilled(wrong).unwrap_err().to_string(), "detail.port: 1 to 65535");
        }
        assert_eq!(fulfilled(json!(null)).unwrap_err().to_string(), "detail: missing field `port`");
    }

    #[test]
    fn what_is_beyond_a_limit_is_named() {
        let players: Vec<Value> = (0..201).map(|n| json!({"playerId": n.to_string(), "playerSessionId": "s"})).collect();
        let fulfilled = json!({"type": "PlacementFulfilled", "placementId": "p", "gameSessionArn": "a", "ipAddress": "i", "port": 1,
            "placedPlayerSessions": players});
        for (wrong, problem) in [
            (fulfilled, "placedPlayerSessions: at most 200, not 201"),
            (json!({"type": "PlacementFailed", "placementId": "a b"}), "placementId: 1 to 48 letters, digits and hyphens"),
            (json!({"type": "SessionEnded", "gameSessionArn": ""}), "gameSessionArn: 1 to 512 characters, none a control character"),
            (
                json!({"type": "SessionEnded", "gameSessionArn": "a", "results": "x".repeat(4_095)}),
                "results: at most 4096 bytes of JSON, not 4097",
            ),
        ] {
            assert_eq!(detail(wrong).unwrap().check().unwrap_err(), problem);
        }
    }

    #[test]
    fn what_is_empty_is_absent() {
        for empty in [json!(""), json!(null)] {
            let event = json!({"type": "PlacementFulfilled", "placementId": "p", "gameSessionArn": "a", "ipAddress": "i", "port": 1,
                "dnsName": empty, "gameSessionRegion": empty, "placedPlayerSessions": null, "customEventData": empty});
            let PlacementDetail::PlacementFulfilled(fulfilled) = detail(event).unwrap() else { panic!() };
            assert_eq!((fulfilled.dns_name, fulfilled.game_session_region, fulfilled.placed_player_sessions), (None, None, Vec::new()));
            let ended = detail(json!({"type": "SessionEnded", "gameSessionArn": "a", "results": empty})).unwrap();
            assert!(matches!(ended, PlacementDetail::SessionEnded { results: None, .. }));
        }
    }

    #[test]
    fn results_keep_their_bytes() {
        let results = r#"{ "z":123456789012345678901234567890, "a":1.0,"n":null,"s":"\ud800","big":1e999 }"#;
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        let text =
            format!("\u{feff} {{\"more\":{deep},\"detail\":{{\"results\":{results},\"gameSessionArn\":\"a\",\"type\":\"SessionEnded\"}}}}");
        let PlacementDetail::SessionEnded { results: read, .. } = PlacementEvent::read(&text).unwrap().detail else { panic!() };
        assert_eq!(read.unwrap().get(), results);
    }

    #[test]
    fn a_complaint_names_the_field() {
        for (text, complaint) in [
            (r#"{"detail":{"type":"PlacementFailed"}}"#, "detail: missing field `placementId`"),
            (
                r#"{"detail":{"type":"PlacementFailed","placementId":7}}"#,
                "detail.placementId: invalid type: integer `7`, expected a string",
            ),
            (r#"{"detail":{"placementId":"p"}}"#, "detail: missing field `type`"),
            (r#"{"detail":"PlacementFailed"}"#, "detail: invalid type: string \"PlacementFailed\", expected struct Typed"),
            (r#"{"detail":null}"#, "missing field `detail`"),
        ] {
            assert_eq!(PlacementEvent::read(text).unwrap_err().to_string(), complaint);
        }
        let postponed = detail(json!({"type": "PlacementPostponed"})).unwrap_err().to_string();
        assert!(postponed.starts_with("detail.type: unknown variant `PlacementPostponed`, expected one of"), "{postponed}");
    }

    #[test]
    fn a_player_who_is_named_twice_counts_once() {
        let players: Vec<Value> = (0..400).map(|n| json!({"playerId": (n / 2).to_string(), "playerSessionId": "s"})).collect();
        let fulfilled = json!({"type": "PlacementFulfilled", "placementId": "p", "gameSessionArn": "a", "ipAddress": "i", "port": 1,
            "placedPlayerSessions": players});
        assert_eq!(detail(fulfilled).unwrap().check(), Ok(()));
    }

    proptest! {
        #[test]
        fn an_event_survives_the_wire(id in "[a-zA-Z0-9-]{1,48}", port in 1..=u16::MAX, players in prop::collection::vec("[a-z]{1,9}", 0..9)) {
            let placed = players.into_iter().map(|player_id| PlacedPlayer { player_session_id: format!("psess-{player_id}"), player_id });
            let fulfilled = PlacementFulfilled {
                game_session_arn: format!("arn:aws:gamelift:r::gamesession/f/{id}"), placement_id: id, ip_address: "1.1.1.1".into(),
                dns_name: None, port, game_session_region: None, placed_player_sessions: placed.collect(),
            };
            let event = PlacementEvent { detail: PlacementDetail::PlacementFulfilled(fulfilled) };
            prop_assert_eq!(event.detail.check(), Ok(()));
            let written = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::to_string(&PlacementEvent::read(&written).unwrap()).unwrap(), written);
        }
    }
}
