//! What Lambda answers when a function gives no answer of its own, in AWS's words.

use std::{io, os::unix::process::ExitStatusExt, path::Path, process::ExitStatus, time::Duration};

use bytes::Bytes;
use serde_json::Value;

use super::{ANSWER_LIMIT, InvokeError};

/// An error of Lambda's own. Its members have AWS's order.
fn error(error_type: &str, message: String) -> InvokeError {
    let payload = format!(r#"{{"errorType":"{error_type}","errorMessage":{}}}"#, Value::from(message.as_str())).into();
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
    let reason = match (status.code(), status.signal().unwrap_or_default()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        // Lambda's runtime supervisor is written in Go and prints Go's names of signals.
        (None, 6) => "Runtime exited with error: signal: aborted".to_owned(),
        (None, 11) => "Runtime exited with error: signal: segmentation fault".to_owned(),
        (None, 9) => "Runtime exited with error: signal: killed".to_owned(),
        (None, signal) => format!("Runtime exited with error: signal: signal {signal}"),
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
    let report: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let text = |name: &str, otherwise: &str| report[name].as_str().unwrap_or(otherwise).to_owned();
    InvokeError::Function { error_type: text("errorType", "Runtime.UnknownReason"), message: text("errorMessage", ""), payload }
}
