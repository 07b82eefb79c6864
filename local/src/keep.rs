//! What outlives the process under `--data`, besides the tables: small JSON values by room and key, in one SQLite file.
//!
//! A value that was put is in the file when `put` returns, so that it survives the end of the process at any moment, `kill -9` included. It
//! need not survive a loss of power. Without `--data` nothing is kept, and every call is nothing.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{lock::lock, report::report};

/// A place to keep values in. Cheap to clone. The default keeps nothing.
#[derive(Clone, Default)]
pub struct Keep {
    connection: Option<Arc<Mutex<Connection>>>,
}

impl Keep {
    /// Keeps values in `file`, which is made if it is not there.
    ///
    /// # Errors
    /// If the file cannot be opened or is no database.
    pub fn open(file: &Path) -> rusqlite::Result<Keep> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
             CREATE TABLE IF NOT EXISTS kept (room TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (room, key)) WITHOUT ROWID",
        )?;
        Ok(Keep { connection: Some(Arc::new(Mutex::new(connection))) })
    }

    /// Keeps `value`, in place of the one that was kept under this key.
    pub fn put(&self, room: &str, key: &str, value: &impl Serialize) {
        self.with(|connection| {
            let text = serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO kept VALUES (?1, ?2, ?3)")?;
            statement.execute(params![room, key, text]).map(|_| ())
        });
    }

    /// Keeps the value of this key no more.
    pub fn delete(&self, room: &str, key: &str) {
        self.with(|connection| {
            let mut statement = connection.prepare_cached("DELETE FROM kept WHERE room = ?1 AND key = ?2")?;
            statement.execute(params![room, key]).map(|_| ())
        });
    }

    /// Everything that `room` has kept, in the order of keys. What cannot be read any more is reported and left out.
    pub fn all<T: DeserializeOwned>(&self, room: &str) -> Vec<(String, T)> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT key, value FROM kept WHERE room = ?1 ORDER BY key")?;
            statement.query_map(params![room], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(String, String)>>>()
        });
        let read = |(key, text): (String, String)| match serde_json::from_str(&text) {
            Ok(value) => Some((key, value)),
            Err(error) => {
                report("--data", format!("{room} {key} cannot be read: {error}"));
                None
            }
        };
        rows.unwrap_or_default().into_iter().filter_map(read).collect()
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let connection = lock(self.connection.as_ref()?);
        work(&connection).inspect_err(|error| report("--data", error)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_when_the_file_is_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("kept.sqlite");
        let keep = Keep::open(&file).unwrap();
        keep.put("sqs", "b", &2);
        keep.put("sqs", "a", &1);
        keep.put("sqs", "a", &3);
        keep.put("sqs", "gone", &4);
        keep.delete("sqs", "gone");
        keep.put("gamelift", "a", &5);
        assert_eq!(Keep::open(&file).unwrap().all::<u32>("sqs"), [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    }

    #[test]
    fn without_a_file_nothing_is_kept() {
        let keep = Keep::default();
        keep.put("sqs", "a", &1);
        assert!(keep.all::<u32>("sqs").is_empty());
    }
}
