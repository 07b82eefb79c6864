//! What some games show, as types: `games::view::<Board>(&push)` reads the `view` of a match. Any other game can be read in the same way.

use muster_protocol::MatchPush;
use serde::{Deserialize, de::DeserializeOwned};

/// The view of a match as its game has it; `None` if it has none yet, or is of another game.
#[must_use]
pub fn view<V: DeserializeOwned>(push: &MatchPush) -> Option<V> {
    V::deserialize(push.view.as_ref()?).ok()
}

/// Rock-paper-scissors and its kin, the modes `rps` and `rpsls`. An action is one of the [`plays`](Self::plays).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRounds {
    /// The open round, from 1 on.
    pub round: u32,
    /// How many rounds win the match.
    pub wins: u32,
    /// Rounds that the player has won.
    pub your_score: u32,
    /// Rounds that the other has won.
    pub their_score: u32,
    /// What can be played.
    pub plays: Vec<String>,
    /// What the player has played in the open round.
    pub played: Option<String>,
    /// What the player played in the round before.
    pub your_play: Option<String>,
    /// What the other played in the round before.
    pub their_play: Option<String>,
    /// Who won the round before, if somebody did: `you` or `them`.
    pub winner: Option<String>,
    /// The round before in words, such as "paper covers rock".
    pub round_summary: Option<String>,
}

/// The board of the mode `tic-tac-toe`. An action is the number of a free cell, from 0 to 8.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TicTacToe {
    /// Each cell row by row, by the seat whose mark it has.
    pub cells: [Option<usize>; 9],
    /// The seat whose turn it is.
    pub turn: usize,
    /// Milliseconds that each seat has left beside the time of its turn.
    pub bank: [u64; 2],
}
