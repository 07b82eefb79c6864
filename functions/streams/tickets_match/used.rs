//! Which tickets are known to be used up.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// How many are remembered: far more than the tickets of a batch of the stream and of the looks that were faster than it.
const MOST: usize = 4_096;

/// Tickets that this process has used up or found used, by id, the latest ones.
///
/// A look reads further than the batch goes that has caused it, so the stream goes on to show tickets which are long matched. Each would
/// cost a transaction that is refused. Nothing depends on this memory, which another process does not have.
#[derive(Debug, Default)]
pub(crate) struct Used(Mutex<BTreeSet<String>>);

impl Used {
    /// Remembers them. The oldest ones are forgotten if there are too many: ids are in the order of time.
    pub(crate) fn add(&self, ticket_ids: impl IntoIterator<Item = String>) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.extend(ticket_ids);
        while used.len() > MOST {
            used.pop_first();
        }
    }

    /// Whether a ticket is known to be used up.
    pub(crate) fn has(&self, ticket_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(ticket_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_first() {
        let used = Used::default();
        used.add((0..=MOST).rev().map(|number| format!("{number:06}")));
        assert!(!used.has("000000") && used.has("000001") && used.has(&format!("{MOST:06}")));
        assert!(!used.has("another"));
    }
}
