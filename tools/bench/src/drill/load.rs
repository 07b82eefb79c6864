//! How much is asked for and when, and what came of it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use muster_client::RequestError;
use tokio::time::Instant;

use crate::stack::Stack;

/// What all players share.
pub struct Load {
    pub stack: Stack,
    /// All players.
    pub names: Vec<String>,
    /// Codes of matches that wait for somebody.
    pub codes: Mutex<Vec<String>>,
    /// What came of requests: by route, how many were answered, refused and neither.
    pub outcomes: Mutex<BTreeMap<&'static str, [usize; 3]>>,
    /// Sockets that were cut, and players who went away.
    pub cuts: AtomicUsize,
    pub absences: AtomicUsize,
    pub operations: usize,
    begun: AtomicUsize,
    started: Instant,
    /// What the operations are spread over at least.
    spread: Duration,
}

impl Load {
    pub fn new(stack: Stack, names: Vec<String>, operations: usize, spread: Duration) -> Self {
        let (codes, outcomes, zero) = (Mutex::default(), Mutex::default(), AtomicUsize::default);
        Self { stack, names, codes, outcomes, cuts: zero(), absences: zero(), operations, begun: zero(), started: Instant::now(), spread }
    }

    /// The time of the next operation, unless all have begun.
    pub fn next(&self) -> Option<Instant> {
        let number = self.begun.fetch_add(1, Relaxed);
        (number < self.operations).then(|| self.started + self.spread.mul_f64(number as f64 / self.operations as f64))
    }

    /// Counts what came of a request. Its reply, if there is one.
    pub fn count<T>(&self, route: &'static str, outcome: Result<T, RequestError>) -> Option<T> {
        let index = match &outcome {
            Ok(_) => 0,
            Err(error) if !error.may_have_happened() => 1,
            Err(_) => 2,
        };
        lock(&self.outcomes).entry(route).or_default()[index] += 1;
        outcome.ok()
    }
}

/// Whoever panics leaves nothing half done behind.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
