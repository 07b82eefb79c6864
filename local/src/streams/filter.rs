//! Filter patterns: which records a function wants (Lambda developer guide, "Control which events Lambda sends to your function").
//!
//! A pattern has the record's shape, with a list of alternatives at each leaf. All its leaves must match; of several patterns, one must.
//! A list in the record matches if one of its members does. `exists` looks at leaves only, and there are no numeric operators for stream
//! records, because a number in a DynamoDB record is a string.

use serde_json::{Map, Value};

use crate::account::MOST_FILTERS;

/// Characters of one pattern at most.
const LONGEST_PATTERN: usize = 4096;
/// What is filtered.
pub(crate) struct Subject {
    /// As messages name it.
    pub(crate) name: &'static str,
    /// Its members that Lambda filters by. A pattern for anything else would never match.
    pub(crate) members: &'static [&'static str],
    /// Whether its numbers are numbers.
    pub(crate) has_numbers: bool,
}

const STREAM_RECORD: Subject = Subject {
    name: "stream record",
    members: &["awsRegion", "dynamodb", "eventID", "eventName", "eventSource", "eventSourceARN", "eventVersion", "userIdentity"],
    has_numbers: false,
};

/// What is wrong with a filter pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("filter pattern {pattern}{at}: {reason}", at = if path.is_empty() { String::new() } else { format!(", at {path}") })]
pub struct FilterError {
    /// The pattern's place in the list, from 1.
    pub pattern: usize,
    /// The member in question, such as `dynamodb.NewImage.state.S`; empty for the pattern as a whole.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

/// Compiled filter patterns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    patterns: Vec<Fields>,
}

/// All must match.
type Fields = Vec<(String, Node)>;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Fields(Fields),
    /// One must match.
    Leaf(Vec<Rule>),
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Exact(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Value>),
    AnythingButPrefix(Vec<String>),
    AnythingButSuffix(Vec<String>),
    /// All must hold.
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filters {
    /// Compiles patterns for stream records, each an object or the JSON text of one. No patterns at all match every record.
    ///
    /// # Errors
    /// At the first pattern that AWS would refuse or that could never match.
    pub fn compile(patterns: &[Value]) -> Result<Filters, FilterError> {
        Filters::compile_for(&STREAM_RECORD, patterns)
    }

    /// As [`Filters::compile`], for another subject.
    pub(crate) fn compile_for(subject: &Subject, patterns: &[Value]) -> Result<Filters, FilterError> {
        let error = |pattern, reason: String| FilterError { pattern, path: String::new(), reason };
        if patterns.len() > MOST_FILTERS {
            return Err(error(patterns.len(), format!("a mapping has at most {MOST_FILTERS} patterns")));
        }
        let compile = |(index, pattern): (usize, &Value)| {
            let number = index + 1;
            let parsed = match pattern {
                Value::String(text) => serde_json::from_str(text).map_err(|fault| error(number, format!("it is not JSON: {fault}")))?,
                pattern => pattern.clone(),
            };
            let length = parsed.to_string().chars().count();
            if length > LONGEST_PATTERN {
                return Err(error(number, format!("it has {length} characters, more than {LONGEST_PATTERN}")));
            }
            let Value::Object(members) = &parsed else { return Err(error(number, "it is not an object".to_owned())) };
            if let Some(name) = members.keys().find(|name| !subject.members.contains(&name.as_str())) {
                let reason = format!("Lambda filters no {} by a member {name:?}, only by {}", subject.name, subject.members.join(", "));
                return Err(error(number, reason));
            }
            fields(members, "", subject).map_err(|(path, reason)| FilterError { pattern: number, path, reason })
        };
        Ok(Filters { patterns: patterns.iter().enumerate().map(compile).collect::<Result<_, _>>()? })
    }

    /// Whether the function wants this record.
    pub fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| all_match(pattern, Some(record)))
    }
}

/// A path and a reason.
type Fault = (String, String);

fn fields(members: &Map<String, Value>, path: &str, subject: &Subject) -> Result<Fields, Fault> {
    let field = |(name, value): (&String, &Value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let node = match value {
            Value::Object(members) if members.is_empty() => Err((path, "an empty object matches nothing in particular".to_owned())),
            Value::Object(members) => fields(members, &path, subject).map(Node::Fields),
            Value::Array(rules) if rules.is_empty() => Err((path, "an empty list matches nothing".to_owned())),
            Value::Array(rules) => rules.iter().map(|value| rule(name, value, &path, subject)).collect::<Result<_, _>>().map(Node::Leaf),
            value => Err((path, format!("{value} must stand in a list: [{value}]"))),
        };
        if name.starts_with('$') {
            return Err((name.clone(), format!("{name} is not supported")));
        }
        Ok((name.clone(), node?))
    };
    members.iter().map(field).collect()
}

