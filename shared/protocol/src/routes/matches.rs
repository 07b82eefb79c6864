//! `newMatch`, `joinMatch`, `startMatch`, `leaveMatch` and `play`: a match, of which each player is pushed its own view.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{MatchPush, Rejection, Request, Route, limits};

/// Opens a match, which others join by its id; or the next one after a match that is over, the same for all who were in that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewMatch {
    /// The name of a mode that is played here. Not together with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The game's own options, where they are to differ from the mode's. Not together with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    pub options: Option<Box<RawValue>>,
    /// How many seats the computer takes. Not together with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bots: Option<usize>,
    /// A match that is over and that the player was in: its mode, options and bots are taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Comes into a match, or back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JoinMatch {
    /// Six letters and digits, in either case, or the id of a match that the player is in.
    pub match_id: String,
}

/// Begins a match before all its seats are taken. Its host may, once there are as many players as the game needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StartMatch {
    /// The match.
    pub match_id: String,
}

/// Gives a match up. What that means for the others is the game's to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeaveMatch {
    /// The match.
    pub match_id: String,
}

/// An action in a match. It counts once for each `requestId`, however often it is sent, and its push names that in `ack`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Play {
    /// The match.
    pub match_id: String,
    /// The action, as the game has it.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub action: Box<RawValue>,
    /// The `version` that the player saw. If there is a newer one, the action is refused as `stale` instead of being taken for that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// What can be the id of a match: a code, or a UUID.
fn check_match_id(field: &str, id: &str) -> Result<(), Rejection> {
    if (1..=limits::MATCH_ID_CHARACTERS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(());
    }
    let problem = format_args!("1 to {} letters, digits and hyphens", limits::MATCH_ID_CHARACTERS);
    Err(Rejection::field(field, problem))
}

/// The id of a match as its row has it: a code is read out and typed, so its case does not matter; an id has lower-case letters only.
#[must_use]
pub fn match_id_of(typed: &str) -> String {
    if typed.contains('-') { typed.to_ascii_lowercase() } else { typed.to_ascii_uppercase() }
}

impl Request for NewMatch {
    const ROUTE: Route = Route::NewMatch;
    type Reply = MatchPush;

    fn check(&self) -> Result<(), Rejection> {
        if let Some(after) = &self.after {
            let beside = [("mode", self.mode.is_some()), ("options", self.options.is_some()), ("bots", self.bots.is_some())];
            return match beside.into_iter().find(|(_, given)| *given) {
                Some((field, _)) => Err(Rejection::field(&format!("body.{field}"), "not together with body.after")),
                None => check_match_id("body.after", after),
            };
        }
        if self.mode.is_none() {
            return Err(Rejection::field("body.mode", "the name of a mode, unless there is body.after"));
        }
        match &self.options {
            Some(options) if options.get().len() > limits::OPTIONS_BYTES => {
                Err(Rejection::field("body.options", format_args!("at most {} bytes", limits::OPTIONS_BYTES)))
            }
            Some(options) if !options.get().starts_with('{') => Err(Rejection::field("body.options", "must be an object")),
            _ => Ok(()),
        }
    }
}

macro_rules! of_one_match {
    ($($body:ident),+) => {$(
        impl Request for $body {
            const ROUTE: Route = Route::$body;
            type Reply = MatchPush;

            fn check(&self) -> Result<(), Rejection> {
                check_match_id("body.matchId", &self.match_id)
            }
        }
    )+};
}

of_one_match!(JoinMatch, StartMatch, LeaveMatch);

impl Request for Play {
    const ROUTE: Route = Route::Play;
    type Reply = MatchPush;

    fn check(&self) -> Result<(), Rejection> {
        check_match_id("body.matchId", &self.match_id)?;
        if self.action.get().len() > limits::ACTION_BYTES {
            return Err(Rejection::field("body.action", format_args!("at most {} bytes", limits::ACTION_BYTES)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn ids_and_actions_have_limits() {
        let play = |id: &str, action: &str| Play { match_id: id.into(), action: raw(action), version: None }.check();
        assert_eq!(play("K7QX2M", r#""paper""#), Ok(()));
        assert_eq!(play("0192f0c1-0000-7abc-8def-0123456789ab", "null"), Ok(()));
        assert_eq!(play("K7 QX2", "1").unwrap_err().message, "body.matchId: 1 to 36 letters, digits and hyphens");
        let long = format!("\"{}\"", "x".repeat(limits::ACTION_BYTES));
        assert_eq!(play("K7QX2M", &long).unwrap_err().message, "body.action: at most 16384 bytes");
    }

    #[test]
    fn a_match_is_opened_by_its_mode_or_after_another() {
        let mode = Some("rps".to_owned());
        assert_eq!(NewMatch { mode: mode.clone(), options: Some(raw("{}")), bots: Some(1), after: None }.check(), Ok(()));
        assert_eq!(NewMatch { after: Some("K7QX2M".into()), ..NewMatch::default() }.check(), Ok(()));
        assert!(NewMatch::default().check().unwrap_err().message.starts_with("body.mode: "));
        assert!(
            NewMatch { mode, after: Some("K7QX2M".into()), ..NewMatch::default() }.check().unwrap_err().message.starts_with("body.mode: ")
        );
    }

    #[test]
    fn a_code_may_be_typed_in_either_case() {
        assert_eq!(match_id_of("k7qx2m"), "K7QX2M");
        assert_eq!(match_id_of("0192F0C1-0000-7abc-8def-0123456789ab"), "0192f0c1-0000-7abc-8def-0123456789ab");
    }
}
