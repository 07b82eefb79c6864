//! Asks before something is done that cannot be undone.

use std::io::{IsTerminal, Write};

use crate::Result;

/// Whether it is to be done: `--yes` says so, or somebody at a terminal.
///
/// # Errors
/// If nobody can be asked.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    let mut terminal = std::io::stderr();
    if !std::io::stdin().is_terminal() || !terminal.is_terminal() {
        return Err(format!("{question} There is no terminal to ask on: give --yes").into());
    }
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
