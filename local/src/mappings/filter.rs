//! Filter patterns: which records a function wants (Lambda developer guide, "Control which events Lambda sends to your function").
//!
//! A pattern has the record's shape, with a list of alternatives at each leaf: values, prefixes, and whether the leaf exists. All its leaves
//! must match; of several patterns, one must. Lambda's other operators, and lists and sets in a record, are refused.

use serde_json::{Map, Value};

/// Compiled filter patterns.
#[derive(Clone, Debug)]
pub(super) struct Filters {
    patterns: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    /// All must match.
    Fields(Vec<(String, Node)>),
    /// One must match.
    Leaf(Vec<Rule>),
}

#[derive(Clone, Debug)]
enum Rule {
    Exact(Value),
    Prefix(String),
    Exists(bool),
}

impl Filters {
    /// Compiles patterns for stream records. No patterns at all match every record. The error says what is wrong with the first that is
    /// refused, and where, such as `filter pattern 2, at dynamodb.NewImage.n.N: …`.
    pub(super) fn compile(patterns: &[Value]) -> Result<Filters, String> {
        let compile = |(index, pattern): (usize, &Value)| {
            let compiled = match pattern {
                Value::Object(members) => fields(members, &mut Vec::new()),
                _ => Err(": it is not an object".to_owned()),
            };
            compiled.map_err(|fault| format!("filter pattern {}{fault}", index + 1))
        };
        Ok(Filters { patterns: patterns.iter().enumerate().map(compile).collect::<Result<_, _>>()? })
    }

    /// Whether the function wants this record.
    pub(super) fn matches(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(Some(record)))
    }
}

fn fields<'a>(members: &'a Map<String, Value>, path: &mut Vec<&'a str>) -> Result<Node, String> {
    let mut nodes = Vec::new();
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
        let node = match value {
            Value::Object(members) if !members.is_empty() => fields(members, path)?,
            Value::Array(rules) if !rules.is_empty() => Node::Leaf(rules.iter().map(rule).collect::<Result<_, _>>().map_err(at)?),
            value => return Err(at(format!("it takes an object or a list, with something in it, not {value}"))),
        };
        nodes.push((name.clone(), node));
        path.pop();
    }
    Ok(Node::Fields(nodes))
}

fn rule(value: &Value) -> Result<Rule, String> {
    match value {
        Value::Object(operator) => match operator.iter().next().filter(|_| operator.len() == 1) {
            Some((name, Value::String(prefix))) if name == "prefix" => Ok(Rule::Prefix(prefix.clone())),
            Some((name, Value::Bool(exists))) if name == "exists" => Ok(Rule::Exists(*exists)),
            _ => Err(format!("{value} is not understood by the local stack; it knows prefix with a string, and exists with true or false")),
        },
        Value::Number(number) => Err(format!("a number in a DynamoDB record is a string: write \"{number}\"")),
        Value::Array(_) => Err("a list of lists matches nothing".to_owned()),
        value => Ok(Rule::Exact(value.clone())),
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Node::Fields(fields) => fields.iter().all(|(name, node)| node.matches(value.and_then(|value| value.get(name)))),
            Node::Leaf(rules) => rules.iter().any(|rule| match rule {
                Rule::Exact(exact) => value == Some(exact),
                Rule::Prefix(prefix) => value.and_then(Value::as_str).is_some_and(|text| text.starts_with(prefix)),
                // Only leaves exist.
                Rule::Exists(wanted) => value.is_some_and(|value| !value.is_object() && !value.is_array()) == *wanted,
            }),
        }
    }
}
