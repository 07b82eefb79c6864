//! Rejections: coded answers that tell a player what it did wrong. They are replies, not failures of ours.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of mistake a rejection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// The match has two players, and this is neither.
    MatchFull,
    /// The match has not begun: it waits for its second player.
    MatchNotBegun,
    /// The match is over.
    MatchOver,
    /// The play is for a round that is over.
    OldRound,
    /// The play is for a round that has not begun.
    FutureRound,
    /// The time of the round is up.
    LatePlay,
    /// The player has played in this round.
    RepeatedPlay,
    /// The game has no such play.
    UnknownPlay,
    /// A fault of ours. The request may or may not have happened; it may be sent again.
    Internal,
    /// A code that this version of the client does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// A coded refusal, whose message names the field and the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of mistake it is, for programs.
    pub code: Code,
    /// What is wrong, for people.
    pub message: String,
}

impl Rejection {
    /// A rejection with this code and message.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
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
