//! Batches: up to ten entries in one request, each of which succeeds or fails by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sqs::{error::Refusal, request};

const MOST_ENTRIES: usize = 10;

/// The entries of a batch with their ids. Whatever is wrong with the batch itself refuses all of it; `entry` is what the API reference
/// calls an entry.
pub(super) fn entries<'a>(request: &'a Value, entry: &str) -> Result<Vec<(&'a str, &'a Value)>, Refusal> {
    let entries = match &request["Entries"] {
        Value::Null => &[][..],
        Value::Array(entries) => entries,
        _ => return Err(Refusal::invalid("Entries is not a list.")),
    };
    if entries.is_empty() {
        return Err(Refusal::empty_batch(entry));
    }
    if entries.len() > MOST_ENTRIES {
        return Err(Refusal::too_many_entries(MOST_ENTRIES, entries.len()));
    }
    let mut ids = BTreeSet::new();
    let identify = |entry: &'a Value| {
        let id = request::optional_text(entry, "Id")?.unwrap_or_default();
        if id.is_empty() || id.len() > 80 || !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return Err(Refusal::entry_id());
        }
        if ids.insert(id) { Ok((id, entry)) } else { Err(Refusal::entry_id_repeated(id)) }
    };
    entries.iter().map(identify).collect()
}

/// The answer of a batch whose entries are what `act` takes alone.
pub(super) fn each(request: &Value, entry: &str, act: impl Fn(&str, &Value) -> Result<Value, Refusal>) -> Result<Value, Refusal> {
    let queue = request::queue_name(request)?;
    let mut results = Results::default();
    for (id, entry) in entries(request, entry)? {
        match act(queue, entry) {
            // That there is no queue is true of all of them.
            Err(refusal) if refusal == Refusal::no_queue() => return Err(refusal),
            result => results.add(id, result),
        }
    }
    Ok(results.answer())
}

/// What became of the entries.
#[derive(Default)]
pub(super) struct Results {
    successful: Vec<Value>,
    failed: Vec<Value>,
}

impl Results {
    pub(super) fn add(&mut self, id: &str, result: Result<Value, Refusal>) {
        match result {
            Ok(mut result) => {
                result["Id"] = id.into();
                self.successful.push(result);
            }
            Err(refusal) => self.failed.push(refusal.of_entry(id)),
        }
    }

    pub(super) fn answer(self) -> Value {
        json!({"Successful": self.successful, "Failed": self.failed})
    }
}
