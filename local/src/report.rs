//! What the stack itself has to say while it runs; functions' own output goes through the Lambda room's log.

use std::fmt::Display;

/// Prints one line for the developer, on standard error, behind the room or the thing that it is about. It must not hold headers, query
/// strings or messages: tokens may be in them.
pub fn report(about: &str, line: impl Display) {
    eprintln!("{about}: {line}");
}
