//! The engine's stream rows, over a second connection to its file. This is the engine's private schema, which is why its version is
//! pinned and a test guards what is used of it here and in `record.rs`.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::DynamoDbError;

/// Rows removed by one statement, so that writers wait for a moment only.
const TRIM: i64 = 1_000;

/// A connection to the engine's file.
pub(super) struct Rows {
    connection: Connection,
}

impl Rows {
    /// Opens the file that the engine has made, and makes what it lacks: without the index each write scans the history for the highest
    /// number.
    pub(super) fn open(file: &Path) -> Result<Rows> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF;
             CREATE INDEX IF NOT EXISTS muster_stream_records ON _stream_records(table_name, CAST(sequence_number AS INTEGER));",
        )?;
        Ok(Rows { connection })
    }

    /// The number of the newest record there has been, of any table; 0 if there was none.
    pub(super) fn newest(&self) -> Result<i64> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = '_stream_records'";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// What is made of up to `limit` rows of `table` with numbers after `after` and up to `until`, in order. The plus sign keeps SQLite
    /// from searching by table, which would read the whole history; a row's number leads straight to what is new.
    pub(super) fn read<T>(
        &self,
        table: &str,
        (after, until): (i64, i64),
        limit: usize,
        make: impl Fn(&Row<'_>) -> Result<T, DynamoDbError>,
    ) -> Result<Vec<T>, DynamoDbError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, event_name, keys_json, new_image, old_image, CAST(sequence_number AS INTEGER) AS number, created_at, user_identity,
             event_id FROM _stream_records WHERE +table_name = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ?4",
        )?;
        let (mut rows, mut made) = (statement.query(params![table, after, until, limit as i64])?, Vec::new());
        while let Some(row) = rows.next()? {
            made.push(make(row)?);
        }
        Ok(made)
    }

    /// Removes the records up to `last`, a bounded number at once so that writers come first.
    pub(super) fn trim(&self, last: i64) -> Result<()> {
        let sql = "DELETE FROM _stream_records WHERE id IN (SELECT id FROM _stream_records WHERE id <= ?1 ORDER BY id LIMIT ?2)";
        while self.connection.prepare_cached(sql)?.execute([last, TRIM])? as i64 == TRIM {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// The last of the oldest records, a bounded number, that were written up to `time`, epoch seconds; none if the oldest is newer.
    /// Times are not indexed, but records are numbered in the order in which they were written.
    pub(super) fn written_until(&self, time: i64) -> Result<Option<i64>> {
        let sql = "SELECT MAX(id) FROM (SELECT id, created_at FROM _stream_records ORDER BY id LIMIT ?2) WHERE created_at <= ?1";
        self.connection.prepare_cached(sql)?.query_row([time, TRIM], |row| row.get(0))
    }

    /// The number and the stored sequence number of the oldest record of `table` whose sequence number is at least `from`.
    pub(super) fn at(&self, table: &str, from: i64) -> Result<Option<(i64, i64)>> {
        let sql = "SELECT id, CAST(sequence_number AS INTEGER) FROM _stream_records
                   WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) >= ?2 ORDER BY CAST(sequence_number AS INTEGER) LIMIT 1";
        self.connection.prepare_cached(sql)?.query_row(params![table, from], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    }
}
