//! Operators see what happened, and replay what failed, with no other right than the template's `OperatorPolicy`.
//!
//! `replaying` is about letters of every kind and what becomes of them, `order` about those that must not overtake each other or undo
//! newer state, `state_machine` about the replay that needs nobody to wait for it, `tracing` about what one request led to, `asking` about
//! players, matches and tables, and `maintenance` about closing the game.

mod asking;
mod maintenance;
mod order;
mod replaying;
mod state_machine;
mod tracing;

use serde_json::{Value, json};

/// What became of the letters, in the order in which they were handled.
fn verdicts(answer: &Value) -> Vec<&str> {
    answer["letters"].as_array().unwrap().iter().filter_map(|letter| letter["verdict"].as_str()).collect()
}

/// A letter of a consumer's own, about `record`.
fn own_letter(consumer: &str, record: &Value) -> Value {
    json!({"version": "1", "time": "2026-11-30T00:00:00Z", "function": format!("muster-dev-{consumer}"), "reason": "an old one", "record": record})
}
