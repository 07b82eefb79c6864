//! The functions' output: the last lines of each function are remembered, and shown in the terminal as [`log_text`](super::log_text) writes
//! them or as they are. On AWS the same lines are CloudWatch log events.

use std::{
    collections::VecDeque,
    io::IsTerminal,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::{
    InvokeError,
    environment::Environment,
    log_text::{Level, Line},
};
use crate::{clock, lock::lock, meter::units::log_event_bytes, report};

/// The longest line that is kept whole, in bytes: CloudWatch's limit of one event.
const LINE_LIMIT: u64 = 256 * 1024;

/// How many lines of each function are remembered.
const REMEMBERED: usize = 1_000;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people: the time, the function, the player, what happened, and how long after the hand-over.
    #[default]
    Text,
    /// As the functions print them, each behind its function's name.
    Json,
}

/// What of the functions' output is shown, each with what the one before it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Show {
    /// Nothing.
    Nothing,
    /// Errors.
    Errors,
    /// Lines of level INFO or higher or of none.
    #[default]
    Usual,
    /// Lines of level DEBUG or TRACE, and metrics: JSON with `_aws`.
    Everything,
}

/// What of the functions' output is shown, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogOptions {
    /// Which lines.
    pub show: Show,
    /// How.
    pub format: LogFormat,
}

/// A line of a function, or one that Lambda adds, such as that a process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read, epoch milliseconds.
    pub time_ms: u64,
    /// The function's name.
    pub function: String,
    /// The line as it is, without its line break.
    pub text: String,
}

/// One function's log.
pub(super) struct FunctionLog {
    name: String,
    label: String,
    options: LogOptions,
    coloured: bool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    lines: VecDeque<LogLine>,
    /// Of the function's own lines, as CloudWatch counts them.
    bytes: u64,
}

impl FunctionLog {
    /// The log of the function `name`, whose lines begin with `label`.
    pub(super) fn new(name: &str, label: String, options: LogOptions) -> FunctionLog {
        let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        FunctionLog { name: name.to_owned(), label, options, coloured, kept: Mutex::default() }
    }

    /// Bytes of the function's own lines until now, as CloudWatch counts them.
    pub(super) fn bytes(&self) -> u64 {
        lock(&self.kept).bytes
    }

    /// The remembered lines from `since` on, epoch milliseconds, the oldest first.
    pub(super) fn lines(&self, since: u64) -> Vec<LogLine> {
        lock(&self.kept).lines.iter().filter(|line| line.time_ms >= since).cloned().collect()
    }

    /// A line of the function's own, and how long after the hand-over it came.
    fn line(&self, text: &str, after: Option<Duration>) {
        lock(&self.kept).bytes += log_event_bytes(text.len());
        self.write(&Line::read(text), text, after);
    }

    /// Something the room has to say about an environment of the function.
    pub(super) fn note(&self, text: &str) {
        self.own(Level::Warn, &format!("[environment] {text}"));
    }

    /// An invocation that Lambda itself answered with an error.
    pub(super) fn failed(&self, error: &InvokeError) {
        self.own(Level::Error, &error.to_string());
    }

    /// Asynchronous invocations that came to nothing, which nobody else will hear of.
    pub(super) fn lost(&self, text: &str) {
        self.own(Level::Error, &format!("[events] {text}"));
    }

    fn own(&self, level: Level, text: &str) {
        self.write(&Line::of(level, text), text, None);
    }

    fn write(&self, line: &Line, text: &str, after: Option<Duration>) {
        let time_ms = clock::now();
        let mut kept = lock(&self.kept);
        kept.lines.push_back(LogLine { time_ms, function: self.name.clone(), text: text.to_owned() });
        if kept.lines.len() > REMEMBERED {
            kept.lines.pop_front();
        }
        drop(kept);
        if self.options.show >= line.level.shown_from() {
            report::print(match self.options.format {
                LogFormat::Json => format!("{} {text}", self.label),
                LogFormat::Text => line.to_text(time_ms, &self.label, after, self.coloured),
            });
        }
    }
}

/// Names without the words that all of them begin with, padded to one width: `muster-dev-connect` and `muster-dev-ping` are `connect` and
/// `ping   `.
pub(super) fn labels(names: &[&str]) -> Vec<String> {
    let common = match names {
        [first, rest @ ..] if !rest.is_empty() => {
            let same = |name: &&str| first.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            let shared = rest.iter().map(same).min().unwrap_or(0);
            first[..shared].rfind('-').map_or(0, |dash| dash + 1)
        }
        _ => 0,
    };
    let width = names.iter().map(|name| name.len() - common).max().unwrap_or(0);
    names.iter().map(|name| format!("{:width$}", &name[common..])).collect()
}

/// Copies a process's output to its function's log until the process closes it.
pub(super) async fn copy(output: impl AsyncRead + Unpin, environment: Arc<Environment>, log: Arc<FunctionLog>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut output).take(LINE_LIMIT).read_until(b'\n', &mut line).await {
            Ok(0) => return,
            Ok(_) => {
                let after = lock(&environment.handed_over).map(|since| since.elapsed());
                log.line(String::from_utf8_lossy(&line).trim_end(), after);
            }
            Err(error) => return log.note(&format!("its output cannot be read: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_words_they_share() {
        assert_eq!(labels(&["muster-dev-connect", "muster-dev-ping"]), ["connect", "ping   "]);
        assert_eq!(labels(&["a-deliver", "a-default"]), ["deliver", "default"]);
        assert_eq!(labels(&["alone-in-here"]), ["alone-in-here"]);
        assert_eq!(labels(&["game-dev", "game-dev-ping"]), ["dev     ", "dev-ping"]);
    }

    #[tokio::test]
    async fn the_last_lines_are_remembered_with_their_times() {
        let log = Arc::new(FunctionLog::new("test", String::new(), LogOptions { show: Show::Nothing, ..LogOptions::default() }));
        let output: String = (0..REMEMBERED + 5).map(|number| format!("line {number}\r\n")).collect();
        let before = clock::now();
        copy(output.as_bytes(), Arc::new(Environment::new(1)), Arc::clone(&log)).await;
        copy(&b"\xff without a break"[..], Arc::new(Environment::new(2)), Arc::clone(&log)).await;
        let lines = log.lines(before);
        assert_eq!((lines.len(), lines[0].text.as_str(), lines[0].function.as_str()), (REMEMBERED, "line 6", "test"));
        assert_eq!(lines.last().unwrap().text, "\u{fffd} without a break");
        assert!(log.lines(clock::now() + 1).is_empty());
    }
}
