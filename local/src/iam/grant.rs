//! A statement that allows actions on resources.

use regex_lite::Regex;

use super::used::Used;
use crate::template::Statement;

/// A pattern of actions or ARNs: `*` is any run of characters, `?` any one.
pub(super) struct Pattern {
    text: String,
    regex: Option<Regex>,
}

impl Pattern {
    /// A pattern of ARNs, in which case matters.
    pub(super) fn new(text: &str) -> Pattern {
        Pattern::with_flags(text, "s")
    }

    fn of_actions(text: &str) -> Pattern {
        Pattern::with_flags(text, "si")
    }

    /// A pattern that is too long to be compiled matches nothing.
    fn with_flags(text: &str, flags: &str) -> Pattern {
        let pattern = regex_lite::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
        Pattern { text: text.to_owned(), regex: Regex::new(&format!("(?{flags})^{pattern}$")).ok() }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

pub(super) struct Grant {
    place: String,
    actions: Vec<Pattern>,
    resources: Vec<Pattern>,
}

impl Grant {
    pub(super) fn new(statement: &Statement) -> Grant {
        Grant {
            place: statement.place.clone(),
            actions: statement.actions.iter().map(|action| Pattern::of_actions(action)).collect(),
            resources: statement.resources.iter().map(|resource| Pattern::new(resource)).collect(),
        }
    }

    /// Which part of it allows this, if it does.
    pub(super) fn allows(&self, action: &str, resource: &str) -> Option<Used> {
        let action = self.actions.iter().find(|pattern| pattern.matches(action))?;
        let resource = self.resources.iter().find(|pattern| pattern.matches(resource))?;
        Some(Used { place: self.place.clone(), action: action.text.clone(), resource: resource.text.clone() })
    }

    /// Where it allows `action`, if it does so for other resources.
    pub(super) fn nearest_by_action(&self, action: &str) -> Option<String> {
        let allowed = self.actions.iter().any(|pattern| pattern.matches(action));
        allowed.then(|| format!("{} allows it on {}", self.place, texts(&self.resources)))
    }

    /// What it allows on `resource`, if it is other actions.
    pub(super) fn nearest_by_resource(&self, resource: &str) -> Option<String> {
        let allowed = self.resources.iter().any(|pattern| pattern.matches(resource));
        allowed.then(|| format!("{} allows {} there", self.place, texts(&self.actions)))
    }
}

fn texts(patterns: &[Pattern]) -> String {
    patterns.iter().map(|pattern| pattern.text.as_str()).collect::<Vec<_>>().join(", ")
}
