//! What the pretended fleet of a local stack does with placements, which a test may change while it runs.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The file that a stack reads for each placement.
pub struct Fleet(TempDir);

impl Fleet {
    /// A fleet that does this with the placements of the stack's queue, such as `{"outcome": "never"}`. It starts no game servers.
    pub fn that(behaviour: &Value) -> Self {
        let fleet = Self(TempDir::new().unwrap());
        fleet.will(behaviour);
        fleet
    }

    /// From now on it does this instead.
    pub fn will(&self, behaviour: &Value) {
        let mut behaviour = behaviour.clone();
        behaviour["server"] = json!(false);
        let [new, file] = ["new", "fleet.json"].map(|name| self.0.path().join(name));
        fs::write(&new, json!({"muster-dev": behaviour}).to_string()).unwrap();
        // Nobody reads half of it.
        fs::rename(new, file).unwrap();
    }

    /// The argument with which a stack reads it.
    pub fn argument(&self) -> String {
        format!("--fleet={}", self.0.path().join("fleet.json").display())
    }
}
