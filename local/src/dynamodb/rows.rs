//! The engine's stream rows, over a second connection to its file. This is the engine's private schema, which is why its version is
//! pinned and a test guards what is used of it here.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::DynamoDbError;

/// Rows removed by one statement, so that writers wait for a moment only.
const TRIM: i64 = 1_000;

/// One row of `_stream_records`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) event_name: String,
    pub(super) keys: String,
    pub(super) new_image: Option<String>,
    pub(super) old_image: Option<String>,
    pub(super) sequence_number: String,
    pub(super) created_at: i64,
    pub(super) user_identity: Option<String>,
    pub(super) event_id: Option<String>,
}

/// What the engine knows of a table's stream.
pub(super) struct Description {
    pub(super) label: String,
    pub(super) view_type: String,
}

/// A connection to the engine's file.
pub(super) struct Rows {
    connection: Connection,
}

impl Rows {
    /// Opens the file that the engine has made.
    pub(super) fn open(file: &Path) -> Result<Rows, DynamoDbError> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF;")?;
        Ok(Rows { connection })
    }

    /// Makes what the engine lacks: without the index each write scans the history for the highest number.
    pub(super) fn prepare(&self) -> Result<(), DynamoDbError> {
        self.connection.execute_batch(
            "CREATE INDEX IF NOT EXISTS muster_stream_records ON _stream_records(table_name, CAST(sequence_number AS INTEGER));
             CREATE TABLE IF NOT EXISTS muster_positions (consumer TEXT PRIMARY KEY, position INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS muster_views (table_name TEXT PRIMARY KEY, label TEXT NOT NULL, view_type TEXT NOT NULL);",
        )?;
        Ok(())
    }

    /// A number that changes whenever another connection has committed. Costs about 2 µs.
    pub(super) fn version(&self) -> Result<i64, DynamoDbError> {
        Ok(self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
    }

    /// The number of the newest record there has been, of any table; 0 if there was none.
    pub(super) fn newest(&self) -> Result<i64, DynamoDbError> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = '_stream_records'";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
    }

    /// The number and table of each record after `after`.
    pub(super) fn after(&self, after: i64, mut each: impl FnMut(i64, &str)) -> Result<(), DynamoDbError> {
        let mut statement = self.connection.prepare_cached("SELECT id, table_name FROM _stream_records WHERE id > ?1 ORDER BY id")?;
        let mut rows = statement.query([after])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        }
        Ok(())
    }

    /// Up to `limit` records of `table` with numbers after `after` and up to `until`, in order. The plus sign keeps SQLite from searching
    /// by table, which would read the whole history; a row's number leads straight to what is new.
    pub(super) fn read(&self, table: &str, (after, until): (i64, i64), limit: usize) -> Result<Vec<Row>, DynamoDbError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, event_name, keys_json, new_image, old_image, sequence_number, created_at, user_identity, event_id
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

    /// Removes the records up to `last`, a bounded number at once. Answers whether there may be more.
    pub(super) fn trim(&self, last: i64) -> Result<bool, DynamoDbError> {
        let sql = "DELETE FROM _stream_records WHERE id IN (SELECT id FROM _stream_records WHERE id <= ?1 ORDER BY id LIMIT ?2)";
        Ok(self.connection.prepare_cached(sql)?.execute([last, TRIM])? as i64 == TRIM)
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

    /// How many records `table` has after `after` and up to `until`.
    pub(super) fn count(&self, table: &str, (after, until): (i64, i64)) -> Result<i64, DynamoDbError> {
        let sql = "SELECT COUNT(*) FROM _stream_records WHERE +table_name = ?1 AND id > ?2 AND id <= ?3";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![table, after, until], |row| row.get(0))?)
    }

    /// The stored sequence number of the oldest record of `table`.
    pub(super) fn oldest(&self, table: &str) -> Result<Option<i64>, DynamoDbError> {
        let sql = "SELECT MIN(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([table], |row| row.get(0))?)
    }

    /// The stream of `table`, if it has one.
    pub(super) fn describe(&self, table: &str) -> Result<Option<Description>, DynamoDbError> {
        let sql = "SELECT stream_label, stream_view_type FROM _tables WHERE table_name = ?1 AND stream_enabled = 1";
        let description = |row: &rusqlite::Row<'_>| Ok(Description { label: row.get(0)?, view_type: row.get(1)? });
        let Some(mut description) = self.connection.query_row(sql, [table], description).optional()? else { return Ok(None) };
        if let Some(view_type) = self.view(table, &description.label)? {
            description.view_type = view_type;
        }
        Ok(Some(description))
    }

    /// The view type that was asked for, of the stream of `table` with this label; none if the engine's own holds.
    pub(super) fn view(&self, table: &str, label: &str) -> Result<Option<String>, DynamoDbError> {
        let sql = "SELECT view_type FROM muster_views WHERE table_name = ?1 AND label = ?2";
        Ok(self.connection.prepare_cached(sql)?.query_row([table, label], |row| row.get(0)).optional()?)
    }

    /// Keeps the view type that was asked for.
    pub(super) fn keep_view(&self, table: &str, label: &str, view_type: &str) -> Result<(), DynamoDbError> {
        self.connection.execute("INSERT OR REPLACE INTO muster_views VALUES (?1, ?2, ?3)", [table, label, view_type])?;
        Ok(())
    }

    /// The number of the last record that `consumer` had finished when positions were last saved.
    pub(super) fn position(&self, consumer: &str) -> Result<Option<i64>, DynamoDbError> {
        let sql = "SELECT position FROM muster_positions WHERE consumer = ?1";
        Ok(self.connection.query_row(sql, [consumer], |row| row.get(0)).optional()?)
    }

    /// Saves the positions of consumers.
    pub(super) fn save(&mut self, positions: &[(String, i64)]) -> Result<(), DynamoDbError> {
        let transaction = self.connection.transaction()?;
        for (consumer, position) in positions {
            transaction.execute("INSERT OR REPLACE INTO muster_positions VALUES (?1, ?2)", params![consumer, position])?;
        }
        Ok(transaction.commit()?)
    }
}
