//! The template's parameters: defaults, overrides and the rules that values have to keep.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    error::{Problem, TemplateError, Within, all},
    scalars::limit,
};

/// A parameter as the template declares it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Parameter {
    #[serde(rename = "Description")]
    _description: Option<IgnoredAny>,
    r#type: Type,
    default: Option<String>,
    allowed_values: Option<Vec<String>>,
    allowed_pattern: Option<String>,
    #[serde(default, deserialize_with = "limit")]
    min_value: Option<f64>,
    #[serde(default, deserialize_with = "limit")]
    max_value: Option<f64>,
    constraint_description: Option<String>,
}

#[derive(Deserialize)]
enum Type {
    Number,
    String,
}

/// The value of each parameter, which is what `Ref` gives.
pub(super) fn values(
    declared: &BTreeMap<String, Parameter>,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let names = || declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let unknown = overrides.keys().filter(|name| !declared.contains_key(*name));
    let unknown = unknown.map(|name| Err(Problem::new(format!("the template has no parameter {name}; it has {}", names()))));
    let values = declared.iter().map(|(name, parameter)| {
        let value = overrides.get(name).or(parameter.default.as_ref());
        let checked = match value {
            Some(value) => parameter.check(value).map(|()| (name.clone(), value.clone())),
            None => Err("it has no default and was given no value; give it one".to_owned()),
        };
        checked.map_err(Problem::new).within(name).within("Parameters")
    });
    Ok(all(unknown.chain(values))?.into_iter().collect())
}

impl Parameter {
    fn check(&self, value: &str) -> Result<(), String> {
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        let broken = match (number, self) {
            (None, Self { r#type: Type::Number, .. }) => "is not a number".to_owned(),
            (Some(number), Self { min_value: Some(least), .. }) if number < *least => format!("is less than {least}"),
            (Some(number), Self { max_value: Some(most), .. }) if number > *most => format!("is more than {most}"),
            (_, Self { allowed_values: Some(allowed), .. }) if allowed.iter().all(|allowed| allowed != value) => {
                format!("is not one of {}", allowed.join(", "))
            }
            (_, Self { allowed_pattern: Some(pattern), .. }) if !matches(pattern, value) => format!("does not match {pattern}"),
            _ => return Ok(()),
        };
        let explanation = self.constraint_description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        Err(format!("the value `{value}` {broken}{explanation}"))
    }
}

/// CloudFormation wants the whole value to match. A pattern that cannot be read matches nothing.
fn matches(pattern: &str, value: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value))
}
