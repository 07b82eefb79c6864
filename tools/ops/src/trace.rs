//! `trace`: what one id led to or came of, by the log lines of all functions.

use std::{collections::BTreeSet, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Result, access::Access, output::Output, time};

/// Most ids that are followed.
const FOLLOWED: usize = 20;
/// Fields that name what comes of requests.
const OUTCOMES: [&str; 3] = ["matchId", "groupId", "placementId"];
/// All fields that are followed, those first.
const JOINS: [&str; 6] = ["matchId", "groupId", "placementId", "ticketId", "cause", "by"];
/// Members that stand elsewhere in a line, or say nothing.
const LEFT_OUT: [&str; 4] = ["level", "message", "span", "name"];

/// What is traced.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The cause of a request is in log lines, in rows, and in API Gateway's own frames as `requestId`. Lines that name other \
                        causes, matches, placements or tickets lead to those, and from there to matches and placements: so a request to \
                        join a pool leads to its match. At most 20 ids are followed. Times are UTC."
)]
pub struct Args {
    /// A cause (the id of a request), a match, placement, ticket, connection or player
    pub id: String,

    /// How far back the log is searched: 90s, 15m, 2h, 1d. CloudWatch searches slowly; choose little
    #[arg(long, default_value = "1h", value_parser = time::span)]
    pub since: Duration,
}

/// A line of a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// When it was written, in epoch milliseconds.
    pub at: u64,
    /// The function's name.
    pub function: String,
    /// The line. What is no JSON, such as what a panic prints, is its `message`.
    pub line: Map<String, Value>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Trace {
    /// In order of time.
    pub lines: Vec<Line>,
    /// How many ids were followed.
    #[serde(skip)]
    followed: usize,
    /// How many more there were.
    #[serde(skip)]
    skipped: usize,
}

impl Line {
    /// Reads an event of a log stream, whose name contains the function's. None of a metric.
    pub(crate) fn read(at: u64, stream: &str, message: &str) -> Option<Self> {
        let line = serde_json::from_str::<Map<String, Value>>(message);
        let line = line.unwrap_or_else(|_| Map::from_iter([("message".to_owned(), message.trim_end().into())]));
        let function = stream.rsplit('/').next().unwrap_or_default().split('[').next().unwrap_or_default().to_owned();
        (!line.contains_key("_aws")).then_some(Self { at, function, line })
    }

    /// A field, of the line or of the span around it.
    fn field(&self, name: &str) -> Option<&Value> {
        self.line.get(name).or_else(|| self.line.get("span")?.get(name))
    }

    /// The line as people read it: when, where, what, and the fields.
    fn text(&self, prefix: &str, width: usize) -> String {
        let function = self.function.strip_prefix(prefix).unwrap_or(&self.function);
        let level = self.field("level").and_then(Value::as_str).filter(|level| matches!(*level, "WARN" | "ERROR"));
        let level = level.map(|level| format!("{level} ")).unwrap_or_default();
        let what = self.field("message").map(plain).unwrap_or_default();
        let span = self.line.get("span").and_then(Value::as_object);
        let fields = self.line.iter().chain(span.into_iter().flatten().filter(|(name, _)| !self.line.contains_key(*name)));
        let fields = fields.filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())).map(|(name, value)| (name, plain(value)));
        let fields: String = fields.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("  {name}={value}")).collect();
        format!("{}  {function:width$}  {level}{what}{fields}", time::at(self.at))
    }
}

/// A value without the quotes and the `Some(…)` of Rust's `Debug`; nothing for nothing.
fn plain(value: &Value) -> String {
    let Value::String(text) = value else { return if value.is_null() { String::new() } else { value.to_string() } };
    let inner = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let inner = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(inner);
    if inner == "None" { String::new() } else { inner.replace('\n', "⏎") }
}

/// The ids that lines have in these fields, besides those that were asked for.
fn joined(lines: &[Line], names: &[&str], asked: &[String]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for name in names {
        for value in lines.iter().filter_map(|line| line.field(name)) {
            let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for id in several.iter().map(plain).filter(|id| is_id(id) && !asked.contains(id)) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
    }
    ids
}

/// Whether it can be searched for as a phrase.
fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '\\', '{', '[', '?', '%']) && !text.contains(char::is_control)
}

