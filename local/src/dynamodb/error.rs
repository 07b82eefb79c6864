//! What can go wrong with the engine.

/// Why the DynamoDB room could not do something.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// The engine refused or failed.
    #[error("{0}")]
    Engine(#[from] dynoxide::errors::DynoxideError),
    /// The second connection to the engine's file failed.
    #[error("streams: {0}")]
    Rows(#[from] rusqlite::Error),
    /// A file or a thread could not be had.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A call into the engine panicked or was cancelled.
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
    /// A stored text is not the JSON that the engine writes.
    #[error("the engine stored something unreadable: {0}")]
    Stored(#[from] serde_json::Error),
    /// A table is there under that name, but with other keys or another stream.
    #[error("table {table} is there already, but {difference}; delete the data, or give the table another name")]
    OtherTable {
        /// The table's name.
        table: String,
        /// How what is there differs.
        difference: String,
    },
    /// There is no such table, or it has no stream.
    #[error("table {0} does not exist or has no stream")]
    NoStream(String),
}
