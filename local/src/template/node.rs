//! A document of which every value knows its line. It is what JSON is, with order and lines kept, so that an error can say where.

use serde_json::Number;

/// A value and the line it begins at, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A value that could not be made out. The problem has been reported, so whoever meets it says nothing.
    Broken,
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The line of the key, which may be above that of the value.
    pub(super) line: usize,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn new(line: usize, kind: Kind) -> Self {
        Self { line, kind }
    }

    pub(super) fn text(line: usize, text: impl Into<String>) -> Self {
        Self::new(line, Kind::Text(text.into()))
    }

    pub(super) fn broken(line: usize) -> Self {
        Self::new(line, Kind::Broken)
    }

    /// A map of one member, which is how an intrinsic function is written.
    pub(super) fn call(line: usize, function: impl Into<String>, argument: Self) -> Self {
        Self::new(line, Kind::Map(vec![Entry { key: function.into(), line, value: argument }]))
    }

    /// The members of a map.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// A member of a map by its key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text of a scalar. CloudFormation takes numbers and booleans where text is wanted.
    pub(super) fn scalar(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Number(number) => Some(number.to_string()),
            Kind::Boolean(boolean) => Some(boolean.to_string()),
            _ => None,
        }
    }

    /// The function and its argument, if this is an intrinsic function in long form.
    pub(super) fn intrinsic(&self) -> Option<(&str, &Self)> {
        match self.entries()? {
            [Entry { key, value, .. }] if is_function(key) => Some((key, value)),
            _ => None,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.kind == Kind::Broken
    }

    /// What the value is, for an error message.
    pub(super) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Boolean(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Broken => "a broken value",
        }
    }

    /// The value without lines. Broken values become null.
    #[cfg(test)]
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null | Kind::Broken => Value::Null,
            Kind::Boolean(boolean) => Value::Bool(*boolean),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(elements) => elements.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
        }
    }
}

/// Whether a key is the name of an intrinsic function.
pub(super) fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}
