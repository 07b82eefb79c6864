//! Expiry of items (TTL): nothing expires by itself, so the engine is told to look, again and again.

use std::time::{Duration, Instant};

use dynoxide::Database;
use tokio_util::sync::CancellationToken;

use crate::report::report;

/// A look reads every item of the tables that have expiry. It may take this part of the time, however large the tables are.
const SHARE: u32 = 20;

/// Removes expired items every `interval`, or less often if looking takes long. Removals appear in the stream as the service's.
pub(super) async fn run(database: Database, interval: Duration, stopping: CancellationToken) {
    let mut pause = interval;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
        let (database, began) = (database.clone(), Instant::now());
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => report("DynamoDB", format_args!("expired items could not be removed: {error}")),
            Err(error) => report("DynamoDB", format_args!("expired items could not be removed: {error}")),
        }
        pause = interval.max(began.elapsed() * SHARE);
    }
}
