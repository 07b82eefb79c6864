//! What players are told of pools and matches.

use serde::{Deserialize, Serialize};

/// Where a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MatchState {
    /// It has one player.
    Waiting,
    /// A round is open.
    Playing,
    /// It is over.
    Over,
    /// A state that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// One of the two, as a player sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Who {
    /// The player who is told.
    You,
    /// The other one.
    Them,
}

/// How a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MatchEnding {
    /// Somebody has won enough rounds, or more than the other by the last one.
    Won,
    /// By the last round, both have won the same.
    Drawn,
    /// One has left.
    Forfeited,
    /// Nobody played any more, or nobody came.
    Abandoned,
    /// An ending that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// A match as one of its players sees it. Of two with the same `matchId`, the one with the higher `version` counts. Nothing in it tells what
/// is played in the open round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MatchPush {
    /// The match. That of a private one is its code.
    pub match_id: String,
    /// The mode that is played.
    pub mode: String,
    /// Grows with every change that players are told of.
    pub version: u64,
    /// Where it is.
    pub state: MatchState,
    /// The other player, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opponent_id: Option<String>,
    /// The open round, from 1 on, or the last.
    pub round: u32,
    /// Until when a play counts in it, in epoch milliseconds by the server's clock, which `ping` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<u64>,
    /// Rounds that the player has won.
    pub your_score: u32,
    /// Rounds that the other has won.
    pub their_score: u32,
    /// Who has won the match, if it is over and somebody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<Who>,
    /// How it ended, if it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<MatchEnding>,
    /// What the player played in the round before the open one, or in the last; nothing, if it was late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub your_play: Option<String>,
    /// What the other played in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub their_play: Option<String>,
    /// Who won that round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_winner: Option<Who>,
    /// That round in words, such as "paper covers rock".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_summary: Option<String>,
}

/// A ticket came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolPush {
    /// The ticket.
    pub ticket_id: String,
    /// Why.
    pub outcome: PoolOutcome,
}

/// Why a ticket came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PoolOutcome {
    /// There was nobody to be matched with in time.
    TimedOut,
    /// The player was away for too long.
    Away,
    /// An outcome that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}