/// Finds the lines that contain `id`, and those that contain what these name.
///
/// # Errors
/// If it can be no id, or the log cannot be searched.
pub async fn find(access: &Access, id: &str, since: Duration) -> Result<Trace> {
    if !is_id(id) {
        return Err(format!("{id:?} can be no id: it is empty, or has quotes, brackets or the like").into());
    }
    let since = time::now().saturating_sub(u64::try_from(since.as_millis())?);
    let mut known = BTreeSet::new();
    let (mut lines, mut asked, mut skipped) = (access.lines(id, since, &mut known).await?, vec![id.to_owned()], BTreeSet::new());
    for names in [&JOINS[..], &OUTCOMES] {
        for id in joined(&lines, names, &asked) {
            if asked.len() > FOLLOWED {
                skipped.insert(id);
                continue;
            }
            lines.extend(access.lines(&id, since, &mut known).await?);
            asked.push(id);
        }
    }
    // Of the same millisecond, they stay in the order in which they were found.
    lines.sort_by_key(|line| line.at);
    Ok(Trace { lines, followed: asked.len() - 1, skipped: skipped.len() })
}

/// Prints the trace of an id.
pub(crate) async fn run(args: &Args, access: &Access, output: &mut Output<'_>) -> Result<()> {
    output.progress("searching the log …")?;
    let trace = find(access, &args.id, args.since).await?;
    output.progress("")?;
    output.document(&trace)?;
    let prefix = format!("{}-{}-", access.game, access.stage);
    let width = trace.lines.iter().map(|line| line.function.strip_prefix(&prefix).unwrap_or(&line.function).len()).max().unwrap_or(0);
    for line in &trace.lines {
        output.say(line.text(&prefix, width))?;
    }
    let Trace { followed, skipped, .. } = trace;
    let more = if skipped > 0 { format!("; {skipped} more were not followed") } else { String::new() };
    let since = args.since.as_secs() / 60;
    output.say(format!("{} lines of the last {since} minutes, {followed} ids followed{more}", trace.lines.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(at: u64, message: &Value) -> Line {
        Line::read(at, "2026/11/21/game-prod-play[12]5f0c", &message.to_string()).unwrap()
    }

    #[test]
    fn a_line_says_of_which_function_it_is_and_keeps_what_is_no_json() {
        let read = |stream| Line::read(5, stream, "thread 'main' panicked at x\n").unwrap();
        let names = ["2026/11/21/game-prod-play[12]5f0c", "2026/11/21/game-prod-play", "game-prod-play[$LATEST]a/b[c"]
            .map(|name| read(name).function);
        assert_eq!(names, ["game-prod-play", "game-prod-play", "b"]);
        assert_eq!(json!(read("x")), json!({"at": 5, "function": "x", "line": {"message": "thread 'main' panicked at x"}}));
        assert_eq!(Line::read(5, "x", r#"{"_aws": {}, "cause": "c"}"#), None, "metrics are no lines");
    }

    #[test]
    fn ids_are_found_in_lines_and_spans_once_and_never_the_one_that_was_asked_for() {
        let lines = [
            line(1, &json!({"message": "joined", "ticketId": "T1", "span": {"name": "request", "cause": "C1=", "playerId": "alice"}})),
            line(2, &json!({"message": "matched", "cause": "C2=", "groupId": "G1", "by": "None"})),
            line(3, &json!({"message": "delivered", "cause": "C2=", "by": ["C1=", "C3="], "matchId": "Some(\"G1\")", "version": 3})),
            line(4, &json!({"message": "odd", "placementId": "a\"b"})),
        ];
        assert_eq!(joined(&lines, &JOINS, &["C1=".to_owned()]), ["G1", "T1", "C2=", "C3="]);
        assert_eq!(joined(&lines, &OUTCOMES, &["C1=".to_owned(), "G1".to_owned()]), [""; 0]);
        assert_eq!(joined(&lines[..1], &JOINS, &["alice".to_owned()]), ["T1", "C1="], "players are not followed, or all would be joined");
    }

    #[test]
    fn a_line_shows_what_happened_with_its_fields() {
        let shown = line(
            1_795_259_005_007,
            &json!({
                "level": "INFO", "message": "played", "revision": 4, "repeated": null,
                "span": {"name": "call", "cause": "C", "revision": 9},
            }),
        );
        assert_eq!(shown.text("game-prod-", 6), "2026-11-21 11:03:25.007  play    played  revision=4  cause=C");
        let failed = line(0, &json!({"level": "ERROR", "message": "a row failed", "error": "x\ny"}));
        assert_eq!(failed.text("muster-dev-", 0), "1970-01-01 00:00:00.000  game-prod-play  ERROR a row failed  error=x⏎y");
    }
}
