//! Where answers go: text for people or JSON for programs, and on a terminal how far it is.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::Result;

/// Where answers are printed.
pub(crate) struct Output<'a> {
    out: &'a mut (dyn Write + Send),
    /// Whether they are JSON.
    pub(crate) json: bool,
    /// Whether somebody looks on who is told how far it is.
    watched: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(out: &'a mut (dyn Write + Send), json: bool) -> Self {
        Self { out, json, watched: std::io::stderr().is_terminal() }
    }

    /// Prints a line, or several. Of JSON, nothing but that one document is printed.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) -> Result<()> {
        if !self.json {
            self.progress("")?;
            writeln!(self.out, "{}", text.as_ref().trim_end())?;
        }
        Ok(())
    }

    /// Prints an answer as JSON, if that is wanted.
    pub(crate) fn document(&mut self, answer: &impl Serialize) -> Result<()> {
        if self.json { self.print_json(answer) } else { Ok(()) }
    }

    /// Prints JSON in any case.
    pub(crate) fn print_json(&mut self, answer: &impl Serialize) -> Result<()> {
        Ok(writeln!(self.out, "{}", serde_json::to_string_pretty(answer)?)?)
    }

    /// Shows how far it is, on a terminal, in the place of what was shown before.
    pub(crate) fn progress(&mut self, text: &str) -> Result<()> {
        if self.watched {
            let mut terminal = std::io::stderr();
            write!(terminal, "\r\x1b[K{text}")?;
            terminal.flush()?;
        }
        Ok(())
    }
}
