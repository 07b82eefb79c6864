//! Announcements: how another service reaches players.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Event, is_plain};
use crate::{
    limits,
    reading::{self, Complaint},
};

/// `{"playerIds":["alice"],"type":"reward","body":{"coins":5}}`, published on the announcements topic. Each player gets it as a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// 1 to 1,000 players; one that is named twice gets it once.
    pub player_ids: Vec<String>,
    /// What kind of announcement it is: 1 to 64 characters, for the client to tell them apart.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = limits::ANNOUNCEMENT_TYPE_CHARACTERS)))]
    pub kind: String,
    /// Text, or any JSON, of up to 16,384 bytes.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub body: Box<RawValue>,
}

impl Event for Announcement {
    fn read(text: &str) -> Result<Self, Complaint> {
        reading::event(text)
    }
}

impl Announcement {
    /// The players, each once.
    #[must_use]
    pub fn recipients(&self) -> BTreeSet<&str> {
        self.player_ids.iter().map(String::as_str).collect()
    }

    /// The text of the message: what the body says if it is text, else its JSON, byte for byte.
    #[must_use]
    pub fn text(&self) -> String {
        reading::read(self.body.get()).unwrap_or_else(|_| self.body.get().to_owned())
    }

    /// Checks the limits that types cannot express.
    ///
    /// # Errors
    /// What is wrong, naming the field and its limit.
    pub fn check(&self) -> Result<(), String> {
        let (recipients, most) = (self.recipients(), limits::ANNOUNCEMENT_RECIPIENTS);
        if recipients.is_empty() || recipients.len() > most {
            return Err(format!("playerIds: 1 to {most} players, not {}", recipients.len()));
        }
        if recipients.iter().any(|player| !is_plain(player, limits::PLAYER_ID_CHARACTERS)) {
            return Err(format!("playerIds: each has 1 to {} characters, none a control character", limits::PLAYER_ID_CHARACTERS));
        }
        if !is_plain(&self.kind, limits::ANNOUNCEMENT_TYPE_CHARACTERS) {
            return Err(format!("type: 1 to {} characters, none a control character", limits::ANNOUNCEMENT_TYPE_CHARACTERS));
        }
        let bytes = self.text().len();
        if bytes > limits::ANNOUNCEMENT_BYTES {
            return Err(format!("body: at most {} bytes, not {bytes}", limits::ANNOUNCEMENT_BYTES));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Announcement {
        Announcement::read(&value.to_string()).unwrap()
    }

    #[test]
    fn a_body_is_text_or_any_json() {
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t", "body": "hi"})).text(), "hi");
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t", "body": {"coins": 5}})).text(), r#"{"coins":5}"#);
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t"})).text(), "null");
    }

    #[test]
    fn a_body_keeps_its_bytes_whatever_else_is_odd() {
        let body = r#"{ "z":123456789012345678901234567890, "a":1.0e0,"n":null,"s":"\ud800","big":1e999 , "":"" }"#;
        let announcement =
            Announcement::read(&format!("\u{feff}{{\"type\":\"t\",\"body\":{body},\"playerIds\":[\"a\"],\"\\ud800\":1e999}}")).unwrap();
        assert_eq!(announcement.text(), body);
        assert_eq!(Announcement::read(r#"{"playerIds":["a"],"type":"t","body":"\ud83d!"}"#).unwrap().text(), "\u{fffd}!");
        assert_eq!(Announcement::read(r#"{"playerIds":["a"],"type":"t","body":""}"#).unwrap().text(), "");
    }

    #[test]
    fn a_complaint_names_the_field() {
        for (text, complaint) in [
            (r#"{"playerIds":["a",5],"type":"t"}"#, "playerIds[1]: invalid type: integer `5`, expected a string"),
            (r#"{"playerIds":null,"type":"t"}"#, "missing field `playerIds`"),
            ("[]", "invalid type: sequence, expected struct Announcement"),
            ("hello", "not JSON: expected value"),
        ] {
            assert_eq!(Announcement::read(text).unwrap_err().to_string(), complaint);
        }
    }

    #[test]
    fn limits_are_named() {
        let players: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
        for (wrong, problem) in [
            (json!({"playerIds": [], "type": "t", "body": 1}), "playerIds: 1 to 1000 players, not 0"),
            (json!({"playerIds": players, "type": "t", "body": 1}), "playerIds: 1 to 1000 players, not 1001"),
            (json!({"playerIds": ["a\n"], "type": "t", "body": 1}), "playerIds: each has 1 to 128 characters, none a control character"),
            (json!({"playerIds": ["a"], "type": "", "body": 1}), "type: 1 to 64 characters, none a control character"),
            (json!({"playerIds": ["a"], "type": "t", "body": "x".repeat(16_385)}), "body: at most 16384 bytes, not 16385"),
        ] {
            assert_eq!(read(wrong).check().unwrap_err(), problem);
        }
        assert_eq!(read(json!({"playerIds": ["a", "a"], "type": "t", "body": "x".repeat(16_384)})).check(), Ok(()));
    }
}
