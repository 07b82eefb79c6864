//! The DynamoDB room: a DynamoDB-compatible engine embedded as a library, its streams and its expiry of items.
//!
//! [`api`] speaks the protocol, [`items`] calls the engine, and what requests use up goes to the meter; [`streams_api`] shows streams. A second connection to the engine's file reads stream records ([`rows`], [`record`]) for the event source mappings
//! ([`reader`]), which are told of each write. What happens by itself is in [`upkeep`]; and while the weather has some staleness, eventually
//! consistent reads are answered from a [`replica`].

mod api;
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
    path::PathBuf,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use axum::{extract::Request, http::StatusCode, response::Response};
use dynoxide::Database;
use http_body_util::{BodyExt, Limited};
use tokio::runtime::{Handle, Runtime};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    error::DynamoDbError,
    reader::{Checkpoint, StreamReader},
    record::StreamRecord,
};
use self::{reader::Cursor, record::Stream, replica::Replica, rows::Rows};
use crate::{aws_json, clock::Clock, keep::Keep, lock::lock, meter::Meter, template::Table, weather::Weather};

/// What the engine takes at most, bytes.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// How long stream records are readable. Then they go, whoever has not read them.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
/// Records looked at together when it is asked whether there are any.
const LOOK: usize = 100;

/// What may be chosen about the room.
#[derive(Clone)]
pub struct DynamoDbOptions {
    /// Where the data is kept, durably. Without one it is kept in a temporary directory and gone with the process.
    pub path: Option<PathBuf>,
    /// Keeps how far the streams were read.
    pub keep: Keep,
    /// How often expired items and stream records whose time is over are looked for.
    pub expiry_interval: Duration,
    /// Most stream records of all tables together, so that a flood does not fill the disk: beyond it, the oldest go before their time, once
    /// every reader has finished them.
    pub stream_records: u32,
    /// Tells how old stream records are. The engine writes their times by its own.
    pub clock: Clock,
    /// Counts the capacity that requests use up.
    pub meter: Meter,
    /// Says which writes conflict, how old reads are, and how many shards streams have.
    pub weather: Weather,
}

impl Default for DynamoDbOptions {
    fn default() -> DynamoDbOptions {
        DynamoDbOptions {
            path: None,
            keep: Keep::default(),
            expiry_interval: Duration::from_secs(1),
            stream_records: 1_000_000,
            clock: Clock::default(),
            meter: Meter::default(),
            weather: Weather::default(),
        }
    }
}

/// A running DynamoDB. Cheap to clone.
#[derive(Clone)]
pub struct DynamoDb {
    running: Arc<Running>,
}

/// What ends with the last handle.
struct Running {
    room: Arc<Room>,
    /// Threads of its own: whoever calls the engine waits for its one mutex.
    runtime: Option<Runtime>,
    calls: Handle,
    tasks: TaskTracker,
    stopping: CancellationToken,
    _directory: Option<tempfile::TempDir>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopping.cancel();
        // Waiting for its threads is not allowed where tasks run.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// What requests and the upkeep share.
struct Room {
    database: Database,
    file: PathBuf,
    rows: Mutex<Rows>,
    /// By table.
    streams: Mutex<BTreeMap<String, Arc<Stream>>>,
    readers: Mutex<Vec<Weak<Cursor>>>,
    replica: Option<Replica>,
    keep: Keep,
    stream_records: u32,
    clock: Clock,
    meter: Meter,
    weather: Weather,
}

impl Room {
    /// The readers that are there.
    fn cursors(&self) -> Vec<Arc<Cursor>> {
        let mut readers = lock(&self.readers);
        readers.retain(|cursor| cursor.strong_count() > 0);
        readers.iter().filter_map(Weak::upgrade).collect()
    }

    /// Tells the readers of these tables that something was written.
    fn tell_readers(&self, tables: &[String]) {
        let streams = lock(&self.streams);
        tables.iter().filter_map(|table| streams.get(table)).for_each(|stream| stream.written.send_replace(()));
    }

