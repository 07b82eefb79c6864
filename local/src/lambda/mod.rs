//! The Lambda room: real function processes behind the Runtime API.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use bytes::Bytes;

/// One function, as the template describes it.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The template's logical id, such as `SendMessageFunction`.
    pub logical_id: String,
    /// The physical name, such as `muster-dev-send-message`.
    pub name: String,
    /// The program to run, and the arguments it takes (none outside tests).
    pub program: PathBuf,
    /// Arguments of the program.
    pub arguments: Vec<String>,
    /// An invocation longer than this is ended with its environment.
    pub timeout: Duration,
    /// Memory in MB, which the function reads as `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`.
    pub memory_mb: u32,
    /// The variables of the template's `Environment`.
    pub environment: BTreeMap<String, String>,
}

/// Why an invocation has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvokeError {
    /// No function has this name or ARN.
    NotFound(String),
    /// The function answered with an error, panicked, crashed, failed to start or ran out of time. The payload is what
    /// Lambda returns for it: `{"errorType":…,"errorMessage":…}`.
    Function {
        /// The `errorType`, such as `Runtime.ExitError` or `Sandbox.Timedout`.
        error_type: String,
        /// The `errorMessage`.
        message: String,
    },
    /// Every environment the pool may have is busy and none came free in time.
    Throttled,
}

/// Runs functions. Cheap to clone.
#[derive(Clone)]
pub struct Lambda {}

impl Lambda {
    /// Runs `function` (its name or ARN) with `payload` and waits for its answer.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Bytes, InvokeError> {
        let _ = payload;
        Err(InvokeError::NotFound(function.to_owned()))
    }
}
