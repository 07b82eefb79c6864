//! What is wrong with a template, and what it names that has no effect on one machine. Both are collected, so that a person sees
//! everything at once.

use std::{cell::RefCell, collections::BTreeSet, fmt};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line in the template, counted from 1; `None` where the cause is not in the text, such as a missing parameter value.
    pub line: Option<usize>,
    /// Where in the document, such as `Resources.PlayersTable.Properties.KeySchema.0`. Empty for the document itself.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Problem {
    /// The logical id of the resource that the problem is in, if it is in one.
    pub fn resource(&self) -> Option<&str> {
        self.path.strip_prefix("Resources.")?.split('.').next()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a template, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}

/// Something that the template names and that has no effect on one machine, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The line in the template, counted from 1.
    pub line: usize,
    /// Where in the document, such as `Resources.AlarmTopic`.
    pub path: String,
    /// Why it has no effect.
    pub reason: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.path, self.reason)
    }
}

/// Collects problems and notes while a template is read.
#[derive(Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
    notes: RefCell<Vec<Note>>,
}

impl Report {
    pub(super) fn problem(&self, path: &str, line: impl Into<Option<usize>>, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { line: line.into(), path: path.to_owned(), message: message.into() });
    }

    pub(super) fn note(&self, path: &str, line: usize, reason: impl Into<String>) {
        self.notes.borrow_mut().push(Note { line, path: path.to_owned(), reason: reason.into() });
    }

    /// The notes, or the problems if there are any. One line may be read on behalf of several resources (`Globals`, or a name that
    /// others refer to); what is wrong with it is said once.
    pub(super) fn finish(self) -> Result<Vec<Note>, TemplateError> {
        let mut seen = BTreeSet::new();
        let mut problems = self.problems.into_inner();
        problems.retain(|problem| {
            let member = problem.resource().map_or(problem.path.as_str(), |id| &problem.path["Resources.".len() + id.len()..]);
            problem.line.is_none() || seen.insert((problem.line, member.to_owned(), problem.message.clone()))
        });
        problems.sort();
        problems.dedup();
        if problems.is_empty() {
            let mut notes = self.notes.into_inner();
            notes.sort();
            notes.dedup();
            Ok(notes)
        } else {
            Err(TemplateError { problems })
        }
    }
}
