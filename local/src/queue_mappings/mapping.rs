//! A running mapping.

use std::{collections::VecDeque, fmt::Display, sync::Arc, time::Duration};

use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    config::{QueueMappingConfig, QueueMappingError},
    poller::Poller,
};
use crate::{account::queue_arn, lambda::Lambda, report::report, sqs::Sqs};

/// Messages that one request deletes at most.
const MOST_DELETED: usize = 10;

/// A mapping's fixed parts.
pub(super) struct Job {
    pub(super) config: QueueMappingConfig,
    pub(super) queue_arn: String,
    pub(super) queue_url: String,
    pub(super) visibility_timeout: Duration,
    pub(super) lambda: Lambda,
    pub(super) sqs: Sqs,
}

impl Job {
    /// Tells the developer what went wrong.
    pub(super) fn report(&self, line: impl Display) {
        report(&format!("mapping {}", self.config.name), line);
    }

    /// Deletes messages. One that somebody else has received meanwhile stays.
    pub(super) async fn delete(&self, receipt_handles: &[String]) {
        for handles in receipt_handles.chunks(MOST_DELETED) {
            let entry = |(index, handle): (usize, &String)| json!({"Id": index.to_string(), "ReceiptHandle": handle});
            let entries: Vec<_> = handles.iter().enumerate().map(entry).collect();
            let request = json!({"QueueUrl": self.queue_url, "Entries": entries});
            match self.sqs.request("DeleteMessageBatch", &request).await {
                Ok(answer) => {
                    for failed in answer["Failed"].as_array().into_iter().flatten() {
                        self.report(format_args!("a handled message was not deleted: {}", failed["Message"]));
                    }
                }
                Err(refusal) => self.report(format_args!("{} handled messages were not deleted: {refusal}", handles.len())),
            }
        }
    }
}

/// A running mapping. Dropping it stops it.
pub struct QueueMapping {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl QueueMapping {
    /// Starts handing the messages of a queue of `sqs` to the function. Call it inside a runtime.
    ///
    /// # Errors
    /// If the configuration is not one that AWS would take.
    pub fn start(config: QueueMappingConfig, lambda: Lambda, sqs: Sqs) -> Result<QueueMapping, QueueMappingError> {
        let filters = config.check()?;
        let no_queue = || QueueMappingError::NoQueue { mapping: config.name.clone(), queue: config.queue.clone() };
        let visibility_timeout = sqs.visibility_timeout(&config.queue).ok_or_else(no_queue)?;
        let (queue_arn, queue_url) = (queue_arn(&config.queue), sqs.url(&config.queue));
        let job = Arc::new(Job { config, queue_arn, queue_url, visibility_timeout, lambda, sqs });
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        let poller = Poller { job, filters, carried: VecDeque::new() };
        tasks.spawn(stopping.clone().run_until_cancelled_owned(run(poller, stopping.clone(), tasks.clone())));
        tasks.close();
        Ok(QueueMapping { stopping, tasks })
    }

    /// Stops. Batches under way are left; their messages are visible again when their time is over.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for QueueMapping {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// Gathers batches for as long as the function may take another one, so that no message is hidden while it waits for its turn.
async fn run(mut poller: Poller, stopping: CancellationToken, tasks: TaskTracker) {
    let turns = Arc::new(Semaphore::new(poller.job.config.concurrency));
    // The semaphore is never closed.
    while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
        let batch = poller.gather().await;
        let job = Arc::clone(&poller.job);
        let deliver = async move {
            batch.deliver(&job).await;
            drop(turn);
        };
        tasks.spawn(stopping.clone().run_until_cancelled_owned(deliver));
    }
}
