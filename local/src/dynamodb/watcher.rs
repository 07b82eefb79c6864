//! Notices new stream records and removes those whose time is over. One thread does it for all tables: SQLite tells another
//! connection of a commit by a number that must be asked for, so it is asked for often while there is work. When there is none, the system
//! wakes the thread at a write ([`super::wake`]), or, where it cannot, the number is asked for less often.

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
    rows::Rows,
    wake::{Wake, Woken},
};
use crate::{clock::Clock, lock::lock, report::report};

/// For so long after a write, the next is expected.
const BUSY: Duration = Duration::from_millis(200);
/// The same where the system tells of a write: it tells of each of the several that make a commit, which in a flood costs more than looking.
const FLOOD: Duration = Duration::from_millis(2);
/// For so long after the system has told of a write, the commit is expected in no time.
const COMMIT: Duration = Duration::from_millis(1);
/// Between two looks meanwhile.
const COMMIT_PAUSE: Duration = Duration::from_micros(30);
/// Between two looks while busy. A look and its wake-up cost about 30 µs of a core; half a pause is the mean delay of a record.
const BUSY_PAUSE: Duration = Duration::from_micros(500);
/// Between two looks otherwise, where the system does not tell of a write.
const IDLE_PAUSE: Duration = Duration::from_millis(4);
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

/// What a look at the file has found.
enum Seen {
    Nothing,
    /// The system has told of a write that cannot be read yet.
    Write,
    Commit,
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
        let (mut version, mut written_at, mut told_at, mut tidy_at) = (None, Instant::now(), None, Instant::now() + TIDY);
        loop {
            let now = Instant::now();
            match self.look(&mut version) {
                Ok(Seen::Commit) => (written_at, told_at) = (now, None),
                Ok(Seen::Write) => told_at = told_at.filter(|told_at| now - *told_at < BUSY).or(Some(now)),
                Ok(Seen::Nothing) => {}
                Err(error) => report("DynamoDB", error),
            }
            if now >= tidy_at {
                tidy_at = now + TIDY;
                if let Err(error) = self.tidy() {
                    report("DynamoDB", error);
                }
            }
            let notices_writes = self.wake.notices_writes();
            let untold = now - written_at < if notices_writes { FLOOD } else { BUSY };
            let told = told_at.map(|told_at| now - told_at).filter(|since| *since < BUSY);
            let pause = match (told, untold, notices_writes) {
                (Some(since), ..) if since < COMMIT => COMMIT_PAUSE,
                (Some(_), ..) | (None, true, _) => BUSY_PAUSE,
                (None, false, true) => tidy_at.saturating_duration_since(Instant::now()),
                (None, false, false) => IDLE_PAUSE,
            };
            match self.wake.wait(pause, told.is_none() && !untold) {
                Ok(Woken::Stopped) => break,
                // It may not be readable yet, so that one look is not enough.
                Ok(Woken::Written) => told_at = Some(Instant::now()),
                Ok(Woken::InTime) => {}
                Err(error) => {
                    report("DynamoDB", error);
                    std::thread::sleep(IDLE_PAUSE);
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
        self.rows.after(self.seen, |id, table| {
            self.seen = id;
            match newest.get_mut(table) {
                Some(head) => *head = id,
                None => drop(newest.insert(table.to_owned(), id)),
            }
        })?;
        // Kept only now, so that a failure is tried again.
        *last = Some(version);
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
