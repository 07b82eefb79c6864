//! What happens by itself: expired items go, stream records go when their time is over, and what readers have finished is kept.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{DynamoDbError, RETENTION, Room};
use crate::{lock::lock, report::report};

const INTERVAL: Duration = Duration::from_secs(1);
/// Looking for expired items reads every item of the tables that have expiry. It may take this part of the time, however large they are.
const SHARE: u32 = 20;
/// A record takes from half a kilobyte on.
const STREAM_RECORDS: u32 = 1_000_000;

/// Looks after the room for as long as it is there, every second, or less often if that takes long.
pub(super) fn start(room: &Arc<Room>) {
    let room = Arc::downgrade(room);
    thread::spawn(move || {
        let mut pause = INTERVAL;
        loop {
            thread::sleep(pause);
            let (began, Some(room)) = (Instant::now(), room.upgrade()) else { return };
            if let Err(error) = room.sweep().and_then(|()| room.trim()) {
                report("DynamoDB", error);
            }
            pause = INTERVAL.max(began.elapsed() * SHARE);
        }
    });
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

    /// Saves where the readers are. Removes the stream records that are older than the retention, whoever has not read them yet, and those
    /// that are too many, once every reader has finished them.
    fn trim(&self) -> Result<(), DynamoDbError> {
        let cursors = self.cursors();
        cursors.iter().for_each(|cursor| cursor.save());
        let time = (self.options.clock.now() / 1_000).saturating_sub(RETENTION.as_secs());
        let rows = lock(&self.rows);
        while let Some(last) = rows.written_until(time.cast_signed())? {
            for cursor in &cursors {
                if cursor.is_behind(&rows, last)? {
                    report(&cursor.consumer, "records are gone, unfinished: a stream keeps them no longer");
                }
            }
            rows.trim(last)?;
        }
        let slowest = cursors.iter().map(|cursor| cursor.slowest()).min();
        let too_many = rows.newest()? - i64::from(self.options.stream_records.unwrap_or(STREAM_RECORDS));
        Ok(rows.trim(slowest.unwrap_or(too_many).min(too_many))?)
    }
}
