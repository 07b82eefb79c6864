//! What is wrong with a text that cannot be read.

use std::fmt;

/// How much is repeated of a complaint, and of the name of a field. Both quote whatever the writer likes, and go into the log, too.
const SHOWN_CHARACTERS: usize = 120;

/// Names the field, if there is one to blame, and says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    path: String,
    problem: String,
    is_of_syntax: bool,
}

impl Complaint {
    /// The text is not JSON.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        Self { path: String::new(), problem: format!("not JSON: {}", problem(error)), is_of_syntax: true }
    }

    /// The same complaint of what is read as the field `outer`: `players[0]` within `body` is `body.players[0]`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{outer}{dot}{}", self.path);
        self
    }

    /// The field, such as `body.players[0]`; empty if the whole is to blame.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the text is not JSON at all.
    #[must_use]
    pub fn is_of_syntax(&self) -> bool {
        self.is_of_syntax
    }
}

impl From<serde_path_to_error::Error<serde_json::Error>> for Complaint {
    fn from(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = if error.path().iter().len() == 0 { String::new() } else { cut(&error.path().to_string()) };
        Self { path, problem: problem(error.inner()), is_of_syntax: false }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.path, self.problem)
    }
}

impl std::error::Error for Complaint {}

/// The error in words, without its position, which speaks of a text that nobody wrote as such.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    cut(text.rsplit_once(" at line ").map_or(text.as_str(), |(complaint, _)| complaint))
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS).collect()
}
