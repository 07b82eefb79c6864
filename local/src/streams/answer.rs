//! What a function's answer says of a batch.

use serde_json::Value;

/// What became of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Every record is handled.
    Handled,
    /// The records before this one are handled, this one is not, and those after it are to be seen again. An index into the batch.
    FailedFrom(usize),
    /// The batch failed as a whole.
    Failed,
}

/// Reads an answer under `ReportBatchItemFailures`. The lowest reported record counts; an identifier that is not of this batch means that
/// the whole batch failed (Lambda developer guide, "Configuring partial batch response with DynamoDB").
pub(super) fn read(answer: &[u8], position: impl Fn(&str) -> Option<usize>) -> Outcome {
    let Some(identifiers) = reported(answer) else { return Outcome::Failed };
    let positions: Option<Vec<_>> = identifiers.iter().map(|identifier| position(identifier)).collect();
    match positions {
        Some(positions) => positions.into_iter().min().map_or(Outcome::Handled, Outcome::FailedFrom),
        None => Outcome::Failed,
    }
}

/// The identifiers that an answer under `ReportBatchItemFailures` names, alike for streams and queues. A missing, null or empty list means
/// that all is well. `None`, an identifier that is no string or an answer of another shape, means that the whole batch failed.
pub(crate) fn reported(answer: &[u8]) -> Option<Vec<String>> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Some(Vec::new());
    }
    let failures = match serde_json::from_slice(answer).ok()? {
        Value::Null => Value::Null,
        Value::Object(mut answer) => answer.remove("batchItemFailures").unwrap_or(Value::Null),
        _ => return None,
    };
    match failures {
        Value::Null => Some(Vec::new()),
        Value::Array(failures) => failures.iter().map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}
