//! The engine's stream rows, over a second connection to its file. This is the engine's private schema, which is why its version is
//! pinned and a test guards what is used of it here.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OptionalExtension, params};

use super::DynamoDbError;

/// Rows removed by one statement, so that writers wait for a moment only.
const TRIM: i64 = 1_000;

/// One row of `_stream_records`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Above that of every earlier row of any table.
    pub(super) id: i64,
    pub(super) event_name: String,
    pub(super) keys: String,
    pub(super) new_image: Option<String>,
    pub(super) old_image: Option<String>,
    pub(super) sequence_number: i64,
    /// Epoch seconds.
    pub(super) created_at: i64,
    pub(super) user_identity: Option<String>,
    pub(super) event_id: Option<String>,
}

/// A connection to the engine's file.
pub(super) struct Rows {
    connection: Connection,
}

impl Rows {
    /// Opens the file that the engine has made, and makes what it lacks: without the index each write scans the history for the highest
    /// number.
    pub(super) fn open(file: &Path) -> Result<Rows, DynamoDbError> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF;
             CREATE INDEX IF NOT EXISTS muster_stream_records ON _stream_records(table_name, CAST(sequence_number AS INTEGER));",
        )?;
        Ok(Rows { connection })
    }

    /// The number of the newest record there has been, of any table; 0 if there was none.
    pub(super) fn newest(&self) -> Result<i64, DynamoDbError> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = '_stream_records'";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// Up to `limit` records of `table` with numbers after `after` and up to `until`, in order. The plus sign keeps SQLite from searching
    /// by table, which would read the whole history; a row's number leads straight to what is new.
    pub(super) fn read(&self, table: &str, (after, until): (i64, i64), limit: usize) -> Result<Vec<Row>, DynamoDbError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, event_name, keys_json, new_image, old_image, CAST(sequence_number AS INTEGER), created_at, user_identity, event_id
             FROM _stream_records WHERE +table_name = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ?4",
        )?;
        let rows = statement.query_map(params![table, after, until, limit as i64], |row| {
            Ok(Row {
                id: row.get(0)?,
                event_name: row.get(1)?,
                keys: row.get(2)?,
                new_image: row.get(3)?,
                old_image: row.get(4)?,
                sequence_number: row.get(5)?,
                created_at: row.get(6)?,
                user_identity: row.get(7)?,
                event_id: row.get(8)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Removes the records up to `last`, a bounded number at once so that writers come first.
    pub(super) fn trim(&self, last: i64) -> Result<(), DynamoDbError> {
        let sql = "DELETE FROM _stream_records WHERE id IN (SELECT id FROM _stream_records WHERE id <= ?1 ORDER BY id LIMIT ?2)";
        while self.connection.prepare_cached(sql)?.execute([last, TRIM])? as i64 == TRIM {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// The last of the oldest records, a bounded number, that were written up to `time`, epoch seconds; none if the oldest is newer.
    /// Times are not indexed, but records are numbered in the order in which they were written.
    pub(super) fn written_until(&self, time: i64) -> Result<Option<i64>, DynamoDbError> {
        let oldest = "SELECT created_at FROM _stream_records ORDER BY id LIMIT 1";
        let oldest: Option<i64> = self.connection.prepare_cached(oldest)?.query_row([], |row| row.get(0)).optional()?;
        if oldest.is_none_or(|oldest| oldest > time) {
            return Ok(None);
        }
        let sql = "SELECT MAX(id) FROM (SELECT id, created_at FROM _stream_records ORDER BY id LIMIT ?2) WHERE created_at <= ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([time, TRIM], |row| row.get(0))?)
    }

    /// The number and the stored sequence number of the oldest record of `table` whose sequence number is at least `from`.
    pub(super) fn at(&self, table: &str, from: i64) -> Result<Option<(i64, i64)>, DynamoDbError> {
        let sql = "SELECT id, CAST(sequence_number AS INTEGER) FROM _stream_records
                   WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) >= ?2 ORDER BY CAST(sequence_number AS INTEGER) LIMIT 1";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![table, from], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}
