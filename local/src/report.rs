//! The terminal: what the stack itself has to say while it runs, and what its functions print.
//!
//! A terminal can stop taking lines (Ctrl-S, a pager) or be gone. Neither may hold up the stack, so one thread of its own writes, and
//! lines for which there is no room are counted instead.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How many lines may wait for the terminal.
const WAITING: usize = 10_000;

/// Lines that found no room.
static DROPPED: AtomicU64 = AtomicU64::new(0);

static LINES: LazyLock<SyncSender<Line>> = LazyLock::new(|| {
    let (sender, lines) = sync_channel(WAITING);
    // Without the thread the channel is closed, and lines are dropped: there is nowhere to say so.
    drop(thread::Builder::new().name("terminal".to_owned()).spawn(move || write_all(&lines)));
    sender
});

enum Line {
    Out(String),
    Error(String),
    /// Tells that everything before it is written.
    Written(SyncSender<()>),
}

fn write_all(lines: &Receiver<Line>) {
    for line in lines {
        let dropped = DROPPED.swap(0, Ordering::Relaxed);
        // What cannot be written, because the terminal is gone, nobody misses.
        if dropped > 0 {
            drop(writeln!(io::stderr(), "muster: {dropped} lines were dropped, because the terminal did not take them"));
        }
        match line {
            Line::Out(line) => drop(writeln!(io::stdout(), "{line}")),
            Line::Error(line) => drop(writeln!(io::stderr(), "{line}")),
            Line::Written(done) => drop(done.try_send(())),
        }
    }
}

fn send(line: Line) {
    if LINES.try_send(line).is_err() {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Prints a line on standard output.
pub fn print(line: String) {
    send(Line::Out(line));
}

/// Prints one line for the developer, on standard error, behind the room or the thing that it is about. It must not hold headers, query
/// strings or messages: tokens may be in them.
pub fn report(about: &str, line: impl Display) {
    send(Line::Error(format!("{about}: {line}")));
}

/// Waits a moment for the terminal to take what has been printed.
pub fn flush() {
    let (done, written) = sync_channel(1);
    send(Line::Written(done));
    // A terminal that does not take it in time is not waited for.
    written.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
}
