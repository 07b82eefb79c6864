//! The functions' output: the last lines of each function are remembered, and shown in the terminal as [`log_text`](super::log_text) writes
//! them or as they are. On AWS the same lines are CloudWatch log events.

use std::{
    collections::VecDeque,
    io::IsTerminal,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::{
    environment::Environment,
    log_text::{Level, Line},
};
use crate::{clock, lock::lock, meter::units::log_event_bytes, report};

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

/// What of the functions' output is shown, and how.
#[derive(Clone, Copy, Default)]
pub struct LogOptions {
    /// The least level that is shown. None: nothing is.
    pub show: Option<Level>,
    pub format: LogFormat,
}

/// A line of a function, or one that Lambda adds, such as that a process has ended.
#[derive(Clone)]
pub struct LogLine {
    /// When it was read, epoch milliseconds.
    pub time_ms: u64,
    /// The function's name.
    pub function: String,
    /// The line as it is, without its line break.
    pub text: String,
    /// The id of the invocation that its process served.
    pub request_id: Option<String>,
}

/// One function's log.
pub(super) struct FunctionLog {
    name: String,
    /// What its lines begin with.
    label: String,
    options: LogOptions,
    coloured: bool,
    /// The oldest first.
    lines: Mutex<VecDeque<LogLine>>,
    /// Of the function's own lines, as CloudWatch counts them.
    bytes: AtomicU64,
}

impl FunctionLog {
    pub(super) fn new(name: &str, label: String, options: LogOptions) -> FunctionLog {
        let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (lines, bytes) = Default::default();
        FunctionLog { name: name.to_owned(), label, options, coloured, lines, bytes }
    }

    /// Bytes of the function's own lines until now, as CloudWatch counts them.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// The remembered lines from `since` on, epoch milliseconds, the oldest first.
    pub(super) fn lines(&self, since: u64) -> Vec<LogLine> {
        lock(&self.lines).iter().filter(|line| line.time_ms >= since).cloned().collect()
    }

    /// A line of the function's own, how long after the hand-over it came, and of what invocation.
    fn line(&self, text: &str, handed_over: Option<(Duration, String)>) {
        self.bytes.fetch_add(log_event_bytes(text.len()), Relaxed);
        self.write(&Line::read(text), text, handed_over);
    }

    /// Something the room has to say, about `[environment]` or `[events]`, or an error that it answered an invocation with.
    pub(super) fn own(&self, level: Level, text: &str) {
        self.write(&Line::of(level, text), text, None);
    }

    fn write(&self, line: &Line, text: &str, handed_over: Option<(Duration, String)>) {
        let (time_ms, (after, request_id)) = (clock::now(), handed_over.unzip());
        let mut lines = lock(&self.lines);
        lines.push_back(LogLine { time_ms, function: self.name.clone(), text: text.to_owned(), request_id });
        if lines.len() > REMEMBERED {
            lines.pop_front();
        }
        drop(lines);
        if self.options.show.is_some_and(|least| line.level >= least) {
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
    let first = names.first().copied().unwrap_or_default();
    let words = first.match_indices('-').map(|(dash, _)| &first[..=dash]);
    let common = words.take_while(|words| names.iter().all(|name| name.starts_with(words))).last().map_or(0, str::len);
    let width = names.iter().map(|name| name.len() - common).max().unwrap_or(0);
    names.iter().map(|name| format!("{:width$}", &name[common..])).collect()
}

/// Copies a process's output to its function's log until the process closes it.
pub(super) async fn copy(output: impl AsyncRead + Unpin, environment: &Environment, log: &FunctionLog) {
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let handed_over = lock(&environment.handed_over).as_ref().map(|(since, id)| (since.elapsed(), id.clone()));
        log.line(String::from_utf8_lossy(&line).trim_end(), handed_over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_words_they_share() {
        assert_eq!(labels(&["muster-dev-connect", "muster-dev-ping"]), ["connect", "ping   "]);
        assert_eq!(labels(&["a-deliver", "a-default"]), ["deliver", "default"]);
        assert_eq!(labels(&["game-dev", "game-dev-ping"]), ["dev     ", "dev-ping"]);
    }

    #[tokio::test]
    async fn the_last_lines_are_remembered_with_their_times() {
        let log = FunctionLog::new("test", String::new(), LogOptions::default());
        let output: String = (0..REMEMBERED + 5).map(|number| format!("line {number}\r\n")).collect();
        let before = clock::now();
        copy(output.as_bytes(), &Environment::new("1"), &log).await;
        copy(&b"\xff without a break"[..], &Environment::new("1"), &log).await;
        let lines = log.lines(before);
        assert_eq!((lines.len(), lines[0].text.as_str(), lines[0].function.as_str()), (REMEMBERED, "line 6", "test"));
        assert_eq!(lines.last().unwrap().text, "\u{fffd} without a break");
        assert!(log.lines(clock::now() + 1).is_empty());
    }
}
