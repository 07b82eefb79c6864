//! The functions' output in the terminal: each line behind its function's name, errors standing out.
//!
//! On AWS the same lines are CloudWatch log events. What a line is about is read from the line itself: a JSON object's `level`
//! and `_aws` members, or an upper-case level among the first words of a plain line.

use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    sync::mpsc::UnboundedSender,
};

use super::InvokeError;
use crate::{meter::units::log_event_bytes, report};

/// The longest line that is kept whole, in bytes: CloudWatch's limit of one event.
const LINE_LIMIT: u64 = 256 * 1024;

/// Colours of function names; red and yellow are left to errors and warnings.
const NAME_COLOURS: [u8; 8] = [36, 32, 35, 34, 96, 92, 95, 94];

/// Where log lines go.
#[derive(Clone, Debug)]
pub enum LogOutput {
    /// To standard output; coloured if that is a terminal and `NO_COLOR` is not set.
    Terminal,
    /// To this channel, uncoloured, one line each without its line break.
    Lines(UnboundedSender<String>),
    /// Nowhere.
    Nowhere,
}

/// What of the functions' output is shown.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Where the lines go.
    pub output: LogOutput,
    /// Whether lines in the embedded metric format (JSON with `_aws`) are shown.
    pub metrics: bool,
    /// Whether lines of level DEBUG or TRACE are shown.
    pub debug: bool,
    /// Whether nothing is shown but errors.
    pub errors_only: bool,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions { output: LogOutput::Terminal, metrics: false, debug: true, errors_only: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Metric,
    Debug,
    Plain,
    Warning,
    Error,
}

/// One function's log.
pub(super) struct FunctionLog {
    options: LogOptions,
    label: String,
    colour: Option<u8>,
    bytes: AtomicU64,
}

impl FunctionLog {
    /// The log of the function `name`, whose lines begin with `label`, padded to `width`.
    pub(super) fn new(name: &str, label: &str, width: usize, options: &LogOptions) -> FunctionLog {
        let coloured = matches!(options.output, LogOutput::Terminal)
            && std::io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        FunctionLog {
            options: options.clone(),
            label: format!("{label:width$}"),
            colour: coloured.then(|| name_colour(name)),
            bytes: AtomicU64::new(0),
        }
    }

    /// Bytes of the function's own lines until now, as CloudWatch counts them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// A line of the function's own.
    fn line(&self, line: &str) {
        self.bytes.fetch_add(log_event_bytes(line.len()), Relaxed);
        self.write(kind(line), line);
    }

    /// Something the room has to say about the function.
    pub(super) fn note(&self, text: &str) {
        self.write(Kind::Warning, &format!("[environment] {text}"));
    }

    /// An invocation that Lambda itself answered with an error.
    pub(super) fn failed(&self, error: &InvokeError) {
        if let InvokeError::Function { error_type, message, .. } = error {
            self.write(Kind::Error, &format!("{error_type}: {message}"));
        }
    }

    /// Asynchronous invocations that came to nothing, which nobody else will hear of.
    pub(super) fn lost(&self, text: &str) {
        self.write(Kind::Error, &format!("[events] {text}"));
    }

    fn write(&self, kind: Kind, line: &str) {
        let shown = match kind {
            Kind::Error => true,
            _ if self.options.errors_only => false,
            Kind::Metric => self.options.metrics,
            Kind::Debug => self.options.debug,
            Kind::Plain | Kind::Warning => true,
        };
        if !shown {
            return;
        }
        let line = format!("{} {line}", self.label);
        match (&self.options.output, self.colour) {
            (LogOutput::Nowhere, _) => {}
            // Whoever read the lines may be gone, and then nobody misses them.
            (LogOutput::Lines(lines), _) => drop(lines.send(line)),
            (LogOutput::Terminal, colour) => {
                let line = colour.map_or(line.clone(), |colour| paint(kind, colour, &self.label, &line[self.label.len()..]));
                report::print(line);
            }
        }
    }
}

/// The label and the line, in colour.
fn paint(kind: Kind, name_colour: u8, label: &str, line: &str) -> String {
    let line_style = match kind {
        Kind::Error => "1;31",
        Kind::Warning => "33",
        Kind::Debug | Kind::Metric => "2",
        Kind::Plain => "0",
    };
    format!("\x1b[{name_colour}m{label}\x1b[{line_style}m{line}\x1b[0m")
}

/// The same colour for the same name, in every run (FNV-1a).
fn name_colour(name: &str) -> u8 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    NAME_COLOURS[(hash % NAME_COLOURS.len() as u64) as usize]
}

fn kind(line: &str) -> Kind {
    if line.starts_with('{')
        && let Ok(serde_json::Value::Object(members)) = serde_json::from_str(line)
    {
        if members.contains_key("_aws") {
            return Kind::Metric;
        }
        return members
            .get("level")
            .and_then(serde_json::Value::as_str)
            .and_then(|level| level_kind(&level.to_uppercase()))
            .unwrap_or(Kind::Plain);
    }
    if line.contains(" panicked at ") {
        return Kind::Error;
    }
    let words = line.split_whitespace().take(4).map(|word| word.trim_matches(|c: char| !c.is_ascii_alphabetic()));
    words.into_iter().find_map(level_kind).unwrap_or(Kind::Plain)
}

