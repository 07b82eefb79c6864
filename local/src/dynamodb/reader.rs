//! One consumer's way through one table's stream.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    DynamoDbError, RETENTION,
    record::{Stream, StreamRecord},
    rows::Rows,
};
use crate::{keep::Keep, lock::lock};

/// So many records are read in a fraction of a millisecond. Readers do not wait for writers.
const FEW: i64 = 16;
/// Under which positions are kept.
const ROOM: &str = "dynamodb";

/// How far a consumer has come.
pub(super) struct Cursor {
    pub(super) stream: Arc<Stream>,
    pub(super) consumer: String,
    finished: AtomicI64,
    kept: AtomicI64,
    keep: Keep,
}

impl Cursor {
    pub(super) fn finished(&self) -> i64 {
        self.finished.load(Ordering::Acquire)
    }

    /// Keeps the position, unless it is kept.
    pub(super) fn save(&self) {
        let finished = self.finished();
        if self.kept.swap(finished, Ordering::AcqRel) != finished {
            self.keep.put(ROOM, &self.consumer, &finished);
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.save();
    }
}

/// Reads the records of one table in order, for one consumer. A clone reads on by itself from where this reader is; together they are
/// still one consumer.
#[derive(Clone)]
pub struct StreamReader {
    pub(super) cursor: Arc<Cursor>,
    rows: Arc<Mutex<Rows>>,
    written: watch::Receiver<()>,
    /// Whether there was nothing more after the position when it was last read.
    caught_up: bool,
    position: i64,
}

/// Tells that records are finished, from wherever their work is done. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoint {
    cursor: Arc<Cursor>,
}

impl Checkpoint {
    /// Everything up to `position` is finished, in all shards. Never moves back.
    pub fn finish(&self, position: i64) {
        self.cursor.finished.fetch_max(position, Ordering::AcqRel);
    }

    /// The position up to which everything is finished.
    pub fn position(&self) -> i64 {
        self.cursor.finished()
    }
}

impl StreamReader {
    pub(super) fn open(stream: Arc<Stream>, consumer: &str, rows: Rows, keep: Keep) -> Result<StreamReader, DynamoDbError> {
        // A table that was deleted and made again has another stream, which nobody has read yet.
        let consumer = format!("{}/{}/{consumer}", stream.table, stream.label);
        let kept = keep.all::<i64>(ROOM).into_iter().find(|(key, _)| *key == consumer);
        // After a loss of power the table may have forgotten what is kept as finished.
        let position = kept.map_or(0, |(_, position)| position).min(rows.newest()?);
        let written = stream.written.subscribe();
        let cursor = Arc::new(Cursor { stream, consumer, finished: position.into(), kept: position.into(), keep });
        Ok(StreamReader { cursor, rows: Arc::new(Mutex::new(rows)), written, caught_up: false, position })
    }

    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.cursor.stream.arn
    }

    /// How many shards the stream has, at least 1.
    pub fn shards(&self) -> u32 {
        self.cursor.stream.shards
    }

    /// The id of a shard, which a [`StreamRecord`] names by its number.
    pub fn shard_id(&self, shard: u32) -> String {
        self.cursor.stream.shard_id(shard)
    }

    /// How long records are kept, read or not.
    pub fn retention(&self) -> Duration {
        RETENTION
    }

    /// The position of the last record that was read, or passed because it changed nothing.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Where to tell what is finished.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { cursor: Arc::clone(&self.cursor) }
    }

    /// The next 1 to `limit` records of all shards; waits until there is one. Records that are gone, after the retention, are passed over.
    /// Nothing is lost if the returned future is dropped.
    ///
    /// # Errors
    /// If the engine's file cannot be read. The same records can be asked for again.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        loop {
            if self.caught_up {
                // The sender lives as long as this reader's stream does, so that it cannot fail.
                drop(self.written.changed().await);
            }
            // What is written from here on is told of once more.
            self.written.borrow_and_update();
            self.caught_up = false;
            let records = self.read(limit).await?;
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        let (rows, cursor, after) = (Arc::clone(&self.rows), Arc::clone(&self.cursor), self.position);
        let newest = lock(&rows).newest()?;
        let read = move || cursor.stream.read(&lock(&rows), (after, newest), limit);
        // Another thread takes longer to wake than a few records take to read.
        let few = newest - after <= FEW;
        let (records, position) = if few { read()? } else { tokio::task::spawn_blocking(read).await?? };
        (self.position, self.caught_up) = (position, position == newest);
        Ok(records)
    }
}
