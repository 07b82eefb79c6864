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
    /// The flags are those of a regular expression. A pattern that is too long to be compiled matches nothing.
    fn new(text: &str, flags: &str) -> Pattern {
        let pattern = regex_lite::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
        Pattern { text: text.to_owned(), regex: Regex::new(&format!("(?{flags})^{pattern}$")).ok() }
    }

    /// Patterns of ARNs, in which case matters.
    pub(super) fn of_arns(texts: &[String]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text, "s")).collect()
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

pub(super) struct Grant {
    statement: Statement,
    actions: Vec<Pattern>,
    resources: Vec<Pattern>,
    /// For whom it may be used; `None` is anybody.
    sources: Option<Vec<Pattern>>,
}

impl Grant {
    pub(super) fn new(statement: &Statement, source_arns: Option<&[String]>) -> Grant {
        Grant {
            statement: statement.clone(),
            actions: statement.actions.iter().map(|action| Pattern::new(action, "si")).collect(),
            resources: Pattern::of_arns(&statement.resources),
            sources: source_arns.map(Pattern::of_arns),
        }
    }

    pub(super) fn is_for(&self, source_arn: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|source| source.matches(source_arn)))
    }

    /// Which part of it allows this, if it does.
    pub(super) fn allows(&self, action: &str, resource: &str) -> Option<Used> {
        let action = self.actions.iter().find(|pattern| pattern.matches(action))?;
        let resource = self.resources.iter().find(|pattern| pattern.matches(resource))?;
        Some(Used { place: self.statement.place.clone(), action: action.text.clone(), resource: resource.text.clone() })
    }

    /// Where it allows `action`, if it does so for other resources.
    pub(super) fn nearest_by_action(&self, action: &str) -> Option<String> {
        let Statement { place, resources, .. } = &self.statement;
        let allowed = self.actions.iter().any(|pattern| pattern.matches(action));
        allowed.then(|| format!("{place} allows it on {}", resources.join(", ")))
    }

    /// What it allows on `resource`, if it is other actions.
    pub(super) fn nearest_by_resource(&self, resource: &str) -> Option<String> {
        let Statement { place, actions, .. } = &self.statement;
        let allowed = self.resources.iter().any(|pattern| pattern.matches(resource));
        allowed.then(|| format!("{place} allows {} there", actions.join(", ")))
    }
}
