//! Log lines for people: what a line of a function says, in one line with the time, the function, the player, and how long it took.

use std::{fmt::Write, time::Duration};

use serde_json::{Map, Value};

use crate::clock;

/// Members that stand elsewhere in the line, or only join lines of different functions: for those there is
/// [`LogFormat::Json`](super::LogFormat).
const LEFT_OUT: [&str; 8] = ["level", "message", "span", "playerId", "cause", "by", "connectionId", "function"];

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// DEBUG or TRACE, or a metric: JSON with `_aws`.
    Debug,
    /// INFO, or of no level.
    Info,
    Warn,
    Error,
}

impl Level {
    fn of(name: &str) -> Level {
        match name.to_ascii_uppercase().as_str() {
            "ERROR" => Level::Error,
            "WARN" => Level::Warn,
            "DEBUG" | "TRACE" => Level::Debug,
            _ => Level::Info,
        }
    }

    /// The word for those who see no colours, and the colour.
    fn looks(self) -> (&'static str, &'static str) {
        match self {
            Level::Debug => ("", "2"),
            Level::Info => ("", "0"),
            Level::Warn => ("WARN ", "33"),
            Level::Error => ("ERROR ", "1;31"),
        }
    }
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) level: Level,
    player: String,
    text: String,
}

impl Line {
    /// A line that is not JSON.
    pub(super) fn of(level: Level, text: &str) -> Line {
        Line { level, player: String::new(), text: text.to_owned() }
    }

    /// Reads a line of a function: a JSON object with `level`, `message` and more, a metric, or whatever a panic prints.
    pub(super) fn read(line: &str) -> Line {
        let Ok(members) = serde_json::from_str::<Map<String, Value>>(line) else {
            let level = if line.contains(" panicked at ") { Level::Error } else { Level::Info };
            return Line::of(level, line);
        };
        if members.contains_key("_aws") {
            return Line::of(Level::Debug, line);
        }
        let text = |name: &str| members.get(name).or_else(|| members.get("span")?.get(name)).map(plain).unwrap_or_default();
        let mut said = text("message");
        for (name, value) in members.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
            let value = plain(value);
            if !value.is_empty() {
                // Writing into a text cannot fail.
                write!(said, " {name}={value}").unwrap_or_default();
            }
        }
        Line { level: Level::of(&text("level")), player: text("playerId"), text: said }
    }

    /// The line as it is shown.
    pub(super) fn to_text(&self, time_ms: u64, function: &str, after: Option<Duration>, coloured: bool) -> String {
        let time = clock::iso8601_with_milliseconds(time_ms);
        let (word, colour) = self.level.looks();
        let player = if self.player.is_empty() { String::new() } else { format!("{}: ", self.player) };
        let after = after.map(|after| format!(" ({} ms)", after.as_millis())).unwrap_or_default();
        let (time, said) = (&time[11..23], format!("{word}{player}{}", self.text));
        if coloured {
            format!("\x1b[2m{time}\x1b[0m {function} \x1b[{colour}m{said}\x1b[2m{after}\x1b[0m")
        } else {
            format!("{time} {function} {said}{after}")
        }
    }
}

/// A value as people write it: without the quotes and the `Some(…)` of Rust's `Debug`; nothing for nothing.
fn plain(value: &Value) -> String {
    let Value::String(text) = value else { return if value.is_null() { String::new() } else { value.to_string() } };
    let inner = text.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let inner = inner.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(inner);
    if inner == "None" { String::new() } else { inner.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> (Level, String) {
        let line = Line::read(line);
        (line.level, line.to_text(3_661_007, "ping", Some(Duration::from_micros(2_900)), false))
    }

    #[test]
    fn a_line_is_written_for_people() {
        for (line, level, text) in [
            (
                r#"{"level":"INFO","message":"rejected","code":"NotFound","late":"Some(\"x\")","none":"None","cause":"c","n":3,"span":{"playerId":"alice","name":"call"}}"#,
                Level::Info,
                "01:01:01.007 ping alice: rejected code=NotFound late=x n=3 (2 ms)",
            ),
            (r#"{"level":"ERROR","message":"the route failed"}"#, Level::Error, "01:01:01.007 ping ERROR the route failed (2 ms)"),
            (r#"{"level":"warn","message":"slow","playerId":"bob"}"#, Level::Warn, "01:01:01.007 ping WARN bob: slow (2 ms)"),
            ("hello", Level::Info, "01:01:01.007 ping hello (2 ms)"),
        ] {
            assert_eq!(shown(line), (level, text.to_owned()));
        }
        assert_eq!(shown(r#"{"_aws":{},"Faults":[1]}"#).0, Level::Debug);
        assert_eq!(shown(r#"{"level":"DEBUG","message":"x"}"#).0, Level::Debug);
        assert_eq!(shown("thread 'main' (7) panicked at src/main.rs:1:1:").0, Level::Error);
    }

    #[test]
    fn colours_tell_levels_apart() {
        let error = Line::of(Level::Error, "boom").to_text(0, "ping", None, true);
        assert_eq!(error, "\x1b[2m00:00:00.000\x1b[0m ping \x1b[1;31mERROR boom\x1b[2m\x1b[0m");
    }
}
