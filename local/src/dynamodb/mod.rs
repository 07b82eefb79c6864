//! The DynamoDB room: a DynamoDB-compatible engine embedded as a library, its streams and its expiry of items.
//!
//! [`api`] speaks the protocol, [`items`] calls the engine, and what requests use up goes to the meter; [`streams_api`] shows streams. A
//! second connection to the engine's file reads stream records ([`rows`], [`record`]) for the event source mappings ([`reader`]), which are
//! told of each write, and [`changes`] shows people what they were. What happens by itself is in [`upkeep`]; and while the weather has some
//! staleness, eventually consistent reads are answered from a [`replica`].

mod api;
mod changes;
mod error;
mod items;
mod reader;
mod record;
mod replica;
mod rows;
mod streams_api;
mod table;
#[cfg(test)]
mod tests;
mod upkeep;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use axum::response::Response;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::HeaderMap;
use tokio::sync::Semaphore;

pub use self::{error::DynamoDbError, reader::StreamReader, record::StreamRecord};
use self::{reader::Cursor, record::Stream, replica::Replica, rows::Rows};
use crate::{clock::Clock, events::Events, keep::Keep, lock::lock, meter::Meter, template::Table, weather::Weather};

/// How long stream records are readable. Then they go, whoever has not read them.
pub(crate) const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Requests at the engine at once. It has one mutex, and whoever waits for it takes up a thread.
const AT_ONCE: usize = 2;

/// What may be chosen about the room.
#[derive(Default)]
pub struct DynamoDbOptions {
    /// The file in which the data is kept, durably. Without one it is in a temporary directory and gone with the process.
    pub path: Option<PathBuf>,
    /// Keeps how far the streams were read.
    pub keep: Keep,
    /// Most stream records of all tables together, a million unless it is said, so that a flood does not fill the disk: beyond it, the
    /// oldest go before their time, once every reader has finished them.
    pub stream_records: Option<u32>,
    /// Tells how old stream records are. The engine writes their times by its own.
    pub clock: Clock,
    /// Counts the capacity that requests use up.
    pub meter: Meter,
    /// Says which writes conflict, how old reads are, and how many shards streams have.
    pub weather: Weather,
    /// Is told of rows that change.
    pub(crate) events: Events,
}

/// A running DynamoDB. Cheap to clone; its upkeep ends with the last clone.
#[derive(Clone)]
pub struct DynamoDb {
    room: Arc<Room>,
}

/// What requests and the upkeep share.
struct Room {
    options: DynamoDbOptions,
    database: Database,
    file: PathBuf,
    rows: Mutex<Rows>,
    /// By table.
    streams: Mutex<BTreeMap<String, Arc<Stream>>>,
    readers: Mutex<Vec<Weak<Cursor>>>,
    replica: Option<Replica>,
    turns: Arc<Semaphore>,
    _directory: Option<tempfile::TempDir>,
}

impl Room {
    /// The consumers that are there.
    fn cursors(&self) -> Vec<Arc<Cursor>> {
        let mut readers = lock(&self.readers);
        readers.retain(|cursor| cursor.strong_count() > 0);
        readers.iter().filter_map(Weak::upgrade).collect()
    }
}

impl DynamoDb {
    /// Starts the engine and the upkeep.
    ///
    /// # Errors
    /// If the file cannot be opened or is not the engine's.
    pub fn start(options: DynamoDbOptions) -> Result<DynamoDb, DynamoDbError> {
        let directory = if options.path.is_none() { Some(tempfile::tempdir()?) } else { None };
        let temporary = directory.as_ref().map(|directory| directory.path().join("dynamodb.sqlite"));
        let file = options.path.clone().or(temporary).unwrap_or_default();
        let path = file.to_str().ok_or_else(|| io::Error::other(format!("the data path {} is not UTF-8", file.display())))?;
        let database = Database::new(path)?;
        if directory.is_some() {
            // What is gone with the process anyway need not wait for the disk.
            database.enable_bulk_loading()?;
        }
        let stale = Duration::from_millis(options.weather.odds().stale_ms);
        let room = Arc::new(Room {
            database,
            rows: Mutex::new(Rows::open(&file)?),
            file,
            streams: Mutex::default(),
            readers: Mutex::default(),
            replica: if stale.is_zero() { None } else { Some(Replica::new(stale)?) },
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            options,
            _directory: directory,
        });
        upkeep::start(&room);
        Ok(DynamoDb { room })
    }

    /// Creates a table, with its stream and its expiry, unless it is there already.
    ///
    /// # Errors
    /// If the engine refuses the table, or a table of that name with another shape is there.
    pub fn create_table(&self, table: &Table) -> Result<(), DynamoDbError> {
        let room = &self.room;
        let there = table::create(&room.database, table)?;
        if let Some(replica) = &room.replica {
            replica.create_table(&room.database, table)?;
        }
        if let Some(stream) = Stream::of(table, there, room.options.weather.odds().shards) {
            lock(&room.streams).insert(table.name.clone(), Arc::new(stream));
        }
        Ok(())
    }

    /// The shards of the stream of `table`, for one consumer. Each begins at the oldest record there is, or continues after the last record
    /// that was finished, also in a durable file that is opened again.
    ///
    /// # Errors
    /// If there is no such table, or it has no stream.
    pub fn stream(&self, table: &str, consumer: &str) -> Result<Vec<StreamReader>, DynamoDbError> {
        let room = &self.room;
        let none = || DynoxideError::ResourceNotFoundException(format!("table {table} does not exist or has no stream"));
        let stream = lock(&room.streams).get(table).cloned().ok_or_else(none)?;
        let cursor = Arc::new(Cursor::open(stream, consumer, Rows::open(&room.file)?, room.options.keep.clone())?);
        lock(&room.readers).push(Arc::downgrade(&cursor));
        Ok(cursor.readers())
    }

    /// Whether stream records have been written that a reader has not finished yet.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub async fn has_unfinished_records(&self) -> Result<bool, DynamoDbError> {
        let room = Arc::clone(&self.room);
        let look = move || {
            let rows = lock(&room.rows);
            let newest = rows.newest()?;
            let mut behind = room.cursors().into_iter().map(|cursor| cursor.is_behind(&rows, newest));
            behind.find(|behind| !matches!(behind, Ok(false))).unwrap_or(Ok(false))
        };
        tokio::task::spawn_blocking(look).await?
    }

    /// Answers one request of the DynamoDB or DynamoDB Streams protocol, with the headers and the body of its `POST /`.
    pub(crate) async fn handle(&self, headers: HeaderMap, body: Bytes) -> Response {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.room.turns).acquire_owned().await;
        let room = Arc::clone(&self.room);
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            api::answer(&room, &headers, &body)
        });
        api::respond(answer.await.map_err(DynamoDbError::from).flatten())
    }
}
