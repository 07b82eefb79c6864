//! How far a mapping has come when several lanes work at once.

use std::sync::Mutex;

use crate::{dynamodb::Checkpoint, lock::lock};

/// The position of each lane. The mapping has come as far as the slowest.
pub(super) struct Progress {
    checkpoint: Checkpoint,
    reached: Mutex<Vec<i64>>,
}

impl Progress {
    /// As many lanes, all at the checkpoint.
    pub(super) fn new(checkpoint: Checkpoint, lanes: usize) -> Progress {
        let reached = Mutex::new(vec![checkpoint.position(); lanes]);
        Progress { checkpoint, reached }
    }

    /// Everything up to `position` that is this lane's is handled or given up.
    pub(super) fn reached(&self, lane: usize, position: i64) {
        let mut reached = lock(&self.reached);
        if let Some(lane) = reached.get_mut(lane) {
            *lane = position.max(*lane);
        }
        if let Some(slowest) = reached.iter().min() {
            self.checkpoint.finish(*slowest);
        }
    }
}
