//! A state machine's definition in the Amazon States Language, as far as the repository uses it. Whatever else is in one is refused by
//! name.
//! <https://states-language.net/spec.html>

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};
use serde_json::Value;

/// The one service that is integrated.
const PUBLISH: &str = "arn:aws:states:::sns:publish";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Definition {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub(super) start_at: String,
    pub(super) states: BTreeMap<String, State>,
}

#[derive(Deserialize)]
#[serde(tag = "Type", rename_all_fields = "PascalCase", deny_unknown_fields)]
pub(super) enum State {
    Task(Task),
    Choice { choices: Vec<Rule>, default: String },
    Wait { seconds_path: Path, next: String },
    Succeed {},
    Fail { error: String, cause_path: Path },
}

/// A call of a function, by its ARN and with the state's input, or of SNS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Task {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    pub(super) resource: String,
    /// Of SNS.
    pub(super) parameters: Option<Publish>,
    /// Whether the input is the output, which `null` says; else it is the result.
    #[serde(rename = "ResultPath", default, deserialize_with = "null")]
    pub(super) discards_result: bool,
    #[serde(default)]
    pub(super) retry: Vec<Retry>,
    #[serde(default)]
    pub(super) catch: Vec<Catch>,
    pub(super) next: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) topic_arn: String,
    pub(super) subject: String,
    #[serde(rename = "Message.$")]
    pub(super) message: Path,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Retry {
    pub(super) error_equals: Errors,
    interval_seconds: f64,
    pub(super) max_attempts: i32,
    backoff_rate: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Catch {
    pub(super) error_equals: Errors,
    pub(super) result_path: Path,
    pub(super) next: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rule {
    variable: Path,
    is_present: Option<bool>,
    boolean_equals: Option<bool>,
    pub(super) next: String,
}

/// Names of errors of tasks.
#[derive(Deserialize)]
pub(super) struct Errors(Vec<String>);

/// Where something is, such as `$.error.Cause`, as a JSON pointer.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Path(String);

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Path, String> {
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let names = text.strip_prefix("$.").filter(|names| names.split('.').all(is_name));
        let unknown = || format!("the path {text} is not implemented; it knows $.member and $.member.member");
        names.map(|names| Path(format!("/{}", names.replace('.', "/")))).ok_or_else(unknown)
    }
}

impl Path {
    pub(super) fn get<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        value.pointer(&self.0)
    }

    /// Puts `value` there; none if what it is to be put into is no object.
    pub(super) fn put(&self, mut whole: Value, value: Value) -> Option<Value> {
        let (parent, name) = self.0.rsplit_once('/')?;
        whole.pointer_mut(parent)?.as_object_mut()?.insert(name.to_owned(), value);
        Some(whole)
    }
}

impl Definition {
    /// Reads a definition, with `${Name}` replaced by the substitution of that name.
    ///
    /// # Errors
    /// What is wrong with it, and in which state.
    pub(super) fn read(text: &str, substitutions: &BTreeMap<String, String>) -> Result<Definition, String> {
        let replaced = substitutions.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
        if let Some((_, rest)) = replaced.split_once("${") {
            let name = rest.split('}').next().unwrap_or_default();
            return Err(format!("nothing is substituted for {name}: DefinitionSubstitutions has no member of this name"));
        }
        let mut json = serde_json::Deserializer::from_str(&replaced);
        let definition: Definition = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let place = Some(error.path().to_string()).filter(|path| path != ".").unwrap_or_else(|| "this".to_owned());
            format!("the local stack does not understand {place}: {}", error.inner())
        })?;
        let Definition { start_at, states, .. } = &definition;
        states.iter().try_for_each(|(name, state)| state.check().map_err(|why| format!("States.{name}: {why}")))?;
        let mut next = states.values().flat_map(State::next).chain([start_at.as_str()]);
        let missing = next.find(|next| !states.contains_key(*next)).map(|missing| format!("there is no state {missing}"));
        drop(next);
        missing.map_or(Ok(definition), Err)
    }
}

impl State {
    /// Refuses what serde cannot.
    fn check(&self) -> Result<(), String> {
        match self {
            State::Task(Task { resource, parameters, .. }) => {
                let (calls, publishes) = (resource.contains(":function:"), resource == PUBLISH);
                if !(calls && parameters.is_none() || publishes && parameters.is_some()) {
                    return Err(format!("{resource} is not implemented so; it knows functions, and {PUBLISH} with Parameters"));
                }
            }
            State::Choice { choices, .. } if choices.iter().any(|rule| rule.is_present.is_some() == rule.boolean_equals.is_some()) => {
                return Err("a rule has to have one of IsPresent and BooleanEquals".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// The states that may come next.
    fn next(&self) -> Vec<&str> {
        match self {
            State::Task(task) => task.catch.iter().map(|catch| catch.next.as_str()).chain([task.next.as_str()]).collect(),
            State::Choice { choices, default } => choices.iter().map(|rule| rule.next.as_str()).chain([default.as_str()]).collect(),
            State::Wait { next, .. } => vec![next],
            State::Succeed {} | State::Fail { .. } => Vec::new(),
        }
    }

    /// As in `Type`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            State::Task(_) => "Task",
            State::Choice { .. } => "Choice",
            State::Wait { .. } => "Wait",
            State::Succeed {} => "Succeed",
            State::Fail { .. } => "Fail",
        }
    }
}

impl Rule {
    /// Whether it holds for `input`; none if it compares what is not there.
    pub(super) fn holds(&self, input: &Value) -> Option<bool> {
        let value = self.variable.get(input);
        match self.boolean_equals {
            Some(wanted) => value.map(|value| *value == wanted),
            None => Some(Some(value.is_some()) == self.is_present),
        }
    }
}

impl Retry {
    /// Milliseconds before the next attempt, after so many.
    pub(super) fn wait(&self, attempts: i32) -> u64 {
        (self.interval_seconds * self.backoff_rate.powi(attempts) * 1_000.0) as u64
    }
}

impl Errors {
    /// Whether `error` is one of them. `States.TaskFailed` is all but a timeout of the state machine's own.
    pub(super) fn have(&self, error: &str) -> bool {
        self.0.iter().any(|name| name == error || name == "States.ALL" || (name == "States.TaskFailed" && error != "States.Timeout"))
    }
}

fn null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(true),
        path => Err(Error::custom(format!("ResultPath {path} is not implemented; it knows null"))),
    }
}
