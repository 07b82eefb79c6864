//! Filter patterns: which records a function wants (Lambda developer guide, "Control which events Lambda sends to your function").
//!
//! A pattern has the record's shape, `{"dynamodb":{"NewImage":{ATTRIBUTE:{TYPE:[RULE,…]}}}}`. Each attribute that it names must match, by
//! one of its rules; of several patterns, one must. Whatever else Lambda's patterns may have is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Patterns of which nothing is refused.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    dynamodb: Change,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Change {
    new_image: BTreeMap<String, Types>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
struct Types {
    s: Option<Vec<Rule>>,
    n: Option<Vec<Rule>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields, expecting = "the local stack knows strings, also for numbers, and exists with true or false")]
enum Rule {
    Is(String),
    Exists { exists: bool },
}

impl Filters {
    /// Patterns for stream records. None at all match every record. The error says what is wrong with the first that is refused, and where,
    /// such as `filter pattern 2, at dynamodb.NewImage.n.N[0]: …`.
    pub(super) fn new(patterns: &[Value]) -> Result<Filters, String> {
        let read = |(index, pattern)| {
            let fault =
                |fault: serde_path_to_error::Error<_>| format!("filter pattern {}, at {}: {}", index + 1, fault.path(), fault.inner());
            serde_path_to_error::deserialize::<&Value, Pattern>(pattern).map_err(fault)
        };
        Ok(Filters { patterns: patterns.iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }

    /// Whether the function wants this record.
    pub(super) fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(&record["dynamodb"]["NewImage"]))
    }
}

impl Pattern {
    fn matches(&self, image: &Value) -> bool {
        let is = |rule: &Rule, value: Option<&str>| match rule {
            Rule::Is(text) => value == Some(text),
            Rule::Exists { exists } => value.is_some() == *exists,
        };
        let one_is = |rules: &Option<Vec<Rule>>, value: &Value| rules.iter().all(|rules| rules.iter().any(|rule| is(rule, value.as_str())));
        self.dynamodb.new_image.iter().all(|(name, types)| one_is(&types.s, &image[name]["S"]) && one_is(&types.n, &image[name]["N"]))
    }
}
