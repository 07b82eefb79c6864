//! What the file of a game needs: `use crate::prelude::*;`.

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};

pub use crate::{Actor, Chance, Clock, Game, Millis, Outcome, Refusal, SeatSet, Secret, Step, Table, Tell, TimeBank, Viewer, refuse};
