//! Intrinsic functions: a value with `Ref`, `Fn::Sub` and the like becomes one without.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::Problem;

/// Everything that a value may refer to.
#[derive(Default)]
pub(super) struct Scope {
    /// What `Ref` gives for a name, and `Fn::GetAtt` for a name, a dot and an attribute.
    pub(super) references: BTreeMap<String, String>,
    /// The conditions' outcomes.
    pub(super) conditions: BTreeMap<String, bool>,
}

impl Scope {
    /// The value without functions. `None` is `AWS::NoValue`: the member or the element is to be left out.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, Problem> {
        Ok(Some(match value {
            Value::Object(members) => match members.iter().next() {
                Some((function, argument)) if members.len() == 1 && is_function(function) => return self.call(function, argument),
                _ => Value::Object(self.members(members)?),
            },
            Value::Array(elements) => {
                let mut resolved = Vec::new();
                for (index, element) in elements.iter().enumerate() {
                    resolved.extend(self.resolve(element).map_err(|problem| problem.at(index))?);
                }
                Value::Array(resolved)
            }
            scalar => scalar.clone(),
        }))
    }

    /// The members of a map without functions.
    pub(super) fn members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        let mut resolved = Map::new();
        for (key, member) in members {
            let member = self.resolve(member).map_err(|problem| problem.within(key))?;
            resolved.extend(member.map(|member| (key.clone(), member)));
        }
        Ok(resolved)
    }

    /// The value as text.
    pub(super) fn text(&self, value: &Value) -> Result<String, Problem> {
        match self.resolve(value)? {
            Some(Value::String(text)) => Ok(text),
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

    fn call(&self, function: &str, argument: &Value) -> Result<Option<Value>, Problem> {
        let list = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = match (function, argument, list) {
            ("Ref", Value::String(name), _) if name == "AWS::NoValue" => return Ok(None),
            ("Ref" | "Fn::GetAtt", Value::String(name), _) => self.reference(name)?.to_owned(),
            ("Fn::Sub", Value::String(text), _) => self.substitute(text, &Map::new())?,
            ("Fn::Sub", _, [Value::String(text), Value::Object(variables)]) => self.substitute(text, variables)?,
            ("Fn::Join", _, [Value::String(separator), elements]) => self.texts(elements)?.join(separator),
            ("Fn::Select", _, [index, elements]) => {
                let index = self.text(index)?.parse::<usize>().map_err(|_| Problem::new("Fn::Select takes a number and a list"))?;
                self.texts(elements)?.into_iter().nth(index).ok_or_else(|| Problem::new(format!("there is no element {index}")))?
            }
            ("Fn::If", _, [Value::String(condition), yes, no]) => return self.resolve(if self.condition(condition)? { yes } else { no }),
            ("Fn::Equals", _, [left, right]) => (self.text(left)? == self.text(right)?).to_string(),
            ("Fn::Not", _, [operand]) => (!self.holds(operand)?).to_string(),
            ("Fn::And" | "Fn::Or", _, [_, _, ..]) => {
                let outcomes = list.iter().map(|operand| self.holds(operand)).collect::<Result<Vec<bool>, _>>()?;
                outcomes.into_iter().reduce(|left, right| if function == "Fn::And" { left && right } else { left || right }) == Some(true)
            }
            .to_string(),
            _ => return Err(Problem::new(format!("{function} is not implemented by the local stack, or not with this argument"))),
        };
        Ok(Some(Value::String(text)))
    }

    fn texts(&self, elements: &Value) -> Result<Vec<String>, Problem> {
        match self.resolve(elements)? {
            Some(Value::Array(elements)) => elements.iter().map(|element| self.text(element)).collect(),
            _ => Err(Problem::new("this has to be a list")),
        }
    }

    /// `${Name}` and `${Resource.Attribute}` are replaced, `${!Name}` becomes `${Name}`. A `${` that is never closed is literal text.
    fn substitute(&self, template: &str, variables: &Map<String, Value>) -> Result<String, Problem> {
        let (mut result, mut rest) = (String::new(), template);
        while let Some((before, after)) = rest.split_once("${")
            && let Some((name, after)) = after.split_once('}')
        {
            result += before;
            match (name.strip_prefix('!'), variables.get(name)) {
                (Some(literal), _) => result += &format!("${{{literal}}}"),
                (None, Some(variable)) => result += &self.text(variable)?,
                (None, None) => result += self.reference(name)?,
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
