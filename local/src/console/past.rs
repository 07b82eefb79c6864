//! What has happened: log lines about something, one invocation, the changes of a row.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};

use super::Console;
use crate::lambda::LogLine;

/// So many other ids are followed.
const FOLLOWED: usize = 20;
/// Members of a log line that name something whose lines belong to it: what is asked for leads to a match, and that to a cause.
const LEADS: [&str; 2] = ["cause", "matchId"];

type Parameters = Query<BTreeMap<String, String>>;
type Answer = Result<Json<Value>, (StatusCode, String)>;

fn required<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, (StatusCode, String)> {
    let value = parameters.get(name).map_or("", String::as_str);
    if value.is_empty() { Err((StatusCode::BAD_REQUEST, format!("the parameter {name} is missing\n"))) } else { Ok(value) }
}

/// `?id=ID`: all remembered lines about it.
pub(super) async fn trace(State(console): State<Arc<Console>>, parameters: Parameters) -> Answer {
    let lines = traced(console.status.lambda.all_log_lines(0), required(&parameters, "id")?);
    Ok(Json(json!({ "lines": lines })))
}

/// The lines that contain the id, and those that contain what such a line names, in the order of `lines`.
pub(super) fn traced(lines: Vec<LogLine>, id: &str) -> Vec<Value> {
    let read = |line: &LogLine| serde_json::from_str(&line.text).unwrap_or_else(|_| json!({"message": line.text}));
    let mut ids = BTreeSet::from([id.to_owned()]);
    for line in lines.iter().filter(|line| line.text.contains(id)).map(read) {
        let places = [&line, &line["span"]];
        let named = places.into_iter().flat_map(|place| LEADS.map(|lead| place[lead].as_str())).flatten().filter(|named| !named.is_empty());
        for named in named {
            if ids.len() <= FOLLOWED {
                ids.insert(named.to_owned());
            }
        }
    }
    let found = lines.iter().filter(|line| ids.iter().any(|id| line.text.contains(id.as_str())));
    found.map(|line| json!({"at": line.time_ms, "function": line.function, "line": read(line)})).collect()
}

/// One of the latest invocations, with what it has logged. Whoever looks on sees no tokens.
pub(super) async fn invocation(State(console): State<Arc<Console>>, Path(id): Path<String>) -> Answer {
    let unknown = || (StatusCode::NOT_FOUND, format!("the invocation {id} is not among the latest\n"));
    let past = console.events.invocation(&id).ok_or_else(unknown)?;
    let json = |bytes: &[u8]| {
        let text = || Value::from(String::from_utf8_lossy(bytes));
        without_tokens(serde_json::from_slice(bytes).unwrap_or_else(|_| text()))
    };
    let lines = console.status.lambda.all_log_lines(0).into_iter().filter(|line| line.request_id.as_ref() == Some(&id));
    Ok(Json(json!({
        "function": past.function, "at": past.at, "ms": past.ms(), "payload": json(&past.payload), "answer": json(&past.answer),
        "logs": lines.map(|line| line.text).collect::<Value>(),
    })))
}

/// The value with all that may be a token replaced: an `Authorization` header, and the query parameter of browsers.
fn without_tokens(value: Value) -> Value {
    let is_token = |name: &str| ["authorization", "token"].iter().any(|secret| name.eq_ignore_ascii_case(secret));
    match value {
        Value::Object(members) => {
            let shown = |(name, value): (String, Value)| {
                let value = if is_token(&name) { "…".into() } else { without_tokens(value) };
                (name, value)
            };
            members.into_iter().map(shown).collect::<Map<_, _>>().into()
        }
        Value::Array(elements) => elements.into_iter().map(without_tokens).collect(),
        other => other,
    }
}

/// `?table=TABLE&key=KEY`: the latest changes of the rows with this partition key.
pub(super) async fn history(State(console): State<Arc<Console>>, parameters: Parameters) -> Answer {
    let table = format!("{}{}", console.manifest.prefix(), required(&parameters, "table")?);
    let changes = console.status.dynamodb.history(&table, required(&parameters, "key")?).await;
    let changes = changes.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("the streams cannot be read: {error}\n")))?;
    Ok(Json(json!({ "changes": changes })))
}
