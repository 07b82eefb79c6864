//! Whatever goes wrong ends the command, which says so.

use std::error::Error;

use aws_sdk_lambda::error::ProvideErrorMetadata;

/// What could not be done, for people.
pub type Fault = Box<dyn Error + Send + Sync>;
/// What may fail.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// What AWS says is wrong, or why it says nothing.
pub(crate) fn said(error: &(impl Error + ProvideErrorMetadata)) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => chain(error),
    }
}

/// An error with its causes, in one line. The SDK's errors say what happened only in their causes.
fn chain(error: &dyn Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.dedup();
    causes.join(": ").replace('\n', " ")
}
