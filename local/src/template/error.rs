//! What is wrong with a template.

use std::fmt::{self, Display};

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where in the template, such as `Resources.PlayersTable.Properties.KeySchema[0]`. Empty for the template itself.
    path: String,
    message: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{separator}{}", self.path, self.message)
    }
}

pub(super) trait Within {
    /// The same, seen from what has the place of the problem as its member `key`, or as its element `[index]`.
    fn within(self, key: impl Display) -> Self;
}

impl<T> Within for Result<T, Problem> {
    fn within(self, key: impl Display) -> Self {
        self.map_err(|Problem { path, message }| {
            let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            Problem { path: format!("{key}{separator}{path}"), message }
        })
    }
}

/// Everything that is wrong with a template, as far as it could be read: one problem in each line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl From<Problem> for TemplateError {
    fn from(problem: Problem) -> Self {
        Self(problem.to_string())
    }
}

/// All values, or all problems, so that a person sees everything at once.
pub(super) fn all<T>(results: impl IntoIterator<Item = Result<T, Problem>>) -> Result<Vec<T>, TemplateError> {
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(problem) => problems.push(problem.to_string()),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(TemplateError(problems.join("\n"))) }
}

/// Reads a value into what it has to be. What that does not know is a problem that names it.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| Problem {
        path: Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_default(),
        message: format!("the local stack does not understand this: {}", error.inner()),
    })
}

/// Takes a member out and reads it. One that is missing is null.
pub(super) fn take<T: DeserializeOwned>(properties: &mut Value, key: &str) -> Result<T, Problem> {
    let member = properties.as_object_mut().and_then(|properties| properties.remove(key));
    read(member.unwrap_or_default()).within(key)
}
