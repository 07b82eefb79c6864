//! Why an invocation ends without an answer.

use lambda_runtime::Diagnostic;

use crate::Fault;

/// What Lambda is told instead of an answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// It is logged with its causes and counted.
    Fault(Fault),
    /// A handshake without a token. API Gateway answers it with 401 when the error's text is exactly `Unauthorized`. Any passer-by
    /// can cause it, so it is not one of our faults.
    Unauthorized,
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Unanswered> for Diagnostic {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Fault(fault) => fault.into(),
            Unanswered::Unauthorized => Self { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_gateway_knows_unauthorized_by_its_exact_text() {
        assert_eq!(Diagnostic::from(Unanswered::Unauthorized).error_message, "Unauthorized");
    }
}
