//! What happens by itself: expired items go, stream records go when their time is over, and what readers have finished is kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use super::{DynamoDbError, RETENTION, Room};
use crate::{lock::lock, report::report};

/// Looking for expired items reads every item of the tables that have expiry. It may take this part of the time, however large they are.
const SHARE: u32 = 20;

/// Looks after the room every `interval`, or less often if that takes long. Saves what is finished once more at the end.
pub(super) async fn run(room: Arc<Room>, interval: Duration, stopping: CancellationToken) {
    let mut pause = interval;
    while stopping.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let (room, began) = (Arc::clone(&room), Instant::now());
        let done = tokio::task::spawn_blocking(move || room.sweep().and_then(|()| room.trim())).await;
        if let Err(error) = done.map_err(DynamoDbError::from).flatten() {
            report("DynamoDB", error);
        }
        pause = interval.max(began.elapsed() * SHARE);
    }
    room.cursors().iter().for_each(|cursor| cursor.save());
}

impl Room {
    /// Removes expired items. The removals appear in the streams as the service's.
    fn sweep(&self) -> Result<(), DynamoDbError> {
        if self.database.sweep_ttl()? > 0 {
            lock(&self.streams).values().for_each(|stream| stream.written.send_replace(()));
        }
        if let Some(replica) = &self.replica {
            replica.sweep()?;
        }
        Ok(())
    }

    /// Saves where the readers are. Removes the stream records that are older than the retention, whoever has not read them yet, and those that
    /// are too many, once every reader has finished them.
    fn trim(&self) -> Result<(), DynamoDbError> {
        let cursors = self.cursors();
        cursors.iter().for_each(|cursor| cursor.save());
        let time = (self.clock.now() / 1_000).saturating_sub(RETENTION.as_secs());
        let rows = lock(&self.rows);
        while let Some(last) = rows.written_until(time.cast_signed())? {
            for cursor in &cursors {
                if !rows.read(&cursor.stream.table, (cursor.finished(), last), 1)?.is_empty() {
                    report(&cursor.consumer, "records are gone, unfinished: a stream keeps them no longer");
                }
            }
            rows.trim(last)?;
        }
        let slowest = cursors.iter().map(|cursor| cursor.finished()).min();
        let last = (rows.newest()? - i64::from(self.stream_records)).min(slowest.unwrap_or(i64::MAX));
        if last > 0 { rows.trim(last) } else { Ok(()) }
    }
}
