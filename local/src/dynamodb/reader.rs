//! One consumer's way through one table's stream, shard by shard.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::{
    DynamoDbError,
    record::{Stream, StreamRecord},
    rows::Rows,
};
use crate::{keep::Keep, lock::lock};

/// So many records are read in a fraction of a millisecond. Readers do not wait for writers.
const FEW: i64 = 16;
/// Records looked at together when it is asked whether there are unfinished ones.
const LOOK: usize = 100;
/// Under which positions are kept.
const ROOM: &str = "dynamodb";

/// How far a consumer has come.
pub(super) struct Cursor {
    stream: Arc<Stream>,
    pub(super) consumer: String,
    rows: Mutex<Rows>,
    /// The position in each shard up to which everything is finished.
    finished: Mutex<Vec<i64>>,
    kept: Mutex<Vec<i64>>,
    keep: Keep,
}

impl Cursor {
    pub(super) fn open(stream: Arc<Stream>, consumer: &str, rows: Rows, keep: Keep) -> Result<Cursor, DynamoDbError> {
        // A table that was deleted and made again has another stream, which nobody has read yet.
        let consumer = format!("{}/{}/{consumer}", stream.table, stream.label);
        let kept = keep.all::<Vec<i64>>(ROOM).into_iter().find(|(key, _)| *key == consumer).map_or(Vec::new(), |(_, kept)| kept);
        // If there are more or fewer shards than there were, the records are in others now: each goes on where the slowest was.
        let shards = stream.shards as usize;
        let slowest = vec![kept.iter().min().copied().unwrap_or(0); shards];
        // After a loss of power the table may have forgotten what is kept as finished.
        let newest = rows.newest()?;
        let finished: Vec<_> = if kept.len() == shards { &kept } else { &slowest }.iter().map(|position| newest.min(*position)).collect();
        Ok(Cursor { stream, consumer, rows: Mutex::new(rows), finished: Mutex::new(finished), kept: Mutex::new(kept), keep })
    }

    /// A reader of each shard.
    pub(super) fn readers(self: &Arc<Self>) -> Vec<StreamReader> {
        let reader = |shard| StreamReader {
            cursor: Arc::clone(self),
            shard,
            written: self.stream.written.subscribe(),
            position: self.finished(shard),
        };
        (0..self.stream.shards).map(reader).collect()
    }

    fn finished(&self, shard: u32) -> i64 {
        lock(&self.finished)[shard as usize]
    }

    /// The position up to which all shards are finished.
    pub(super) fn slowest(&self) -> i64 {
        lock(&self.finished).iter().min().copied().unwrap_or(0)
    }

    /// Whether there is an unfinished record up to a position. A write that changed nothing has none.
    pub(super) fn is_behind(&self, rows: &Rows, until: i64) -> Result<bool, DynamoDbError> {
        let mut after = self.slowest();
        while after < until {
            let (records, position) = self.stream.read(rows, (after, until), LOOK)?;
            if records.iter().any(|record| record.position > self.finished(record.shard)) {
                return Ok(true);
            }
            after = position;
        }
        Ok(false)
    }

    /// Keeps the positions, unless they are kept.
    pub(super) fn save(&self) {
        let (finished, mut kept) = (lock(&self.finished).clone(), lock(&self.kept));
        if *kept != finished {
            self.keep.put(ROOM, &self.consumer, &finished);
            *kept = finished;
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.save();
    }
}

/// Reads the records of one shard in order, for one consumer. A clone reads on by itself from where this reader is; together they are
/// still one consumer.
#[derive(Clone)]
pub struct StreamReader {
    cursor: Arc<Cursor>,
    shard: u32,
    written: watch::Receiver<()>,
    position: i64,
}

impl StreamReader {
    /// The stream's ARN.
    pub fn arn(&self) -> &str {
        &self.cursor.stream.arn
    }

    /// The shard's id.
    pub fn shard_id(&self) -> String {
        self.cursor.stream.shard_id(self.shard)
    }

    /// The position of the last record that was read, or passed because it is of another shard or changed nothing.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Everything in this shard up to `position` is finished. Never moves back.
    pub fn finish(&self, position: i64) {
        let finished = &mut lock(&self.cursor.finished)[self.shard as usize];
        *finished = position.max(*finished);
    }

    /// The next 1 to `limit` records of the shard; waits until there is one. Records that are gone, after the retention, are passed over.
    /// Nothing is lost if the returned future is dropped.
    ///
    /// # Errors
    /// If the engine's file cannot be read. The same records can be asked for again.
    pub async fn next(&mut self, limit: usize) -> Result<Vec<StreamRecord>, DynamoDbError> {
        loop {
            // What is written from here on is told of below.
            self.written.borrow_and_update();
            let (cursor, after) = (Arc::clone(&self.cursor), self.position);
            let newest = lock(&cursor.rows).newest()?;
            let read = move || cursor.stream.read(&lock(&cursor.rows), (after, newest), limit);
            // Another thread takes longer to wake than a few records take to read.
            let few = newest - after <= FEW;
            let (mut records, position) = if few { read()? } else { tokio::task::spawn_blocking(read).await?? };
            records.retain(|record| record.shard == self.shard);
            self.position = position;
            if !records.is_empty() {
                return Ok(records);
            }
            if self.cursor.finished(self.shard) == after {
                // A shard in which nothing happens keeps nothing from being trimmed.
                self.finish(position);
            }
            if position == newest {
                // The sender lives as long as this reader's stream does, so that it cannot fail.
                drop(self.written.changed().await);
            }
        }
    }
}
