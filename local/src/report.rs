//! The terminal: what the stack itself has to say while it runs, and what its functions print.
//!
//! A terminal can stop taking lines (Ctrl-S, a pager) or be gone. Neither may hold up the stack, so one thread of its own writes, and
//! lines for which there is no room are counted instead.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

/// How many lines may wait for the terminal.
const WAITING: usize = 10_000;

/// Lines that found no room.
static DROPPED: AtomicU64 = AtomicU64::new(0);

type Job = Box<dyn FnOnce() + Send>;

/// What the thread does, one after another. What it cannot write, because the terminal is gone, nobody misses.
static JOBS: LazyLock<SyncSender<Job>> = LazyLock::new(|| {
    let (sender, jobs) = sync_channel::<Job>(WAITING);
    let work = move || {
        for job in jobs {
            let dropped = DROPPED.swap(0, Relaxed);
            if dropped > 0 {
                drop(writeln!(stderr(), "muster: {dropped} lines were dropped, because the terminal did not take them"));
            }
            job();
        }
    };
    // Without the thread the channel is closed, and lines are dropped: there is nowhere to say so.
    drop(thread::Builder::new().name("terminal".to_owned()).spawn(work));
    sender
});

fn send(job: impl FnOnce() + Send + 'static) {
    if JOBS.try_send(Box::new(job)).is_err() {
        DROPPED.fetch_add(1, Relaxed);
    }
}

/// Prints a line on standard output.
pub fn print(line: String) {
    send(move || drop(writeln!(stdout(), "{line}")));
}

/// Prints one line for the developer, on standard error, behind the room or the thing that it is about. It must not hold headers, query
/// strings or messages: tokens may be in them.
pub fn report(about: &str, line: impl Display) {
    let line = format!("{about}: {line}");
    send(move || drop(writeln!(stderr(), "{line}")));
}

/// Waits a moment for the terminal to take what has been printed.
pub fn flush() {
    let (done, written) = sync_channel(1);
    send(move || done.try_send(()).unwrap_or_default());
    // A terminal that does not take it in time is not waited for.
    written.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
}
