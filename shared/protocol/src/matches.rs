//! What players are told of pools and matches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MatchState {
    /// It has not begun: it waits for players.
    Waiting,
    /// It has begun.
    Playing,
    /// It is over.
    Over,
    /// A state that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// How a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MatchEnding {
    /// By its rules, with one seat before all others.
    Won,
    /// By its rules, with several seats at the first place.
    Drawn,
    /// A player has left, and the rules end the match with that.
    Forfeited,
    /// Nobody played any more, nobody came, or it went on for too long.
    Abandoned,
    /// It could not go on because of a fault of ours. It does not count.
    Void,
    /// An ending that this version does not know.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Unknown,
}

/// What a match came to. Seats are counted from 0, in the order of `players`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MatchOutcome {
    /// How it ended.
    pub ending: MatchEnding,
    /// The place of each seat: 1 is the best, and those who are level share a place.
    pub places: Vec<usize>,
    /// The points of each seat, in a game that counts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<i64>,
    /// In words, such as "three in a row".
    pub words: String,
}

impl MatchOutcome {
    /// It ended by its rules, with the seats at these places.
    #[must_use]
    pub fn placed(places: Vec<usize>, words: impl Into<String>) -> Self {
        let first = places.iter().filter(|place| **place == 1).count();
        let ending = if first == 1 { MatchEnding::Won } else { MatchEnding::Drawn };
        Self { ending, places, scores: Vec::new(), words: words.into() }
    }

    /// It ended by its rules, and the seats are placed by these points.
    #[must_use]
    pub fn scored(scores: Vec<i64>, words: impl Into<String>) -> Self {
        let places = scores.iter().map(|score| 1 + scores.iter().filter(|other| *other > score).count()).collect();
        Self { scores, ..Self::placed(places, words) }
    }

    /// One of `seats` seats has won.
    #[must_use]
    pub fn won_by(seat: usize, seats: usize, words: impl Into<String>) -> Self {
        Self::placed((0..seats).map(|other| if other == seat { 1 } else { 2 }).collect(), words)
    }

    /// None of `seats` seats is better than another.
    #[must_use]
    pub fn drawn(seats: usize, words: impl Into<String>) -> Self {
        Self::placed(vec![1; seats], words)
    }

    /// One of `seats` seats has left, which ends the match: all others are before it.
    #[must_use]
    pub fn forfeited_by(seat: usize, seats: usize) -> Self {
        let places = (0..seats).map(|other| if other == seat { seats.max(2) } else { 1 }).collect();
        Self { ending: MatchEnding::Forfeited, ..Self::placed(places, "a player has left") }
    }

    /// It came to nothing, with `seats` seats.
    #[must_use]
    pub fn without_result(ending: MatchEnding, seats: usize, words: impl Into<String>) -> Self {
        Self { ending, ..Self::drawn(seats, words) }
    }
}

/// Somebody who sits in a match.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MatchPlayer {
    /// The player; of a bot, a name that no player has.
    pub player_id: String,
    /// Whether the computer plays this seat.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// Whether the player's last socket has closed, and nothing was heard of it since.
    #[serde(default, skip_serializing_if = "is_false")]
    pub away: bool,
    /// Whether the player has left the match for good.
    #[serde(default, skip_serializing_if = "is_false")]
    pub left: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A match as one of its players sees it. Of two with the same `matchId`, the one with the higher `version` counts. Nothing in it tells
/// what the rules of its game keep from that player.
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
    /// Who sits in it: seats are counted from 0 in this order.
    pub players: Vec<MatchPlayer>,
    /// The seat of the player who is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<usize>,
    /// The seat of whoever may send `startMatch`, while the match waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<usize>,
    /// How many seats must be taken before it can begin, while it waits. It begins by itself when all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<usize>,
    /// The seats whose action is waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<usize>,
    /// The server's time when this was made, in epoch milliseconds.
    pub now: u64,
    /// Until when that is waited for, in epoch milliseconds by the server's clock. Then the clock acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<u64>,
    /// What has happened since the version before, in order, as this player may know it. The game's own. None in a reply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Value>,
    /// The game as this player sees it, once it has begun. The game's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Value>,
    /// The `requestId` of this player's latest action that is in this version and in none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack: Option<String>,
    /// What it came to, if it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<MatchOutcome>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_from_points_with_ties() {
        let outcome = MatchOutcome::scored(vec![3, 7, 3, 9], "by points");
        assert_eq!((outcome.places, outcome.ending), (vec![3, 2, 3, 1], MatchEnding::Won));
        assert_eq!(MatchOutcome::scored(vec![7, 7, 1], "").ending, MatchEnding::Drawn);
        assert_eq!(MatchOutcome::forfeited_by(1, 3).places, [1, 3, 1]);
        assert_eq!(MatchOutcome::won_by(1, 2, "").places, [2, 1]);
    }
}
