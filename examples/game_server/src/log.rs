//! What the server says about itself, on standard output.

use std::io::{self, Write};

/// Prints a line at once. That nobody reads it any more is no reason to end a game, so a closed pipe is no error.
pub(crate) fn log(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}