fn rule(name: &str, value: &Value, path: &str, subject: &Subject) -> Result<Rule, Fault> {
    let fault = |reason: String| (path.to_owned(), reason);
    let operator = match value {
        Value::Object(operator) => operator,
        Value::Array(_) => return Err(fault("a list of lists".to_owned())),
        Value::Number(number) if name == "N" && !subject.has_numbers => {
            return Err(fault(format!("a number in a DynamoDB record is a string: write \"{number}\"")));
        }
        value => return Ok(Rule::Exact(value.clone())),
    };
    let mut operators = operator.iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return Err(fault(format!("{value} must have exactly one operator")));
    };
    let text = || operand.as_str().map(str::to_owned).ok_or_else(|| fault(format!("{operator} takes a string, not {operand}")));
    match operator.as_str() {
        "prefix" => Ok(Rule::Prefix(text()?)),
        "suffix" => Ok(Rule::Suffix(text()?)),
        "equals-ignore-case" => Ok(Rule::EqualsIgnoreCase(text()?.to_lowercase())),
        "exists" => operand.as_bool().map(Rule::Exists).ok_or_else(|| fault(format!("exists takes true or false, not {operand}"))),
        "anything-but" => anything_but(operand).map_err(fault),
        "numeric" if subject.has_numbers => numeric(operand).map_err(fault),
        "numeric" => Err(fault("numeric operators do not work on DynamoDB records, whose numbers are strings".to_owned())),
        operator => Err(fault(format!("the operator {operator:?} is not supported"))),
    }
}

fn anything_but(operand: &Value) -> Result<Rule, String> {
    let scalar = |value: &Value| match value {
        Value::String(_) | Value::Number(_) => Ok(value.clone()),
        value => Err(format!("anything-but takes strings and numbers, not {value}")),
    };
    match operand {
        Value::Array(values) if values.is_empty() => Err("anything-but takes at least one value".to_owned()),
        Value::Array(values) => Ok(Rule::AnythingBut(values.iter().map(scalar).collect::<Result<_, _>>()?)),
        Value::Object(operator) => {
            let mut operators = operator.iter();
            match (operators.next(), operators.next()) {
                (Some((operator, texts)), None) if operator == "prefix" => Ok(Rule::AnythingButPrefix(strings(operator, texts)?)),
                (Some((operator, texts)), None) if operator == "suffix" => Ok(Rule::AnythingButSuffix(strings(operator, texts)?)),
                _ => Err(format!("anything-but takes values, or one prefix or suffix, not {operand}")),
            }
        }
        value => Ok(Rule::AnythingBut(vec![scalar(value)?])),
    }
}

/// `[">", 0, "<=", 5]`: one comparison or two.
fn numeric(operand: &Value) -> Result<Rule, String> {
    let refuse = || format!("numeric takes one comparison or two, such as [\">\", 0, \"<=\", 5], not {operand}");
    let parts = operand.as_array().filter(|parts| matches!(parts.len(), 2 | 4)).ok_or_else(refuse)?;
    let comparison = |pair: &[Value]| {
        let comparison = match pair[0].as_str()? {
            "=" => Comparison::Equal,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        Some((comparison, pair[1].as_f64()?))
    };
    parts.chunks_exact(2).map(comparison).collect::<Option<_>>().map(Rule::Numeric).ok_or_else(refuse)
}

/// A string or a list of them.
fn strings(operator: &str, value: &Value) -> Result<Vec<String>, String> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts: Option<Vec<_>> = values.iter().map(text).collect();
    texts.filter(|texts| !texts.is_empty()).ok_or_else(|| format!("{operator} takes strings, not {value}"))
}

fn all_match(fields: &Fields, value: Option<&Value>) -> bool {
    match value {
        // One member of the list must match as a whole.
        Some(Value::Array(items)) if !items.is_empty() => items.iter().any(|item| all_match(fields, Some(item))),
        value => fields.iter().all(|(name, node)| {
            let member = value.and_then(|value| value.get(name.as_str()));
            match node {
                Node::Fields(fields) => all_match(fields, member),
                Node::Leaf(rules) => rules.iter().any(|rule| rule.matches(member)),
            }
        }),
    }
}

impl Rule {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Rule::Exists(wanted) => value.is_some_and(has_leaf) == *wanted,
            rule => value.is_some_and(|value| rule.matches_member(value)),
        }
    }

    /// Whether the scalar, or one of the list, is as the rule says. An object never is.
    fn matches_member(&self, value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| self.matches_member(item)),
            Value::Object(_) => false,
            value => self.matches_scalar(value),
        }
    }

    fn matches_scalar(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Rule::Exact(exact) => equal(exact, value),
            Rule::EqualsIgnoreCase(lower) => text.is_some_and(|text| text.to_lowercase() == *lower),
            Rule::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Rule::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Rule::AnythingBut(values) => !values.iter().any(|but| equal(but, value)),
            Rule::AnythingButPrefix(prefixes) => !prefixes.iter().any(|prefix| text.is_some_and(|text| text.starts_with(prefix))),
            Rule::AnythingButSuffix(suffixes) => !suffixes.iter().any(|suffix| text.is_some_and(|text| text.ends_with(suffix))),
            Rule::Numeric(comparisons) => {
                value.as_f64().is_some_and(|number| comparisons.iter().all(|(how, with)| how.holds(number, *with)))
            }
            Rule::Exists(_) => false,
        }
    }
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

/// Whether there is a scalar here, alone or in a list.
fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().any(has_leaf),
        _ => true,
    }
}

/// Equal, 1 and 1.0 being the same number.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}
