//! What can go wrong.

/// Why the DynamoDB room could not do something.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// In the engine's words, which are AWS's.
    #[error("{0}")]
    Engine(#[from] dynoxide::DynoxideError),
    /// An error of AWS's that the engine does not know: its type and its message.
    #[error("{1}")]
    Refused(&'static str, String),
    /// The second connection to the engine's file failed.
    #[error("streams: {0}")]
    Rows(#[from] rusqlite::Error),
    /// A file could not be had.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A call into the engine panicked.
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
    /// A text is not the JSON that the engine writes and reads.
    #[error("not the engine's JSON: {0}")]
    Json(#[from] serde_json::Error),
}
