//! Whether stream records are still to be finished by somebody. Asked of the file itself, because the watcher notices a write only a moment
//! later.

use std::{path::Path, sync::Mutex, time::Duration};

use rusqlite::{Connection, OpenFlags, params};

use super::{DynamoDbError, record::Images};
use crate::lock::lock;

/// A connection that only asks this.
pub(super) struct Backlog(Mutex<Connection>);

impl Backlog {
    pub(super) fn open(file: &Path) -> Result<Backlog, DynamoDbError> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(Backlog(Mutex::new(connection)))
    }

    /// Whether there is a record behind one of these readers, given by its table and how far it has come. A write that changed nothing has
    /// no record, as for the readers.
    pub(super) fn is_there(&self, readers: &[(String, i64)]) -> Result<bool, DynamoDbError> {
        let connection = lock(&self.0);
        // A row's number leads straight to what is new; the plus sign keeps SQLite from searching by table. Only a change can be none, so
        // that the images of other rows need not be read.
        let mut statement = connection.prepare_cached(
            "SELECT event_name <> 'MODIFY', CASE event_name WHEN 'MODIFY' THEN new_image END, CASE event_name WHEN 'MODIFY' THEN old_image END
             FROM _stream_records WHERE id > ?1 AND +table_name = ?2 ORDER BY id",
        )?;
        for (table, position) in readers {
            let mut rows = statement.query(params![position, table])?;
            while let Some(row) = rows.next()? {
                if row.get(0)? || changed(row.get(1)?, row.get(2)?)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether the images differ, however they are written.
fn changed(new: Option<String>, old: Option<String>) -> Result<bool, DynamoDbError> {
    let image = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(!Images { new: image(new)?, old: image(old)? }.are_the_same())
}
