//! Rock-paper-scissors.

use super::{SimultaneousGame, verb};

/// What beats what.
const TABLE: [(&str, &str, &str); 3] = [("rock", "crushes", "scissors"), ("paper", "covers", "rock"), ("scissors", "cuts", "paper")];

/// Three plays, each of which beats one other.
#[derive(Clone, Copy, Debug)]
pub struct RockPaperScissors;

impl SimultaneousGame for RockPaperScissors {
    fn plays(&self) -> &'static [&'static str] {
        &["rock", "paper", "scissors"]
    }

    fn beats(&self, winner: &str, loser: &str) -> Option<&'static str> {
        verb(&TABLE, winner, loser)
    }
}
