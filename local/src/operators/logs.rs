//! The last log lines of functions.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Refused;
use crate::{clock::iso8601, lambda::LogLine};

/// `logs filter-log-events`, which `logs tail` calls, too. All functions log to the one `group` of the template, such as
/// `/muster/muster-dev`, each to streams of its own, such as `2026/11/21/muster-dev-play`. `lines` answers those since a time in epoch
/// milliseconds.
///
/// # Errors
/// If there is no such group, or the pattern is more than words.
pub(super) fn filter(group: &str, lines: impl Fn(u64) -> Vec<LogLine>, request: &Value) -> Result<Value, Refused> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    // An identifier is a name or an ARN, which may end with `:*`.
    let asked = if text("logGroupName").is_empty() { text("logGroupIdentifier") } else { text("logGroupName") };
    if asked.trim_end_matches(":*").rsplit(':').next() != Some(group) {
        return Err(("ResourceNotFoundException", format!("The specified log group does not exist: {asked}. There is {group}")));
    }
    let pattern = text("filterPattern");
    if pattern.contains(['{', '[', '?', '%']) {
        let message = format!("the filter pattern {pattern} is not implemented: this stack knows words, which all have to be in a line");
        return Err(("InvalidParameterException", message));
    }
    let words: Vec<&str> = match pattern.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(phrase) => vec![phrase],
        None => pattern.split_whitespace().collect(),
    };
    let until = request["endTime"].as_u64().unwrap_or(u64::MAX);
    let lines = lines(request["startTime"].as_u64().unwrap_or_default()).into_iter();
    let lines = lines.filter(|line| line.time_ms <= until && words.iter().all(|word| line.text.contains(word)));
    let events = lines.map(|LogLine { time_ms, function, text, .. }| {
        let stream = format!("{}/{function}", iso8601(time_ms)[..10].replace('-', "/"));
        // `logs tail --follow` asks for the last millisecond again, and knows by its id what it has shown.
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{time_ms} {function} {text}").as_bytes()).to_string();
        json!({"eventId": id, "logStreamName": stream, "timestamp": time_ms, "ingestionTime": time_ms, "message": text})
    });
    let of_streams =
        events.filter(|event| event["logStreamName"].as_str().is_some_and(|name| name.starts_with(text("logStreamNamePrefix"))));
    let limit = request["limit"].as_u64().unwrap_or(10_000) as usize;
    Ok(json!({"events": of_streams.take(limit).collect::<Value>(), "searchedLogStreams": []}))
}
