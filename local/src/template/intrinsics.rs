//! Intrinsic functions: a value with `Ref`, `Fn::Sub` and the like becomes one without.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{Problem, Within};

/// Everything that a value may refer to.
#[derive(Default)]
pub(super) struct Scope {
    /// What `Ref` gives for a name, and `Fn::GetAtt` for a name, a dot and an attribute.
    pub(super) references: BTreeMap<String, String>,
    /// The conditions' outcomes.
    pub(super) conditions: BTreeMap<String, bool>,
}

impl Scope {
    /// The value without functions.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, Problem> {
        match value {
            Value::Object(members) => match members.iter().next() {
                Some((function, argument)) if members.len() == 1 && is_function(function) => self.call(function, argument),
                _ => self.members(members),
            },
            Value::Array(elements) => {
                elements.iter().enumerate().map(|(index, element)| self.resolve(element).within(format_args!("[{index}]"))).collect()
            }
            scalar => Ok(scalar.clone()),
        }
    }

    /// The map without functions.
    pub(super) fn members(&self, members: &Map<String, Value>) -> Result<Value, Problem> {
        let resolved = members.iter().map(|(key, member)| Ok((key.clone(), self.resolve(member).within(key)?)));
        resolved.collect::<Result<Map<_, _>, _>>().map(Value::Object)
    }

    /// The value as text.
    pub(super) fn text(&self, value: &Value) -> Result<String, Problem> {
        match self.resolve(value)? {
            Value::String(text) => Ok(text),
            _ => Err(Problem::new("this has to be text")),
        }
    }

    /// Whether a condition, or another expression of the functions that conditions have, is true.
    pub(super) fn holds(&self, expression: &Value) -> Result<bool, Problem> {
        Ok(self.text(expression)? == "true")
    }

    /// Whether the condition of this name is true.
    pub(super) fn condition(&self, name: &str) -> Result<bool, Problem> {
        self.conditions.get(name).copied().ok_or_else(|| Problem::new(format!("there is no condition {name}")))
    }

    fn reference(&self, name: &str) -> Result<&str, Problem> {
        let unknown = || Problem::new(format!("the local stack knows no parameter, resource or attribute {name} here"));
        self.references.get(name).map(String::as_str).ok_or_else(unknown)
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Value, Problem> {
        let list = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = match (function, argument, list) {
            ("Ref" | "Fn::GetAtt", Value::String(name), _) => self.reference(name)?.to_owned(),
            ("Fn::Sub", Value::String(text), _) => self.substitute(text, &Map::new())?,
            ("Fn::Sub", _, [Value::String(text), Value::Object(variables)]) => self.substitute(text, variables)?,
            ("Fn::Join", _, [Value::String(separator), Value::Array(elements)]) => {
                elements.iter().map(|element| self.text(element)).collect::<Result<Vec<_>, _>>()?.join(separator)
            }
            ("Fn::If", _, [Value::String(condition), yes, no]) => return self.resolve(if self.condition(condition)? { yes } else { no }),
            ("Fn::Equals", _, [left, right]) => (self.text(left)? == self.text(right)?).to_string(),
            ("Fn::Not", _, [operand]) => (!self.holds(operand)?).to_string(),
            ("Fn::And", _, [left, right]) => (self.holds(left)? & self.holds(right)?).to_string(),
            ("Fn::Or", _, [left, right]) => (self.holds(left)? | self.holds(right)?).to_string(),
            _ => return Err(Problem::new(format!("{function} is not implemented by the local stack, or not with this argument"))),
        };
        Ok(Value::String(text))
    }

    /// `${Name}` and `${Resource.Attribute}` are replaced. A `${` that is never closed is literal text.
    fn substitute(&self, template: &str, variables: &Map<String, Value>) -> Result<String, Problem> {
        let (mut result, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once("${")
            && let Some((name, after)) = after.split_once('}')
        {
            result += before;
            match variables.get(name) {
                Some(variable) => result += &self.text(variable)?,
                None => result += self.reference(name)?,
            }
            rest = after;
        }
        Ok(result + rest)
    }
}

/// Whether a map whose only key this is stands for a value.
pub(super) fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}
