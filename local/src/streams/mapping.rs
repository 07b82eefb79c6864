//! A running event source mapping: its lanes, and what they share.

use std::{fmt::Display, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    config::{MappingConfig, MappingError},
    delivery::Policy,
    filter::Filters,
    lane::Lane,
    progress::Progress,
};
use crate::{
    clock::Clock,
    dynamodb::{Checkpoint, StreamReader},
    lambda::Lambda,
    report::report,
    sqs::Sqs,
};

/// A mapping's fixed parts.
pub(super) struct Job {
    pub(super) config: MappingConfig,
    pub(super) filters: Filters,
    pub(super) policy: Policy,
    pub(super) clock: Clock,
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
    /// Starts handing the records of `reader` to the function; what is given up is told to a queue of `sqs`. How old records are is told by
    /// the reader's clock. Call it inside a runtime.
    ///
    /// # Errors
    /// If the configuration is not one that AWS would take.
    pub fn start(config: MappingConfig, reader: StreamReader, lambda: Lambda, sqs: Sqs) -> Result<Mapping, MappingError> {
        let (filters, lanes) = (config.check()?, config.parallelization_factor);
        let checkpoint = reader.checkpoint();
        let progress = Progress::new(checkpoint.clone(), lanes);
        let (policy, clock) = (Policy::of(&config, reader.retention()), reader.clock());
        let job = Arc::new(Job { config, filters, policy, clock, lambda, sqs, progress });
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        for number in 0..lanes {
            let lane = Lane::new(Arc::clone(&job), number, reader.clone());
            tasks.spawn(stopping.clone().run_until_cancelled_owned(lane.run()));
        }
        tasks.close();
        Ok(Mapping { stopping, tasks, checkpoint })
    }

    /// The position in the stream up to which everything is handled or given up. A test awaits it; nothing else asks.
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
