//! Rock-paper-scissors-lizard-Spock, by Sam Kass and Karen Bryla.

use super::{SimultaneousGame, verb};

/// What beats what.
const TABLE: [(&str, &str, &str); 10] = [
    ("rock", "crushes", "scissors"),
    ("rock", "crushes", "lizard"),
    ("paper", "covers", "rock"),
    ("paper", "disproves", "spock"),
    ("scissors", "cuts", "paper"),
    ("scissors", "decapitates", "lizard"),
    ("lizard", "eats", "paper"),
    ("lizard", "poisons", "spock"),
    ("spock", "smashes", "scissors"),
    ("spock", "vaporizes", "rock"),
];

/// Five plays, each of which beats two others: fewer draws.
#[derive(Clone, Copy, Debug)]
pub struct RockPaperScissorsLizardSpock;

impl SimultaneousGame for RockPaperScissorsLizardSpock {
    fn plays(&self) -> &'static [&'static str] {
        &["rock", "paper", "scissors", "lizard", "spock"]
    }

    fn beats(&self, winner: &str, loser: &str) -> Option<&'static str> {
        verb(&TABLE, winner, loser)
    }
}