fn level_kind(level: &str) -> Option<Kind> {
    match level {
        "FATAL" | "ERROR" => Some(Kind::Error),
        "WARN" | "WARNING" => Some(Kind::Warning),
        "INFO" => Some(Kind::Plain),
        "DEBUG" | "TRACE" => Some(Kind::Debug),
        _ => None,
    }
}

/// Names without the words that all of them begin with: `muster-dev-connect` and `muster-dev-ping` are `connect` and `ping`.
pub(super) fn short_names<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let common = match names {
        [first, rest @ ..] if !rest.is_empty() => {
            let shared = rest
                .iter()
                .fold(first.len(), |shared, name| first.bytes().zip(name.bytes()).take(shared).take_while(|(a, b)| a == b).count());
            first.as_bytes()[..shared].iter().rposition(|byte| *byte == b'-').map_or(0, |dash| dash + 1)
        }
        _ => 0,
    };
    names.iter().map(|name| &name[common..]).collect()
}

/// Copies a process's output to its function's log until the process closes it.
pub(super) async fn copy(output: impl AsyncRead + Unpin, log: Arc<FunctionLog>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut output).take(LINE_LIMIT).read_until(b'\n', &mut line).await {
            Ok(0) => return,
            Ok(_) => log.line(String::from_utf8_lossy(&line).trim_end()),
            Err(error) => return log.note(&format!("its output cannot be read: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_itself_what_it_is() {
        for (line, expected) in [
            (r#"{"_aws":{"Timestamp":1},"pushes":3}"#, Kind::Metric),
            (r#"{"level":"ERROR","fields":{"message":"no table"}}"#, Kind::Error),
            (r#"{"level":"debug","message":"x"}"#, Kind::Debug),
            (r#"{"level":"INFO","message":"ERROR in a text"}"#, Kind::Plain),
            (r#"{"message":"no level"}"#, Kind::Plain),
            ("{ not JSON", Kind::Plain),
            ("2026-11-21T08:00:00Z  WARN muster: slow", Kind::Warning),
            ("[ERROR] boom", Kind::Error),
            ("TRACE entering", Kind::Debug),
            ("thread 'main' (7) panicked at src/main.rs:1:1:", Kind::Error),
            ("one two three four ERROR five", Kind::Plain),
            ("", Kind::Plain),
        ] {
            assert_eq!(kind(line), expected, "{line}");
        }
    }

    #[test]
    fn names_lose_the_words_they_share() {
        assert_eq!(short_names(&["muster-dev-connect", "muster-dev-ping"]), ["connect", "ping"]);
        assert_eq!(short_names(&["a-deliver", "a-default"]), ["deliver", "default"]);
        assert_eq!(short_names(&["alone-in-here"]), ["alone-in-here"]);
        assert_eq!(short_names(&["one", "two"]), ["one", "two"]);
        assert_eq!(short_names(&["game-dev", "game-dev-ping"]), ["dev", "dev-ping"]);
    }

    #[test]
    fn an_error_is_painted_differently_from_a_plain_line() {
        assert_eq!(paint(Kind::Error, 36, "ping", " boom"), "\x1b[36mping\x1b[1;31m boom\x1b[0m");
        assert_eq!(paint(Kind::Plain, 36, "ping", " fine"), "\x1b[36mping\x1b[0m fine\x1b[0m");
    }

    #[tokio::test]
    async fn metrics_and_debug_lines_are_hidden_where_the_options_say_so() {
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let options = LogOptions { output: LogOutput::Lines(sender), metrics: false, debug: false, errors_only: false };
        let log = Arc::new(FunctionLog::new("muster-dev-ping", "ping", 8, &options));
        let output: &[u8] = b"{\"_aws\":{}}\nDEBUG x\nhello\r\n\xff broken\nlast without a break";
        copy(output, log).await;
        let mut seen = Vec::new();
        while let Ok(line) = lines.try_recv() {
            seen.push(line);
        }
        assert_eq!(seen, ["ping     hello", "ping     \u{fffd} broken", "ping     last without a break"]);
    }

    #[tokio::test]
    async fn nothing_but_errors_is_shown_where_the_options_say_so() {
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let options = LogOptions { output: LogOutput::Lines(sender), errors_only: true, ..LogOptions::default() };
        let log = Arc::new(FunctionLog::new("muster-dev-ping", "ping", 4, &options));
        let output: &[u8] = b"{\"_aws\":{}}\nhello\nWARN x\n{\"level\":\"error\"}\n";
        copy(output, log).await;
        assert_eq!(lines.try_recv().unwrap(), "ping {\"level\":\"error\"}");
        assert!(lines.try_recv().is_err());
    }
}
