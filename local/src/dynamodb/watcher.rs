//! Notices new stream records and removes those whose time is over. One thread does it for all tables: SQLite tells another
//! connection of a commit by a number that must be asked for. The system wakes the thread at a write ([`super::wake`]), or, where it
//! cannot, the number is asked for again and again ([`super::rhythm`]).

use std::{
    collections::HashMap,
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    DynamoDbError, DynamoDbOptions,
    reader::Cursor,
    rhythm::{Rhythm, Seen},
    rows::Rows,
    wake::{Wake, Woken},
};
use crate::{clock::Clock, lock::lock, report::report};

/// Between two rounds of trimming and saving positions.
const TIDY: Duration = Duration::from_secs(1);

/// What readers share with the thread.
#[derive(Default)]
pub(super) struct Shared {
    /// The newest record of each table.
    heads: HashMap<String, watch::Sender<i64>>,
    /// The readers that are still there, or were when positions were last saved.
    cursors: Vec<Arc<Cursor>>,
}

pub(super) struct Watcher {
    shared: Arc<Mutex<Shared>>,
    /// Dropping it wakes and ends the thread.
    running: Mutex<Option<UnixStream>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Watcher {
    pub(super) fn start(file: &Path, options: &DynamoDbOptions) -> Result<Watcher, DynamoDbError> {
        let rows = Rows::open(file)?;
        rows.prepare()?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (wake, running) = Wake::new(file)?;
        let mut watch = Watch {
            durable: options.path.is_some(),
            retention: i64::try_from(options.stream_retention.as_secs()).unwrap_or(i64::MAX),
            records: i64::from(options.stream_records),
            clock: options.clock.clone(),
            shared: Arc::clone(&shared),
            seen: rows.newest()?,
            saved: HashMap::new(),
            wake,
            rows,
        };
        let thread = std::thread::Builder::new().name("streams".to_owned()).spawn(move || watch.run())?;
        Ok(Watcher { shared, running: Mutex::new(Some(running)), thread: Mutex::new(Some(thread)) })
    }

    /// Registers a reader of `table` and answers where it hears of the table's newest record. `newest` is read under the lock, so that no
    /// record falls between what the thread has told and what the reader finds.
    pub(super) fn register(&self, table: &str, cursor: &Arc<Cursor>, rows: &Rows) -> Result<watch::Receiver<i64>, DynamoDbError> {
        let mut shared = lock(&self.shared);
        let newest = rows.newest()?;
        shared.cursors.push(Arc::clone(cursor));
        let head = shared.heads.entry(table.to_owned()).or_insert_with(|| watch::Sender::new(newest));
        head.send_if_modified(|head| std::mem::replace(head, newest.max(*head)) < newest);
        Ok(head.subscribe())
    }

    /// The table of each reader, and how far it has come.
    pub(super) fn positions(&self) -> Vec<(String, i64)> {
        let shared = lock(&self.shared);
        let reading = shared.cursors.iter().filter(|cursor| !cursor.is_closed());
        reading.map(|cursor| (cursor.table.clone(), cursor.finished())).collect()
    }

    pub(super) async fn stop(&self) {
        drop(lock(&self.running).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && let Ok(Err(_)) = tokio::task::spawn_blocking(move || thread.join()).await
        {
            report("DynamoDB", "the watcher of its streams panicked");
        }
    }
}

/// The thread's own.
struct Watch {
    rows: Rows,
    wake: Wake,
    durable: bool,
    /// Seconds.
    retention: i64,
    /// Most records kept that every reader has finished.
    records: i64,
    clock: Clock,
    shared: Arc<Mutex<Shared>>,
    seen: i64,
    saved: HashMap<String, i64>,
}

impl Watch {
    fn run(&mut self) {
        let (mut version, mut tidy_at) = (None, Instant::now() + TIDY);
        let mut rhythm = Rhythm::new(self.wake.notices_writes(), Instant::now());
        loop {
            let now = Instant::now();
            match self.look(&mut version) {
                Ok(seen) => rhythm.saw(seen, now),
                Err(error) => {
                    report("DynamoDB", error);
                    // What was there to be seen is still there.
                    rhythm.saw(Seen::Write, now);
                }
            }
            if now >= tidy_at {
                tidy_at = now + TIDY;
                if let Err(error) = self.tidy() {
                    report("DynamoDB", error);
                }
            }
            let pause = rhythm.pause(now);
            let until_tidy = tidy_at.saturating_duration_since(Instant::now());
            match self.wake.wait(pause.unwrap_or(until_tidy), pause.is_none()) {
                Ok(Woken::Stopped) => break,
                Ok(Woken::Written) => rhythm.saw(Seen::Write, Instant::now()),
                Ok(Woken::InTime) => {}
                Err(error) => {
                    report("DynamoDB", error);
                    std::thread::sleep(TIDY);
                }
            }
        }
        if let Err(error) = self.save() {
            report("DynamoDB", error);
        }
    }

    /// Tells readers what is new. Answers whether anything was written, also to tables without a stream.
    fn look(&mut self, last: &mut Option<i64>) -> Result<Seen, DynamoDbError> {
        let told = self.wake.forget()?;
        let version = self.rows.version()?;
        if *last == Some(version) {
            return Ok(if told { Seen::Write } else { Seen::Nothing });
        }
        let mut newest: HashMap<String, i64> = HashMap::new();
        let mut seen = self.seen;
        self.rows.after(self.seen, |id, table| {
            seen = id;
            match newest.get_mut(table) {
                Some(head) => *head = id,
                None => drop(newest.insert(table.to_owned(), id)),
            }
        })?;
        // Kept only now, so that a failure is tried again, from where readers have been told.
        (self.seen, *last) = (seen, Some(version));
        let shared = lock(&self.shared);
        for (table, id) in newest {
            if let Some(head) = shared.heads.get(&table) {
                head.send_if_modified(|head| std::mem::replace(head, id.max(*head)) < id);
            }
        }
        Ok(Seen::Commit)
    }

    fn positions(&self) -> Vec<(String, i64)> {
        lock(&self.shared).cursors.iter().map(|cursor| (cursor.consumer.clone(), cursor.finished())).collect()
    }

    fn tidy(&mut self) -> Result<(), DynamoDbError> {
        self.save()?;
        self.expire()?;
        let slowest = self.positions().into_iter().map(|(_, position)| position).min();
        let last = (self.seen - self.records).min(slowest.unwrap_or(i64::MAX));
        while last > 0 && self.rows.trim(last)? {
            // Writers come first.
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Removes what is older than the retention, whoever has not read it yet.
    fn expire(&self) -> Result<(), DynamoDbError> {
        let time = i64::try_from(self.clock.now() / 1000).unwrap_or(i64::MAX).saturating_sub(self.retention);
        while let Some(last) = self.rows.written_until(time)? {
            let cursors = lock(&self.shared).cursors.clone();
            for cursor in cursors.iter().filter(|cursor| cursor.finished() < last) {
                let unread = self.rows.count(&cursor.table, (cursor.finished(), last))?;
                if unread > 0 {
                    report(&cursor.consumer, format_args!("{unread} record(s) are gone, unfinished: a stream keeps them no longer"));
                }
            }
            while self.rows.trim(last)? {
                std::thread::yield_now();
            }
        }
        Ok(())
    }

    /// Saves where the readers are, and forgets those that have gone.
    fn save(&mut self) -> Result<(), DynamoDbError> {
        // Asked first: a reader that goes in between is saved the next time.
        let gone: Vec<_> = lock(&self.shared).cursors.iter().filter(|cursor| cursor.is_closed()).cloned().collect();
        if self.durable {
            let mut positions = self.positions();
            positions.retain(|(consumer, position)| self.saved.get(consumer) != Some(position));
            if !positions.is_empty() {
                self.rows.save(&positions)?;
                self.saved.extend(positions);
            }
        }
        if !gone.is_empty() {
            lock(&self.shared).cursors.retain(|cursor| !gone.iter().any(|gone| Arc::ptr_eq(gone, cursor)));
        }
        Ok(())
    }
}
