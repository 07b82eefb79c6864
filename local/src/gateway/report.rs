//! What API Gateway would write into its execution log: why a client got an error that tells it nothing.

/// Prints one line for the developer. It must not hold headers, query strings or messages: tokens may be in them.
#[allow(clippy::print_stderr, reason = "the terminal is where the local stack reports")]
pub(super) fn report(line: &str) {
    eprintln!("gateway: {line}");
}
