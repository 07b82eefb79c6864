//! One consumer's way through one table's stream.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    DynamoDbError, StartingPosition,
    record::{Source, StreamRecord},
    rows::Rows,
    watcher::Watcher,
};
use crate::{clock::Clock, lock::lock};

/// So many records are read in a fraction of a millisecond. Readers do not wait for writers.
const FEW: i64 = 16;

/// How far a consumer has come, which the watcher saves.
pub(super) struct Cursor {
    pub(super) table: String,
    pub(super) consumer: String,
    finished: AtomicI64,
    closed: AtomicBool,
}

impl Cursor {
    pub(super) fn finished(&self) -> i64 {
        self.finished.load(Ordering::Acquire)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Closes the cursor when the last reader is dropped.
struct Reading {
    cursor: Arc<Cursor>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.cursor.closed.store(true, Ordering::Release);
    }
}

/// Reads the records of one table in order, for one consumer. A clone reads on by itself from where this reader is; together they are
/// still one consumer.
#[derive(Clone)]
pub struct StreamReader {
    source: Arc<Source>,
    rows: Arc<Mutex<Rows>>,
    head: watch::Receiver<i64>,
    position: i64,
    reading: Arc<Reading>,
    retention: Duration,
    clock: Clock,
}

/// Tells that records are finished, from wherever their work is done. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoint {
    cursor: Arc<Cursor>,
}

impl Checkpoint {
    /// Everything up to `position` is finished. Never moves back.
    pub fn finish(&self, position: i64) {
        self.cursor.finished.fetch_max(position, Ordering::AcqRel);
    }

    /// The position up to which everything is finished.
    pub fn position(&self) -> i64 {
        self.cursor.finished()
    }
}

/// What a reader is opened on.
pub(super) struct Opening<'a> {
    pub(super) file: &'a Path,
    pub(super) watcher: &'a Watcher,
    pub(super) retention: Duration,
    pub(super) clock: Clock,
}

impl StreamReader {
    pub(super) fn open(on: Opening<'_>, table: &str, consumer: &str, start: StartingPosition) -> Result<StreamReader, DynamoDbError> {
        let mut rows = Rows::open(on.file)?;
        let description = rows.describe(table)?.ok_or_else(|| DynamoDbError::NoStream(table.to_owned()))?;
        // A table that was deleted and made again has another stream, which nobody has read yet.
        let consumer = format!("{table}/{}/{consumer}", description.label);
        let position = match (rows.position(&consumer)?, start) {
            (Some(position), _) => position,
            (None, StartingPosition::TrimHorizon) => 0,
            (None, StartingPosition::Latest) => {
                let newest = rows.newest()?;
                // Where it began, also if the process ends before anything is finished.
                rows.save(&[(consumer.clone(), newest)])?;
                newest
            }
        };
        let cursor =
            Arc::new(Cursor { table: table.to_owned(), consumer, finished: AtomicI64::new(position), closed: AtomicBool::new(false) });
        let head = on.watcher.register(table, &cursor, &rows)?;
        let (source, rows) = (Arc::new(Source::new(table, description)), Arc::new(Mutex::new(rows)));
        Ok(StreamReader { source, rows, head, position, reading: Arc::new(Reading { cursor }), retention: on.retention, clock: on.clock })
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.source.arn
    }

    /// The one shard's id.
    pub fn shard_id(&self) -> &str {
        &self.source.shard_id
    }

    /// How long records are kept, read or not.
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// The clock by which records are kept.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The position of the last record that was read, or passed because it changed nothing.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Where to tell what is finished.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { cursor: Arc::clone(&self.reading.cursor) }
    }

    /// Waits until something was written after the position.
    async fn more(&mut self) {
        while *self.head.borrow_and_update() <= self.position {
            if self.head.changed().await.is_err() {
                // The room has stopped: nothing comes any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The next 1 to `limit` records; waits until there is one. Records that are gone, after the retention, are passed over. Nothing is
    /// lost if the returned future is dropped.
    ///
    /// # Errors
    /// If the engine's file cannot be read. The same records can be asked for again.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        loop {
            self.more().await;
            let head = *self.head.borrow();
            let records = self.read(head, limit).await?;
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    async fn read(&mut self, head: i64, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        let (rows, source, after) = (Arc::clone(&self.rows), Arc::clone(&self.source), self.position);
        let read = move || -> Result<(Vec<StreamRecord>, i64), DynamoDbError> {
            let rows = lock(&rows).read(&source.table, (after, head), limit)?;
            let position = if rows.len() < limit { head } else { rows.last().map_or(head, |row| row.id) };
            let records = rows.into_iter().map(|row| source.record(row));
            Ok((records.filter_map(Result::transpose).collect::<Result<_, _>>()?, position))
        };
        // Another thread takes longer to wake than a few records take to read.
        let few = head - after <= FEW;
        let (records, position) = if few { read()? } else { tokio::task::spawn_blocking(read).await?? };
        self.position = position;
        Ok(records)
    }
}
