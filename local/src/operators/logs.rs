//! The last log lines of functions, by group.

use serde_json::{Value, json};

use super::{Operators, Refused};

/// `logs filter-log-events`, which `logs tail` calls, too. A group is that of one function, `/aws/lambda/NAME`, or one of all functions whose
/// names begin with it, such as `/aws/lambda/muster-dev` or `/muster/dev`.
///
/// # Errors
/// If no function logs there, or the pattern is more than words.
pub(super) fn filter(operators: &Operators, request: &Value) -> Result<Value, Refused> {
    let group = ["logGroupName", "logGroupIdentifier"].into_iter().find_map(|name| request[name].as_str()).unwrap_or_default();
    let path = group.rsplit(':').next().unwrap_or_default();
    let begin = path.strip_prefix("/aws/lambda/").unwrap_or_else(|| path.trim_start_matches('/')).replace('/', "-");
    let logs = |name: &str| name == begin || name.strip_prefix(&begin).is_some_and(|rest| rest.starts_with('-'));
    let functions = || operators.manifest.functions.iter().map(|function| function.name.as_str());
    let one = functions().any(|name| name == begin);
    if begin.is_empty() || !functions().any(logs) {
        let groups: Vec<String> = functions().map(|name| format!("/aws/lambda/{name}")).collect();
        let message = format!("The specified log group does not exist: {group}. There are {}", groups.join(", "));
        return Err(("ResourceNotFoundException", message));
    }
    let pattern = request["filterPattern"].as_str().unwrap_or_default();
    if pattern.contains(['{', '[', '?', '%']) {
        let message = format!("the filter pattern {pattern} is not implemented: this stack knows words, which all have to be in a line");
        return Err(("InvalidParameterException", message));
    }
    let words: Vec<&str> = match pattern.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(phrase) => vec![phrase],
        None => pattern.split_whitespace().collect(),
    };
    let until = request["endTime"].as_u64().unwrap_or(u64::MAX);
    let limit = request["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(10_000);
    let lines = (operators.log_lines)(request["startTime"].as_u64().unwrap_or_default());
    let wanted = lines.into_iter().filter(|(time, name, text)| {
        let of_group = if one { *name == begin } else { logs(name) };
        of_group && *time <= until && words.iter().all(|word| text.contains(word))
    });
    let event = |(index, (time, name, text)): (usize, (u64, String, String))| json!({"eventId": format!("{time}-{index}"), "logStreamName": name, "timestamp": time, "ingestionTime": time, "message": text});
    Ok(json!({"events": wanted.take(limit).enumerate().map(event).collect::<Value>(), "searchedLogStreams": []}))
}
