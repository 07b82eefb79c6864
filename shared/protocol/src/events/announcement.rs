//! Announcements: how another service reaches players.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_plain;
use crate::limits;

/// `{"playerIds":["alice"],"type":"reward","body":{"coins":5}}`, published on the announcements topic. Each player gets it as a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub body: Value,
}

impl Announcement {
    /// The players, each once.
    #[must_use]
    pub fn recipients(&self) -> BTreeSet<&str> {
        self.player_ids.iter().map(String::as_str).collect()
    }

    /// The text of the message: the body as it is if it is text, else as JSON.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
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
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Announcement {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_body_is_text_or_any_json() {
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t", "body": "hi"})).text(), "hi");
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t", "body": {"coins": 5}})).text(), r#"{"coins":5}"#);
        assert_eq!(read(json!({"playerIds": ["a"], "type": "t"})).text(), "null");
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