    /// Whether there is a record behind a reader. A write that changed nothing has none.
    fn has_unfinished_records(&self) -> Result<bool, DynamoDbError> {
        let (cursors, rows) = (self.cursors(), lock(&self.rows));
        let newest = rows.newest()?;
        for cursor in cursors {
            let mut after = cursor.finished();
            while after < newest {
                let (records, position) = cursor.stream.read(&rows, (after, newest), LOOK)?;
                if !records.is_empty() {
                    return Ok(true);
                }
                after = position;
            }
        }
        Ok(false)
    }
}

impl DynamoDb {
    /// Starts the engine and the upkeep.
    ///
    /// # Errors
    /// If the file cannot be opened or is not the engine's, or no thread can be had.
    pub async fn start(options: DynamoDbOptions) -> Result<DynamoDb, DynamoDbError> {
        let durable = options.path.is_some();
        let (file, directory) = match options.path {
            Some(path) => (path, None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().join("dynamodb.sqlite"), Some(directory))
            }
        };
        let stale = Duration::from_millis(options.weather.odds().stale_ms);
        let open = move || -> Result<Room, DynamoDbError> {
            let path = file.to_str().ok_or_else(|| std::io::Error::other(format!("the data path {} is not UTF-8", file.display())))?;
            let database = Database::new(path)?;
            if !durable {
                // What is gone with the process anyway need not wait for the disk.
                database.enable_bulk_loading()?;
            }
            Ok(Room {
                database,
                rows: Mutex::new(Rows::open(&file)?),
                file,
                streams: Mutex::default(),
                readers: Mutex::default(),
                replica: if stale.is_zero() { None } else { Some(Replica::new(stale)?) },
                keep: options.keep,
                stream_records: options.stream_records,
                clock: options.clock,
                meter: options.meter,
                weather: options.weather,
            })
        };
        let room = Arc::new(tokio::task::spawn_blocking(open).await??);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("dynamodb").build()?;
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(upkeep::run(Arc::clone(&room), options.expiry_interval, stopping.clone()));
        tasks.close();
        Ok(DynamoDb {
            running: Arc::new(Running {
                room,
                calls: runtime.handle().clone(),
                runtime: Some(runtime),
                tasks,
                stopping,
                _directory: directory,
            }),
        })
    }

    /// Creates a table, with its stream and its expiry, unless it is there already.
    ///
    /// # Errors
    /// If the engine refuses the table, or a table of that name with another shape is there.
    pub async fn create_table(&self, table: &Table) -> Result<(), DynamoDbError> {
        let (room, table) = (Arc::clone(&self.running.room), table.clone());
        let create = move || {
            table::create(&room.database, &table)?;
            if let Some(replica) = &room.replica {
                replica.create_table(&room.database, &table)?;
            }
            let there = room.database.get_table_metadata(&table.name)?;
            if let Some(stream) = there.and_then(|there| Stream::of(&table, there, room.weather.odds().shards)) {
                lock(&room.streams).insert(table.name, Arc::new(stream));
            }
            Ok(())
        };
        tokio::task::spawn_blocking(create).await?
    }

    /// The stream of `table`, for one consumer, which begins at the oldest record there is, or continues after the last record it finished,
    /// also in a durable file that is opened again.
    ///
    /// # Errors
    /// If there is no such table, or it has no stream.
    pub fn stream(&self, table: &str, consumer: &str) -> Result<StreamReader, DynamoDbError> {
        let room = &self.running.room;
        let stream = lock(&room.streams).get(table).cloned().ok_or_else(|| DynamoDbError::NoStream(table.to_owned()))?;
        let reader = StreamReader::open(stream, consumer, Rows::open(&room.file)?, room.keep.clone())?;
        lock(&room.readers).push(Arc::downgrade(&reader.cursor));
        Ok(reader)
    }

    /// Whether stream records have been written that a reader has not finished yet.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub async fn has_unfinished_records(&self) -> Result<bool, DynamoDbError> {
        let room = Arc::clone(&self.running.room);
        tokio::task::spawn_blocking(move || room.has_unfinished_records()).await?
    }

    /// Answers one request of the DynamoDB or DynamoDB Streams protocol (`POST /` with an `x-amz-target`).
    pub async fn handle(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                let message = format!("the request's body cannot be read: {error}");
                return aws_json::error(StatusCode::PAYLOAD_TOO_LARGE, "com.amazon.coral.service#SerializationException", &message);
            }
        };
        let room = Arc::clone(&self.running.room);
        let answer = self.running.calls.spawn(async move { api::answer(&room, &parts.headers, &body) }).await;
        api::respond(answer.unwrap_or_else(|error| Err(error.into())))
    }

    /// Stops the upkeep, and returns when it has stopped. What readers have finished is kept then.
    pub async fn shutdown(&self) {
        self.running.stopping.cancel();
        self.running.tasks.wait().await;
    }
}
