//! What Lambda answers when a function gives no answer of its own, in AWS's words.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{InvokeError, payload::ANSWER_LIMIT};

/// An error of Lambda's own, as the caller gets it.
fn error(error_type: &str, message: String) -> InvokeError {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload<'a> {
        error_type: &'a str,
        error_message: &'a str,
    }
    // Two texts can always be written as JSON.
    let payload = serde_json::to_vec(&Payload { error_type, error_message: &message }).unwrap_or_default().into();
    InvokeError::Function { error_type: error_type.to_owned(), message, payload }
}

/// The function ran longer than its `Timeout`.
pub(super) fn timed_out(request_id: &str, timeout: Duration) -> InvokeError {
    let message = format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", timeout.as_secs_f64());
    error("Sandbox.Timedout", message)
}

/// The process ended while the invocation was its own.
pub(super) fn exited(request_id: &str, status: ExitStatus) -> InvokeError {
    let reason = match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {}", signal_name(signal)),
        (None, None) => "Runtime exited with error".to_owned(),
    };
    error("Runtime.ExitError", format!("RequestId: {request_id} Error: {reason}"))
}

/// The program could not be started at all.
pub(super) fn invalid_entrypoint(request_id: &str, program: &std::path::Path, why: &std::io::Error) -> InvokeError {
    error("Runtime.InvalidEntrypoint", format!("RequestId: {request_id} Error: fork/exec {}: {why}", program.display()))
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

/// What the function itself reported, which the caller gets as it is: the JSON body `{"errorType":…,"errorMessage":…}`, and for a runtime
/// that sends no such body the `Lambda-Runtime-Function-Error-Type` header.
pub(super) fn reported(body: &Bytes, header: Option<&str>) -> InvokeError {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Reported {
        error_type: Option<String>,
        error_message: Option<String>,
    }
    let reported: Reported = serde_json::from_slice(body).unwrap_or_default();
    InvokeError::Function {
        error_type: reported.error_type.or_else(|| header.map(str::to_owned)).unwrap_or_else(|| "Runtime.UnknownReason".to_owned()),
        message: reported.error_message.unwrap_or_default(),
        payload: body.clone(),
    }
}

/// Lambda's runtime supervisor is written in Go and prints Go's names of signals.
fn signal_name(signal: i32) -> String {
    match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("signal {other}"),
    }
    .to_owned()
}
