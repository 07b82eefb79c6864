//! The two ways in which a handler can fail.

use std::{error::Error, fmt};

use lambda_runtime::Diagnostic;
use muster_protocol::Rejection;

/// Why a handler has no result: the player's mistake or ours.
#[derive(Debug)]
pub enum Failure {
    /// The player is told, and the invocation succeeds.
    Rejection(Rejection),
    /// It is logged with its causes, counted, and retried where something retries.
    Fault(Fault),
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejection(rejection)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Failure {
    /// The fault that it is where there is no player to be told.
    #[must_use]
    pub fn into_fault(self) -> Fault {
        match self {
            Self::Rejection(rejection) => Fault::because(rejection.message),
            Self::Fault(fault) => fault,
        }
    }
}

/// What went wrong on our side: what was being done, and the chain of what led to it.
#[derive(Debug)]
pub struct Fault {
    doing: String,
    request: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// `source` prevented what was being done, such as "writing to the inbox".
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), request: None, source: Some(source.into()) }
    }

    /// Something is wrong in itself, such as an event without the field it must have.
    pub fn because(problem: impl Into<String>) -> Self {
        Self { doing: problem.into(), request: None, source: None }
    }

    /// The same fault, in the work that the request `cause` led to.
    #[must_use]
    pub fn of_request(self, cause: impl Into<String>) -> Self {
        Self { request: Some(cause.into()), ..self }
    }

    /// The `cause` of the work that failed, where it is known: what joins its log lines.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// The whole chain in one line, outermost first.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        Self { error_type: "Fault".to_owned(), error_message: fault.chain() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_causes() {
        let cause = Fault::new("asking for the table", "connection refused");
        let fault = Fault::new("writing to the inbox", cause);
        assert_eq!(fault.chain(), "writing to the inbox: asking for the table: connection refused");
        assert_eq!(Diagnostic::from(fault).error_message, "writing to the inbox: asking for the table: connection refused");
    }
}
