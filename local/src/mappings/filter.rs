//! Filter patterns: which records a function wants (Lambda developer guide, "Control which events Lambda sends to your function").
//!
//! A pattern has the record's shape, with a list of alternatives at each leaf: values, prefixes, and whether the leaf exists. All its leaves
//! must match; of several patterns, one must. Lambda's other operators, and lists and sets in a record, are refused.

use serde_json::{Map, Value};

/// Patterns of which nothing is refused.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    patterns: Vec<Value>,
}

impl Filters {
    /// Patterns for stream records. None at all match every record. The error says what is wrong with the first that is refused, and where,
    /// such as `filter pattern 2, at dynamodb.NewImage.n.N: …`.
    pub(super) fn new(patterns: &[Value]) -> Result<Filters, String> {
        for (index, pattern) in patterns.iter().enumerate() {
            let checked = pattern.as_object().ok_or(": it is not an object".to_owned()).and_then(|members| check(members, &mut Vec::new()));
            checked.map_err(|fault| format!("filter pattern {}{fault}", index + 1))?;
        }
        Ok(Filters { patterns: patterns.to_vec() })
    }

    /// Whether the function wants this record.
    pub(super) fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches(pattern, Some(record)))
    }
}

/// Refuses what [`matches`] would not understand.
fn check<'a>(members: &'a Map<String, Value>, path: &mut Vec<&'a str>) -> Result<(), String> {
    for (name, value) in members {
        path.push(name);
        let at = |reason: String| format!(", at {}: {reason}", path.join("."));
        // `dynamodb.NewImage.name.TYPE`, and below a map again `name.TYPE`.
        let is_type = path.len() >= 4 && path.len().is_multiple_of(2);
        if path[0] != "dynamodb" {
            return Err(at("Lambda filters stream records by their member dynamodb alone".to_owned()));
        } else if name.starts_with('$') || is_type && matches!(name.as_str(), "L" | "SS" | "NS" | "BS") {
            return Err(at("the local stack understands no alternatives of members, and no lists and sets in records".to_owned()));
        }
        match value {
            Value::Object(members) if !members.is_empty() => check(members, path)?,
            Value::Array(rules) if !rules.is_empty() => rules.iter().try_for_each(check_rule).map_err(at)?,
            value => return Err(at(format!("it takes an object or a list, with something in it, not {value}"))),
        }
        path.pop();
    }
    Ok(())
}

fn check_rule(rule: &Value) -> Result<(), String> {
    let text = "the local stack knows values, prefix with a string, and exists with true or false";
    match rule {
        Value::Object(operator) if operator.len() == 1 && (rule["prefix"].is_string() || rule["exists"].is_boolean()) => Ok(()),
        Value::Object(_) | Value::Array(_) => Err(format!("{rule} is not understood: {text}")),
        Value::Number(number) => Err(format!("a number in a DynamoDB record is a string: write \"{number}\"")),
        _ => Ok(()),
    }
}

fn matches(pattern: &Value, value: Option<&Value>) -> bool {
    let is = |rule: &Value| match (rule["prefix"].as_str(), rule["exists"].as_bool()) {
        (Some(prefix), _) => value.and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix)),
        // Only leaves exist.
        (None, Some(exists)) => value.is_some_and(|value| !value.is_object() && !value.is_array()) == exists,
        (None, None) => value == Some(rule),
    };
    match pattern {
        Value::Object(members) => members.iter().all(|(name, pattern)| matches(pattern, value.and_then(|value| value.get(name)))),
        rules => rules.as_array().is_some_and(|rules| rules.iter().any(is)),
    }
}
