//! How far a mapping has come when several lanes work at once.

use std::{collections::BTreeSet, sync::Mutex};

use crate::{dynamodb::Checkpoint, lock::lock};

/// The positions that are still to be finished.
pub(super) struct Progress {
    checkpoint: Checkpoint,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Everything up to here was read.
    read: i64,
    open: BTreeSet<i64>,
}

impl Progress {
    pub(super) fn new(checkpoint: Checkpoint) -> Progress {
        Progress { checkpoint, state: Mutex::default() }
    }

    /// The stream was read up to `read`, and `positions` are to be finished.
    pub(super) fn opened(&self, positions: impl Iterator<Item = i64>, read: i64) {
        self.change(|state| {
            state.open.extend(positions);
            state.read = state.read.max(read);
        });
    }

    /// These positions are finished.
    pub(super) fn finished(&self, positions: impl Iterator<Item = i64>) {
        self.change(|state| {
            for position in positions {
                state.open.remove(&position);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        self.checkpoint.finish(state.open.first().map_or(state.read, |first| first - 1));
    }
}
