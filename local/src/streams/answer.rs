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
    /// The function could not be started now.
    Throttled,
}

/// Reads an answer under `ReportBatchItemFailures`. The lowest reported record counts. A missing, null or empty list means that all is
/// well; an identifier that is empty, no string or not of this batch, and an answer of another shape, mean that the whole batch failed
/// (Lambda developer guide, "Configuring partial batch response with DynamoDB").
pub(super) fn read(answer: &[u8], position: impl Fn(&str) -> Option<usize>) -> Outcome {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Outcome::Handled;
    }
    let failures = match serde_json::from_slice(answer) {
        Ok(Value::Null) => return Outcome::Handled,
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures").unwrap_or(Value::Null),
        Ok(_) | Err(_) => return Outcome::Failed,
    };
    let failures = match failures {
        Value::Null => return Outcome::Handled,
        Value::Array(failures) => failures,
        _ => return Outcome::Failed,
    };
    let mut lowest = None;
    for failure in failures {
        match failure["itemIdentifier"].as_str().and_then(&position) {
            Some(index) => lowest = Some(lowest.map_or(index, |lowest: usize| lowest.min(index))),
            None => return Outcome::Failed,
        }
    }
    lowest.map_or(Outcome::Handled, Outcome::FailedFrom)
}
