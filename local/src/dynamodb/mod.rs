//! The DynamoDB room: a DynamoDB-compatible engine embedded as a library, its streams and its expiry of items.
//!
//! Requests come through the front door or, from functions, on a loopback port of the room's own ([`engine`]); [`endpoint`] answers both: in
//! process ([`direct`]), or by the engine's HTTP server ([`proxy`]), which shows streams as [`streams_api`] does. What requests use up goes
//! to the meter ([`capacity`]). A second connection to the engine's file notices stream records ([`watcher`]) and reads them ([`rows`],
//! [`record`]) for the event source mappings ([`reader`]). Items past their `expiresAt` are removed by [`expiry`].

mod backlog;
mod capacity;
mod direct;
mod endpoint;
mod engine;
mod error;
mod expiry;
mod proxy;
mod reader;
mod record;
mod rhythm;
mod rows;
mod streams_api;
mod table;
#[cfg(test)]
mod tests;
mod wake;
mod watcher;

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{extract::Request, response::Response};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{backlog::Backlog, engine::Engine, reader::Opening, rows::Rows, watcher::Watcher};
pub use self::{
    error::DynamoDbError,
    reader::{Checkpoint, StreamReader},
    record::StreamRecord,
    table::{AttributeType, KeyAttribute, StreamViewType, TableConfig},
};
use crate::{clock::Clock, meter::Meter};

/// What may be chosen about the room.
#[derive(Clone, Debug)]
pub struct DynamoDbOptions {
    /// Where the data is kept, durably. Without one it is kept in a temporary directory and gone with the process.
    pub path: Option<PathBuf>,
    /// How often expired items are looked for.
    pub expiry_interval: Duration,
    /// How long stream records are readable. Then they go, whoever has not read them.
    pub stream_retention: Duration,
    /// Most stream records of all tables together, so that a flood does not fill the disk: beyond it, the oldest go before their time, once
    /// every reader has finished them.
    pub stream_records: u32,
    /// Tells how old stream records are. The engine writes their times by its own.
    pub clock: Clock,
    /// Counts the capacity that requests use up.
    pub meter: Meter,
}

/// Where a new consumer begins to read a stream. One that has read it before goes on where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// At the oldest record there is.
    TrimHorizon,
    /// After the newest record there is.
    Latest,
}

impl Default for DynamoDbOptions {
    fn default() -> DynamoDbOptions {
        DynamoDbOptions {
            path: None,
            expiry_interval: Duration::from_secs(1),
            stream_retention: Duration::from_secs(24 * 60 * 60),
            stream_records: 1_000_000,
            clock: Clock::default(),
            meter: Meter::default(),
        }
    }
}

/// A running DynamoDB. Cheap to clone.
#[derive(Clone)]
pub struct DynamoDb {
    inner: Arc<Inner>,
}

/// The parts in the order in which they must go: the files last.
struct Inner {
    engine: Engine,
    watcher: Watcher,
    backlog: Arc<Backlog>,
    tasks: TaskTracker,
    stopping: CancellationToken,
    file: PathBuf,
    stream_retention: Duration,
    clock: Clock,
    _directory: Option<tempfile::TempDir>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl DynamoDb {
    /// Starts the engine, its HTTP server on a free loopback port, the watcher of its streams and the expiry of items.
    ///
    /// # Errors
    /// If the file cannot be opened or is not the engine's, or no port or thread can be had.
    pub async fn start(options: DynamoDbOptions) -> Result<DynamoDb, DynamoDbError> {
        let durable = options.path.is_some();
        let (file, directory) = match &options.path {
            Some(path) => (path.clone(), None),
            None => {
                let directory = tempfile::tempdir()?;
                (directory.path().join("dynamodb.sqlite"), Some(directory))
            }
        };
        let engine = Engine::start(&file, durable, options.meter.clone()).await?;
        let watcher = Watcher::start(&file, &options)?;
        let backlog = Arc::new(Backlog::open(&file)?);
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(expiry::run(engine.database(), options.expiry_interval, stopping.clone()));
        tasks.close();
        let (stream_retention, clock) = (options.stream_retention, options.clock);
        let inner = Inner { engine, watcher, backlog, tasks, stopping, file, stream_retention, clock, _directory: directory };
        Ok(DynamoDb { inner: Arc::new(inner) })
    }

    /// Where functions reach the room without a way through the front door: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.inner.engine.address())
    }

    /// Creates a table, with its stream and its expiry, unless it is there already.
    ///
    /// # Errors
    /// If the engine refuses the table, or a table of that name with another shape is there.
    pub async fn create_table(&self, table: &TableConfig) -> Result<(), DynamoDbError> {
        let (database, file, table) = (self.inner.engine.database(), self.inner.file.clone(), table.clone());
        tokio::task::spawn_blocking(move || table::create(&database, &Rows::open(&file)?, &table)).await?
    }

    /// The stream of `table`, for one consumer, which continues after the last record it finished, also in a durable file that is opened
    /// again. A new consumer begins at `start`.
    ///
    /// # Errors
    /// If there is no such table, or it has no stream.
    pub fn stream(&self, table: &str, consumer: &str, start: StartingPosition) -> Result<StreamReader, DynamoDbError> {
        let Inner { file, watcher, stream_retention, clock, .. } = &*self.inner;
        StreamReader::open(Opening { file, watcher, retention: *stream_retention, clock: clock.clone() }, table, consumer, start)
    }

    /// Whether stream records have been written that a reader has not finished yet.
    ///
    /// # Errors
    /// If the engine's file cannot be read.
    pub async fn has_unfinished_records(&self) -> Result<bool, DynamoDbError> {
        let (backlog, readers) = (Arc::clone(&self.inner.backlog), self.inner.watcher.positions());
        tokio::task::spawn_blocking(move || backlog.is_there(&readers)).await?
    }

    /// Answers one request of the DynamoDB or DynamoDB Streams protocol (`POST /` with an `x-amz-target`), with the Region of the local
    /// stack in ARNs.
    pub async fn handle(&self, request: Request) -> Response {
        self.inner.engine.handle(request).await
    }

    /// Stops the HTTP server, the watcher and the expiry, and returns when they have stopped. What readers have finished is on disk then.
    pub async fn shutdown(&self) {
        self.inner.stopping.cancel();
        self.inner.tasks.wait().await;
        self.inner.watcher.stop().await;
        self.inner.engine.stop().await;
    }
}
