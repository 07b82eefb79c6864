//! A running event source mapping: reads the stream, filters, and deals the records to its lanes.

use std::{
    fmt::Display,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    config::{MappingConfig, MappingError},
    filter::Filters,
    lane::{Entry, Lane},
    progress::Progress,
};
use crate::{
    dynamodb::{Checkpoint, StreamReader},
    lambda::Lambda,
    report::report,
    sqs::Sqs,
};

/// Records read at once at most, as GetRecords answers.
const READ: usize = 1_000;
/// The wait after the stream could not be read.
const PAUSE: Duration = Duration::from_millis(100);

/// A mapping's fixed parts.
pub(super) struct Job {
    pub(super) config: MappingConfig,
    pub(super) stream_arn: String,
    pub(super) shard_id: String,
    pub(super) lambda: Lambda,
    pub(super) sqs: Sqs,
    pub(super) progress: Progress,
}

impl Job {
    /// Tells the developer what went wrong.
    pub(super) fn report(&self, line: impl Display) {
        report(&format!("mapping {}", self.config.name), line);
    }
}

/// A running mapping. Dropping it stops it.
pub struct Mapping {
    stopping: CancellationToken,
    tasks: TaskTracker,
    checkpoint: Checkpoint,
}

impl Mapping {
    /// Starts handing the records of `reader` to the function; what is given up is told to a queue of `sqs`. Call it inside a runtime.
    ///
    /// # Errors
    /// If the configuration is not one that AWS would take.
    pub fn start(config: MappingConfig, reader: StreamReader, lambda: Lambda, sqs: Sqs) -> Result<Mapping, MappingError> {
        let filters = config.check()?;
        let checkpoint = reader.checkpoint();
        let (stream_arn, shard_id) = (reader.arn().to_owned(), reader.shard_id().to_owned());
        let progress = Progress::new(checkpoint.clone());
        let job = Arc::new(Job { config, stream_arn, shard_id, lambda, sqs, progress });
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut lanes = Vec::new();
        for _ in 0..job.config.parallelization_factor {
            // Room for the batch after the one under way.
            let (sender, records) = mpsc::channel(job.config.batch_size);
            let lane = Lane { job: Arc::clone(&job), records, carried: None };
            tasks.spawn(stopping.clone().run_until_cancelled_owned(lane.run()));
            lanes.push(sender);
        }
        tasks.spawn(stopping.clone().run_until_cancelled_owned(deal(reader, filters, lanes, job)));
        tasks.close();
        Ok(Mapping { stopping, tasks, checkpoint })
    }

    /// The position in the stream up to which everything is handled or given up.
    pub fn position(&self) -> i64 {
        self.checkpoint.position()
    }

    /// Stops. A batch under way is left; it comes again when the stream is read again.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn deal(mut reader: StreamReader, filters: Filters, lanes: Vec<mpsc::Sender<Entry>>, job: Arc<Job>) {
    loop {
        let records = match reader.next(READ).await {
            Ok(records) => records,
            Err(error) => {
                job.report(error);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let wanted: Vec<_> = records.into_iter().filter(|record| filters.matches(&record.event)).collect();
        job.progress.opened(wanted.iter().map(|record| record.position), reader.position());
        for record in wanted {
            let json = record.event.to_string();
            let lane = lane_of(&record.partition_key, lanes.len());
            // A lane ends only when the mapping stops.
            if lanes[lane].send(Entry { record, json }).await.is_err() {
                return;
            }
        }
    }
}

/// The lane of a partition key: always the same one.
fn lane_of(partition_key: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    partition_key.hash(&mut hasher);
    (hasher.finish() % lanes.max(1) as u64) as usize
}
