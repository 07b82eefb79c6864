//! One consumer's way through one table's stream.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use tokio::sync::watch;

use super::{
    DynamoDbError,
    record::{Source, StreamRecord},
    rows::Rows,
    watcher::Watcher,
};
use crate::lock::lock;

/// How far a consumer has come, which the watcher saves and does not trim beyond.
pub(super) struct Cursor {
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

/// Reads the records of one table in order, for one consumer.
pub struct StreamReader {
    source: Arc<Source>,
    rows: Arc<Mutex<Rows>>,
    head: watch::Receiver<i64>,
    position: i64,
    cursor: Arc<Cursor>,
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

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.cursor.closed.store(true, Ordering::Release);
    }
}

impl StreamReader {
    pub(super) fn open(file: &Path, table: &str, consumer: &str, watcher: &Watcher) -> Result<StreamReader, DynamoDbError> {
        let rows = Rows::open(file)?;
        let description = rows.describe(table)?.ok_or_else(|| DynamoDbError::NoStream(table.to_owned()))?;
        // A table that was deleted and made again has another stream, which nobody has read yet.
        let consumer = format!("{table}/{}/{consumer}", description.label);
        let position = rows.position(&consumer)?.unwrap_or(0);
        let cursor = Arc::new(Cursor { consumer, finished: AtomicI64::new(position), closed: AtomicBool::new(false) });
        let head = watcher.register(table, &cursor, &rows)?;
        Ok(StreamReader { source: Arc::new(Source::new(table, description)), rows: Arc::new(Mutex::new(rows)), head, position, cursor })
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.source.arn
    }

    /// The one shard's id.
    pub fn shard_id(&self) -> &str {
        &self.source.shard_id
    }

    /// The position of the last record that was read, or passed because it changed nothing.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Where to tell what is finished.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { cursor: Arc::clone(&self.cursor) }
    }

    /// The next 1 to `limit` records; waits until there is one. Nothing is lost if the returned future is dropped.
    ///
    /// # Errors
    /// If the engine's file cannot be read. The same records can be asked for again.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        loop {
            let head = *self.head.borrow_and_update();
            if head > self.position {
                let records = self.read(head, limit).await?;
                if !records.is_empty() {
                    return Ok(records);
                }
            } else if self.head.changed().await.is_err() {
                // The room has stopped: nothing comes any more.
                std::future::pending::<()>().await;
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
        let (records, position) = tokio::task::spawn_blocking(read).await??;
        self.position = position;
        Ok(records)
    }
}
