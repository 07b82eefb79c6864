//! A state machine's definition in the Amazon States Language, as far as the repository uses it. Whatever else is in one is refused by
//! name.
//! <https://states-language.net/spec.html>

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};
use serde_json::{Value, json};

/// The one service that is integrated.
const PUBLISH: &str = "arn:aws:states:::sns:publish";

pub(super) struct Definition {
    pub(super) start_at: String,
    pub(super) states: BTreeMap<String, State>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "Comment")]
    _comment: Option<IgnoredAny>,
    start_at: String,
    states: BTreeMap<String, Value>,
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

/// Where something is, such as `$.error.Cause`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Path(Vec<String>);

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Path, String> {
        let is_name = |name: &String| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let names = text.strip_prefix("$.").map(|names| names.split('.').map(str::to_owned).collect::<Vec<_>>());
        let names = names.filter(|names| names.iter().all(is_name));
        names.map(Path).ok_or_else(|| format!("the path {text} is not implemented; it knows $.member and $.member.member"))
    }
}

impl Path {
    pub(super) fn get<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, name| value.get(name))
    }

    /// Puts `value` there; none if something on the way is no object.
    pub(super) fn put(&self, mut whole: Value, value: Value) -> Option<Value> {
        let mut place = &mut whole;
        for name in &self.0 {
            place = place.as_object_mut()?.entry(name.clone()).or_insert_with(|| json!({}));
        }
        *place = value;
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
        let document: Document = serde_json::from_str(&replaced).map_err(not_understood)?;
        let read = |(name, mut state): (String, Value)| {
            state.as_object_mut().and_then(|state| state.remove("Comment"));
            match serde_json::from_value::<State>(state).map_err(not_understood).and_then(State::checked) {
                Ok(state) => Ok((name, state)),
                Err(why) => Err(format!("States.{name}: {why}")),
            }
        };
        let states = document.states.into_iter().map(read).collect::<Result<BTreeMap<_, _>, _>>()?;
        let next = states.values().flat_map(State::next).chain([document.start_at.as_str()]);
        if let Some(missing) = next.into_iter().find(|next| !states.contains_key(*next)) {
            return Err(format!("there is no state {missing}"));
        }
        Ok(Definition { start_at: document.start_at, states })
    }
}

fn not_understood(error: serde_json::Error) -> String {
    format!("the local stack does not understand this: {error}")
}

impl State {
    /// Refuses what serde cannot.
    fn checked(self) -> Result<State, String> {
        match &self {
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
        Ok(self)
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
