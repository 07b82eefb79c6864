//! Waiting for a write to the engine's file without asking for it again and again, where the system tells (inotify, on Linux).

use std::{
    fs::OpenOptions,
    io,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// The other end of the wait was dropped.
    Stopped,
    /// Something is being written. The system tells so a moment before others can read it.
    Written,
    /// The time is over.
    InTime,
}

pub(super) struct Wake {
    stop: UnixStream,
    written: Option<OwnedFd>,
}

impl Wake {
    /// For writes to the write-ahead log of the database `file`, and something that ends every wait when it is dropped.
    pub(super) fn new(file: &Path) -> io::Result<(Wake, UnixStream)> {
        let (stop, stopping) = UnixStream::pair()?;
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        // SQLite makes the log when it first writes, which may be later.
        OpenOptions::new().create(true).append(true).open(&log)?;
        Ok((Wake { stop, written: watch(Path::new(&log)) }, stopping))
    }

    /// Whether [`Wake::wait`] ends at a write.
    pub(super) fn notices_writes(&self) -> bool {
        self.written.is_some()
    }

    /// Forgets the writes that were noticed, and answers whether there were any. What is read after that is at least as new.
    pub(super) fn forget(&self) -> io::Result<bool> {
        let Some(written) = &self.written else { return Ok(false) };
        let (mut events, mut noticed) = ([0; 4096], false);
        loop {
            match rustix::io::read(written, &mut events) {
                Ok(length) if length == events.len() => noticed = true,
                Ok(_) => return Ok(true),
                Err(Errno::AGAIN) => return Ok(noticed),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for `time` at most, and, if so asked, until something is written.
    pub(super) fn wait(&self, time: Duration, for_writes: bool) -> io::Result<Woken> {
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        let mut ends = vec![PollFd::new(&self.stop, PollFlags::IN)];
        ends.extend(self.written.iter().filter(|_| for_writes).map(|written| PollFd::new(written, PollFlags::IN)));
        match poll(&mut ends, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(match ends.as_slice() {
            [stop, ..] if !stop.revents().is_empty() => Woken::Stopped,
            [_, written] if !written.revents().is_empty() => Woken::Written,
            _ => Woken::InTime,
        })
    }
}

/// Where the system tells of writes to `log`; none if it does not, or has no more watches to give, which is no fault: the watcher then
/// looks by itself.
#[cfg(target_os = "linux")]
fn watch(log: &Path) -> Option<OwnedFd> {
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    let written = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    add_watch(&written, log, WatchFlags::MODIFY).ok()?;
    Some(written)
}

#[cfg(not(target_os = "linux"))]
fn watch(_log: &Path) -> Option<OwnedFd> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_stopped_and_when_its_time_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let (wake, stop) = Wake::new(&directory.path().join("data")).unwrap();
        assert_eq!(wake.wait(Duration::from_millis(1), true).unwrap(), Woken::InTime);
        drop(stop);
        assert_eq!(wake.wait(Duration::from_secs(600), true).unwrap(), Woken::Stopped);
    }

    #[test]
    fn a_wait_ends_at_a_write_to_the_log_that_was_not_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let (wake, _stop) = Wake::new(&directory.path().join("data")).unwrap();
        if !wake.notices_writes() {
            return;
        }
        std::fs::write(directory.path().join("data-wal"), "x").unwrap();
        assert_eq!(wake.wait(Duration::from_millis(1), false).unwrap(), Woken::InTime, "nobody asked for it");
        assert_eq!(wake.wait(Duration::from_secs(600), true).unwrap(), Woken::Written);
        assert!(wake.forget().unwrap());
        assert!(!wake.forget().unwrap());
        assert_eq!(wake.wait(Duration::from_millis(1), true).unwrap(), Woken::InTime);
    }
}
