//! What is wrong with a template.

use std::fmt::{self, Display};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where in the template, such as `Resources.PlayersTable.Properties.KeySchema[0]`. Empty for the template itself.
    path: String,
    message: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    /// The same problem, seen from what has the place of it as its member `key`.
    pub(super) fn within(mut self, key: impl Display) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{key}{separator}{}", self.path);
        self
    }

    /// The same problem, seen from the list in which it is at `index`.
    pub(super) fn at(self, index: usize) -> Self {
        self.within(format_args!("[{index}]"))
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{separator}{}", self.path, self.message)
    }
}

/// Everything that is wrong with a template, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// At least one problem.
    problems: Vec<Problem>,
}

impl Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for TemplateError {}

impl From<Problem> for TemplateError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// All values, or all problems, so that a person sees everything at once.
pub(super) fn all<T>(results: impl IntoIterator<Item = Result<T, Problem>>) -> Result<Vec<T>, TemplateError> {
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(TemplateError { problems }) }
}

/// Reads a value into what it has to be. What that does not know is a problem that names it.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        Problem {
            path: if path == "." { String::new() } else { path },
            message: format!("the local stack does not understand this: {}", error.inner()),
        }
    })
}
