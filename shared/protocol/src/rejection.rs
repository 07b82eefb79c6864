//! Rejections: coded answers that tell a player what it did wrong. They are replies, not failures of ours.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::MatchPush;

/// What kind of mistake a rejection answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The frame is not a JSON object with a `route`.
    BadFrame,
    /// No such route.
    UnknownRoute,
    /// A field is missing, of the wrong type or beyond its limit.
    BadRequest,
    /// The token with which this socket was opened has expired: connect again with a new one.
    TokenExpired,
    /// The player is in something already, or waits for it: the message says in what.
    Seated,
    /// There is no such thing, or it is not the player's.
    NotFound,
    /// This deployment does not offer what was asked for.
    Unavailable,
    /// Nothing new begins for a while; what runs ends as usual.
    Maintenance,
    /// Every seat of the match is taken, and none by this player.
    MatchFull,
    /// The match has not begun: it waits for players.
    MatchNotBegun,
    /// The match has begun, and its game takes nobody in any more.
    MatchBegun,
    /// The match is over.
    MatchOver,
    /// Only the host of a match may start it.
    NotHost,
    /// It is not this player's turn.
    NotYourTurn,
    /// The match is no longer as the `version` that came with the action: the rejection holds it as it is.
    Stale,
    /// Too much is going on around what was asked for: nothing was done, and it may be sent again.
    Busy,
    /// The client speaks a version of the protocol that is not spoken here any more.
    Outdated,
    /// A fault of ours. The request may or may not have happened; it may be sent again.
    Internal,
    /// A code of a game's own, such as `taken`, or of a later version.
    #[serde(untagged)]
    Other(String),
}

impl Code {
    /// The code of this name: one of those above, or else a game's own.
    #[must_use]
    pub fn named(name: &str) -> Self {
        serde_json::from_value(name.into()).unwrap_or_else(|_| Self::Other(name.to_owned()))
    }
}

/// A coded refusal, whose message names the field and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of mistake it is, for programs.
    pub code: Code,
    /// What is wrong, for people.
    pub message: String,
    /// The match that was meant, where there is one.
    pub match_id: Option<String>,
    /// That match as it is, where what was asked for is `stale`.
    pub in_match: Option<Box<MatchPush>>,
}

impl Rejection {
    /// A rejection with this code and message.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), match_id: None, in_match: None }
    }

    /// The same rejection, of something in this match.
    #[must_use]
    pub fn in_match(self, match_id: &str) -> Self {
        Self { match_id: Some(match_id.to_owned()), ..self }
    }

    /// The rejection of `field`, such as `body.playerIds`, saying what is wrong with it.
    #[must_use]
    pub fn field(field: &str, problem: impl fmt::Display) -> Self {
        Self::new(Code::BadRequest, format!("{field}: {problem}"))
    }

    /// What a player is told of a fault: that it was ours. The details are in the logs.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "something went wrong on our side; the request may be sent again")
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Rejection {}
