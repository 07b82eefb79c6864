//! What operators ask of the two tasks, as JSON by Lambda's Invoke: replaying dead letters, and everything else about players and matches.
//!
//! The state machine, the operators' command and the console speak this, and none of them touches a table or a queue itself. So an operator
//! needs no other right than to invoke these two.

mod desk;
mod letters;

pub use desk::{Ask, Table};
pub use letters::{Action, Letter, LetterKind, Letters, Only, Queue, Run, Verdict};
