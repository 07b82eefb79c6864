//! How many stream records are still to be finished by somebody. Asked of the file itself, because the watcher notices a write only a moment
//! later.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, params};

use super::{DynamoDbError, record::Images};

/// The records behind each of these readers, given by its table and how far it has come, together. A write that changed nothing has no
/// record, as for the readers.
pub(super) fn count(file: &Path, readers: &[(String, i64)]) -> Result<u64, DynamoDbError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // A row's number leads straight to what is new; the plus sign keeps SQLite from searching by table.
    let sql = "SELECT new_image, old_image FROM _stream_records WHERE id > ?1 AND +table_name = ?2";
    let mut statement = connection.prepare(sql)?;
    let mut records = 0;
    for (table, position) in readers {
        let mut rows = statement.query(params![position, table])?;
        while let Some(row) = rows.next()? {
            records += u64::from(changed(row.get(0)?, row.get(1)?)?);
        }
    }
    Ok(records)
}

/// Whether the images differ, however they are written.
fn changed(new: Option<String>, old: Option<String>) -> Result<bool, DynamoDbError> {
    let image = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(!Images { new: image(new)?, old: image(old)? }.are_the_same())
}
