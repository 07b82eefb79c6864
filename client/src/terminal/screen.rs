//! Prints lines, and keeps the prompt below them when a person is typing.

use std::io::{self, IsTerminal, Write};

const PROMPT: &str = "> ";

/// Standard output, with or without a prompt.
pub(super) struct Screen {
    prompt: bool,
}

impl Screen {
    /// A prompt is shown if both ends are a terminal.
    pub(super) fn new() -> Self {
        Self { prompt: io::stdin().is_terminal() && io::stdout().is_terminal() }
    }

    /// Prints a line above the prompt.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.prompt {
            write!(out, "\r\x1b[K{line}\n{PROMPT}")?;
        } else {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }

    /// Shows the prompt again after a line was typed.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub(super) fn ask(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.prompt {
            write!(out, "\r\x1b[K{PROMPT}")?;
        }
        out.flush()
    }

    /// Takes the prompt away.
    ///
    /// # Errors
    /// Nobody reads any more.
    pub(super) fn leave(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.prompt {
            write!(out, "\r\x1b[K")?;
        }
        out.flush()
    }
}
