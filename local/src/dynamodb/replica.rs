//! A copy of the tables from which eventually consistent reads are answered as of a moment ago, while the weather has some staleness.

use std::{
    collections::VecDeque,
    sync::Mutex,
    time::{Duration, Instant},
};

use dynoxide::{Database, Result};
use serde_json::{Map, Value, json};

use super::{DynamoDbError, items::call, table};
use crate::{lock::lock, template::Table};

/// An item that was written. Where there was or is none, it is null.
struct Change {
    at: Instant,
    table: String,
    key: Value,
    before: Value,
    after: Value,
}

/// The copy. It is as new as the tables, and goes back in time for each read.
pub(super) struct Replica {
    database: Database,
    /// So long changes are remembered.
    most: Duration,
    /// The changes of the last while, oldest first. Locked for as long as the copy or the tables are written to.
    changes: Mutex<VecDeque<Change>>,
}

impl Replica {
    pub(super) fn new(most: Duration) -> Result<Replica> {
        Ok(Replica { database: Database::memory()?, most, changes: Mutex::default() })
    }

    /// Copies `table` of `main` with what is in it.
    pub(super) fn create_table(&self, main: &Database, table: &Table) -> std::result::Result<(), DynamoDbError> {
        table::create(&self.database, &Table { stream: false, ..table.clone() })?;
        let mut scan = json!({"TableName": table.name});
        loop {
            let page = call(main, "Scan", scan.clone())?;
            for item in page["Items"].as_array().into_iter().flatten() {
                self.set(&table.name, &Value::Null, item)?;
            }
            match &page["LastEvaluatedKey"] {
                Value::Null => return Ok(()),
                last => scan["ExclusiveStartKey"] = last.clone(),
            }
        }
    }

    /// The tables and keys of the items that a request writes, as far as they are there.
    pub(super) fn keys<'a>(&self, parts: impl Iterator<Item = (&'a str, &'a Map<String, Value>)>) -> Vec<(String, Value)> {
        let key = |(table, attributes): (&str, &Map<String, Value>)| {
            let schema: Vec<Value> = serde_json::from_str(&self.database.get_table_metadata(table).ok()??.key_schema).ok()?;
            let names = schema.iter().filter_map(|key| key["AttributeName"].as_str());
            let key = names.map(|name| Some((name.to_owned(), attributes.get(name)?.clone())));
            Some((table.to_owned(), Value::Object(key.collect::<Option<_>>()?)))
        };
        parts.filter_map(key).collect()
    }

    /// Carries out `call`, which writes to the items with these keys, and takes over what has become of them.
    pub(super) fn write<T>(&self, main: &Database, keys: Vec<(String, Value)>, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut changes = lock(&self.changes);
        let answer = call()?;
        let at = Instant::now();
        while changes.front().is_some_and(|change| at - change.at > self.most) {
            changes.pop_front();
        }
        for (table, key) in keys {
            let (before, after) = (get(&self.database, &table, &key)?, get(main, &table, &key)?);
            self.set(&table, &key, &after)?;
            changes.push_back(Change { at, table, key, before, after });
        }
        Ok(answer)
    }

    /// Carries out `call`, which reads from the copy, on what was there so long ago.
    pub(super) fn read<T>(&self, ago: Duration, call: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let changes = lock(&self.changes);
        let newer: Vec<&Change> = changes.iter().rev().take_while(|change| change.at.elapsed() < ago).collect();
        for change in &newer {
            self.set(&change.table, &change.key, &change.before)?;
        }
        let answer = call(&self.database);
        for change in newer.iter().rev() {
            self.set(&change.table, &change.key, &change.after)?;
        }
        answer
    }

    /// Removes expired items from the copy.
    pub(super) fn sweep(&self) -> Result<usize> {
        let _changes = lock(&self.changes);
        self.database.sweep_ttl()
    }

    fn set(&self, table: &str, key: &Value, item: &Value) -> Result<()> {
        let (operation, request) = match item {
            Value::Null => ("DeleteItem", json!({"TableName": table, "Key": key})),
            item => ("PutItem", json!({"TableName": table, "Item": item})),
        };
        call(&self.database, operation, request).map(drop)
    }
}

fn get(database: &Database, table: &str, key: &Value) -> Result<Value> {
    Ok(call(database, "GetItem", json!({"TableName": table, "Key": key}))?["Item"].take())
}
