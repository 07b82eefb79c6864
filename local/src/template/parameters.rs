//! The template's parameters: defaults, overrides and the rules that values have to keep.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::{error::Report, node::Node, section::Section};

/// The parameters of a template with their values.
#[derive(Default)]
pub(super) struct Parameters {
    /// All values, as text, which is what `Ref` gives. A value that is missing or breaks a rule is there as `None`: that is reported once,
    /// here, and not where it is used.
    pub(super) values: BTreeMap<String, Option<String>>,
    /// Those that the template marks `NoEcho`.
    pub(super) hidden: Vec<String>,
}

impl Parameters {
    /// The values that may be shown; those marked `NoEcho` as AWS shows them.
    pub(super) fn shown(&self) -> BTreeMap<String, String> {
        let show = |(name, value): (&String, &Option<String>)| {
            let value = if self.hidden.contains(name) { "****".to_owned() } else { value.clone().unwrap_or_default() };
            (name.clone(), value)
        };
        self.values.iter().map(show).collect()
    }
}

/// Reads the `Parameters` section and gives each parameter its value.
pub(super) fn read(declared: Option<&Node>, line: usize, overrides: &BTreeMap<String, String>, report: &Report) -> Parameters {
    let mut parameters = Parameters::default();
    if let Some(section) = declared.and_then(|node| Section::new(node, line, "Parameters", report)) {
        for entry in section.members() {
            let Some(rules) = Section::new(&entry.value, entry.line, section.at(&entry.key), report) else { continue };
            if rules.boolean("NoEcho") == Some(true) {
                parameters.hidden.push(entry.key.clone());
            }
            let value = value(&entry.key, rules, overrides.get(&entry.key), report);
            parameters.values.insert(entry.key.clone(), value);
        }
    }
    for name in overrides.keys().filter(|name| !parameters.values.contains_key(*name)) {
        let known: Vec<&str> = parameters.values.keys().map(String::as_str).collect();
        report.problem("Parameters", None, format!("the template has no parameter {name}; it has {}", known.join(", ")));
    }
    parameters
}

fn value(name: &str, rules: Section<'_>, given: Option<&String>, report: &Report) -> Option<String> {
    rules.node("Description");
    let explanation = rules.text("ConstraintDescription");
    rules.require("Type");
    let kind = rules.choice("Type", &["String", "Number"]);
    let default = rules.text("Default");
    let value = given.cloned().or(default);

    let mut broken: Vec<String> = Vec::new();
    match &value {
        Some(value) if kind.as_deref() == Some("Number") => check_number(value, &rules, &mut broken),
        Some(value) => check_string(value, &rules, &mut broken),
        None => {
            let message = format!("{name} has no default and was given no value; give it one");
            report.problem(&rules.path, rules.line, message);
        }
    }
    if let Some(value) = &value
        && rules.has("AllowedValues")
    {
        let allowed = rules.texts("AllowedValues");
        if !allowed.contains(value) {
            broken.push(format!("is not one of {}", allowed.join(", ")));
        }
    }
    for rule in &broken {
        let shown = if rules.boolean("NoEcho") == Some(true) { "****" } else { value.as_deref().unwrap_or_default() };
        let explanation = explanation.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        report.problem(&rules.path, rules.line, format!("the value `{shown}` of {name} {rule}{explanation}"));
    }
    // The rules of the other type, and all rules where there is no value to check, count as read.
    for key in ["AllowedPattern", "AllowedValues", "MinLength", "MaxLength", "MinValue", "MaxValue"] {
        rules.node(key);
    }
    rules.finish(&[]);
    value.filter(|_| broken.is_empty())
}

fn check_string(value: &str, rules: &Section<'_>, broken: &mut Vec<String>) {
    let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    if rules.integer("MinLength", 0..=i64::MAX).is_some_and(|least| length < least) {
        broken.push("is too short".to_owned());
    }
    if rules.integer("MaxLength", 0..=i64::MAX).is_some_and(|most| length > most) {
        broken.push("is too long".to_owned());
    }
    if let Some(pattern) = rules.text("AllowedPattern") {
        // CloudFormation wants the whole value to match.
        match Regex::new(&format!("^(?:{pattern})$")) {
            Ok(regex) if !regex.is_match(value) => broken.push(format!("does not match {pattern}")),
            Ok(_) => {}
            Err(error) => rules.problem("AllowedPattern", format!("the local stack cannot read this pattern: {error}")),
        }
    }
}

fn check_number(value: &str, rules: &Section<'_>, broken: &mut Vec<String>) {
    let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) else {
        broken.push("is not a number".to_owned());
        return;
    };
    if bound(rules, "MinValue").is_some_and(|least| number < least) {
        broken.push("is too small".to_owned());
    }
    if bound(rules, "MaxValue").is_some_and(|most| number > most) {
        broken.push("is too large".to_owned());
    }
}

fn bound(rules: &Section<'_>, key: &str) -> Option<f64> {
    let text = rules.text(key)?;
    let bound = text.parse().ok();
    if bound.is_none() {
        rules.problem(key, format!("{text} is not a number"));
    }
    bound
}
