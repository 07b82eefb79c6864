//! The games, one file each. A game of one's own is a file here and a line in [`MODES`](crate::MODES): see docs/your-own-game.md.

mod secret_rounds;
mod tic_tac_toe;

pub use secret_rounds::{ROCK_PAPER_SCISSORS, ROCK_PAPER_SCISSORS_LIZARD_SPOCK, SecretRounds};
pub use tic_tac_toe::TicTacToe;

#[cfg(test)]
mod tests;
