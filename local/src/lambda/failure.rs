//! What Lambda answers when a function gives no answer of its own, in AWS's words.

use std::{io, os::unix::process::ExitStatusExt, path::Path, process::ExitStatus, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{InvokeError, invocation::ANSWER_LIMIT};

/// An error as callers get it, and as functions report it.
#[derive(Deserialize, Default, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Report {
    error_type: Option<String>,
    error_message: Option<String>,
}

/// An error of Lambda's own.
fn error(error_type: &str, message: String) -> InvokeError {
    let report = Report { error_type: Some(error_type.to_owned()), error_message: Some(message.clone()) };
    // Two texts can always be written as JSON.
    let payload = serde_json::to_vec(&report).unwrap_or_default().into();
    InvokeError::Function { error_type: error_type.to_owned(), message, payload }
}

/// The function ran longer than its `Timeout`.
pub(super) fn timed_out(request_id: &str, timeout: Duration) -> InvokeError {
    let message = format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", timeout.as_secs_f64());
    error("Sandbox.Timedout", message)
}

/// The process ended while the invocation was its own, or could not be started for it.
pub(super) fn ended(request_id: &str, program: &Path, status: &io::Result<ExitStatus>) -> InvokeError {
    let status = match status {
        Ok(status) => status,
        Err(why) => {
            let message = format!("RequestId: {request_id} Error: fork/exec {}: {why}", program.display());
            return error("Runtime.InvalidEntrypoint", message);
        }
    };
    let reason = match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        // Lambda's runtime supervisor is written in Go and prints Go's names of signals.
        (None, Some(6)) => "Runtime exited with error: signal: aborted".to_owned(),
        (None, Some(9)) => "Runtime exited with error: signal: killed".to_owned(),
        (None, Some(11)) => "Runtime exited with error: signal: segmentation fault".to_owned(),
        (None, signal) => format!("Runtime exited with error: signal: signal {}", signal.unwrap_or_default()),
    };
    error("Runtime.ExitError", format!("RequestId: {request_id} Error: {reason}"))
}

/// The answer is larger than [`ANSWER_LIMIT`].
pub(super) fn answer_too_large() -> InvokeError {
    let message = format!("Response payload size exceeded maximum allowed payload size ({ANSWER_LIMIT} bytes).");
    error("Function.ResponseSizeTooLarge", message)
}

/// The stack is stopping, and its functions with it. AWS has no such answer.
pub(super) fn stopped(request_id: &str) -> InvokeError {
    error("Sandbox.Stopped", format!("RequestId: {request_id} Error: the local stack is stopping"))
}

/// What the function itself reported, which the caller gets as it is.
pub(super) fn reported(payload: Bytes) -> InvokeError {
    let Report { error_type, error_message } = serde_json::from_slice(&payload).unwrap_or_default();
    let error_type = error_type.unwrap_or_else(|| "Runtime.UnknownReason".to_owned());
    InvokeError::Function { error_type, message: error_message.unwrap_or_default(), payload }
}
