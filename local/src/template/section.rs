//! Reading a map member by member, so that a member nobody has asked for is noticed: it is noted with a reason, or it is a problem.

use std::{cell::RefCell, collections::BTreeSet, ops::RangeInclusive};

use super::{
    error::Report,
    node::{Entry, Kind, Node},
    yaml::join,
};

/// A table of members that are known to have no effect on one machine, with the reason.
pub(super) type Noted = &'static [(&'static str, &'static str)];

/// A map that is being read.
pub(super) struct Section<'a> {
    pub(super) path: String,
    /// The line of the key that the map stands at.
    pub(super) line: usize,
    entries: &'a [Entry],
    taken: RefCell<BTreeSet<&'a str>>,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// Begins to read `node`; `None`, reported, if it is not a map. Nothing at all is an empty map.
    pub(super) fn new(node: &'a Node, line: usize, path: impl Into<String>, report: &'a Report) -> Option<Self> {
        let path = path.into();
        let entries: &[Entry] = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Null => &[],
            Kind::Broken => return None,
            _ => {
                report.problem(&path, line, format!("this has to be a map, not {}", node.describe()));
                return None;
            }
        };
        Some(Self { path, line, entries, taken: RefCell::default(), report })
    }

    /// The path of a member.
    pub(super) fn at(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// The line of a member, or of the whole if it is not there.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.entries.iter().find(|entry| entry.key == key).map_or(self.line, |entry| entry.line)
    }

    /// Says that a member is wrong.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>) {
        self.report.problem(&self.at(key), self.line_of(key), message);
    }

    /// Says that a member has no effect.
    pub(super) fn note(&self, key: &str, reason: impl Into<String>) {
        self.report.note(&self.at(key), self.line_of(key), reason);
    }

    /// Whether a member is there and has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && entry.value.kind != Kind::Null)
    }

    /// All members.
    pub(super) fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// All members, each of which counts as read.
    pub(super) fn members(&self) -> &'a [Entry] {
        self.taken.borrow_mut().extend(self.entries.iter().map(|entry| entry.key.as_str()));
        self.entries
    }

    /// A member as it stands. What is null or broken counts as absent.
    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        self.taken.borrow_mut().insert(&entry.key);
        (!matches!(entry.value.kind, Kind::Null | Kind::Broken)).then_some(&entry.value)
    }

    /// Says that a member is missing, unless it is there or is broken.
    pub(super) fn require(&self, key: &str) {
        let there = self.entries.iter().any(|entry| entry.key == key && (entry.value.is_broken() || entry.value.kind != Kind::Null));
        if !there {
            self.report.problem(&self.path, self.line, format!("{key} is missing"));
        }
    }

    /// A text member. Numbers and booleans are taken for text, as CloudFormation does.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let node = self.node(key)?;
        let text = node.scalar();
        if text.is_none() {
            self.problem(key, format!("this has to be text, not {}", node.describe()));
        }
        text
    }

    /// A text member that has to be there.
    pub(super) fn required_text(&self, key: &str) -> Option<String> {
        self.require(key);
        self.text(key)
    }

    /// A text member that is one of a few words.
    pub(super) fn choice(&self, key: &str, choices: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        if choices.contains(&text.as_str()) {
            return Some(text);
        }
        self.problem(key, format!("`{text}` is not understood by the local stack; it knows {}", choices.join(", ")));
        None
    }

    /// An integer member within a range.
    pub(super) fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let node = self.node(key)?;
        match node.scalar().and_then(|text| text.parse::<i64>().ok()) {
            Some(integer) if range.contains(&integer) => Some(integer),
            Some(integer) => {
                self.problem(key, format!("{integer} is not between {} and {}", range.start(), range.end()));
                None
            }
            None => {
                self.problem(key, format!("this has to be a whole number, not {}", node.scalar().as_deref().unwrap_or(node.describe())));
                None
            }
        }
    }

    /// A boolean member. The words `true` and `false` are taken too, as CloudFormation does.
    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        let boolean = node.scalar().and_then(|text| text.parse().ok());
        if boolean.is_none() {
            self.problem(key, format!("this has to be true or false, not {}", node.scalar().as_deref().unwrap_or(node.describe())));
        }
        boolean
    }

    /// A list member; absent is empty.
    pub(super) fn list(&self, key: &str) -> &'a [Node] {
        let Some(node) = self.node(key) else { return &[] };
        node.list().unwrap_or_else(|| {
            self.problem(key, format!("this has to be a list, not {}", node.describe()));
            &[]
        })
    }

    /// A list of texts; a single text is a list of one, as SAM and CloudFormation often allow.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let elements = node.list().unwrap_or(std::slice::from_ref(node));
        elements
            .iter()
            .filter(|element| !element.is_broken())
            .filter_map(|element| {
                let text = element.scalar();
                if text.is_none() {
                    self.problem(key, format!("this has to be a list of texts, and there is {}", element.describe()));
                }
                text
            })
            .collect()
    }

    /// A member that is a map.
    pub(super) fn section(&self, key: &str) -> Option<Section<'a>> {
        let node = self.node(key)?;
        Section::new(node, self.line_of(key), self.at(key), self.report)
    }

    /// A list member of maps.
    pub(super) fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let path = self.at(key);
        let section = |(index, node): (usize, &'a Node)| Section::new(node, node.line, join(&path, &index.to_string()), self.report);
        self.list(key).iter().enumerate().filter_map(section).collect()
    }

    /// Ends the reading: what nobody asked for is noted if the table has it, and is a problem otherwise.
    pub(super) fn finish(self, noted: Noted) {
        for entry in self.entries {
            if self.taken.borrow().contains(entry.key.as_str()) {
                continue;
            }
            match noted.iter().find(|(key, _)| *key == entry.key) {
                Some((_, reason)) => self.note(&entry.key, *reason),
                None => {
                    self.problem(&entry.key, "the local stack does not understand this; take it out, or teach it in local/src/template")
                }
            }
        }
    }
}
