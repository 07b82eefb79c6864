//! The mappings room: event source mappings, which hand the records of a table's stream, or the messages of a queue, to a function in
//! batches.
//!
//! A mapping is a client of the rooms that it connects. [`stream`] reads a stream shard by shard, and [`delivery`] decides what becomes of
//! a batch of it; [`filter`] says which records the function wants, and [`dead_letter`] is the message about those that were given up.
//! [`queue`] receives messages and deletes those that were handled. What both have in common is a [`job`]: to invoke a function with a
//! [`batch`].

mod batch;
mod dead_letter;
mod delivery;
mod filter;
mod job;
mod queue;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
};

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::{job::Job, queue::Poller, stream::Shard};
use crate::template::{QueueMapping, StreamMapping};
use crate::{clock::Clock, dynamodb::DynamoDb, lambda::Lambda, sqs::Sqs, weather::Weather};

/// When a shard of a stream is looked at for new records.
///
/// [`Pace::Aws`] has Lambda's four polls of a shard in a second, each shard's at moments of its own, so that a hop over a stream takes up
/// to 250 ms, and 125 ms in the mean. It leaves out how long `GetRecords` takes, its limit of 1 MB, and the time for which Lambda looks at
/// no new shard. For queues it changes nothing: Lambda waits for messages with long polls, which are answered as soon as there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pace {
    /// As soon as there is one.
    #[default]
    Local,
    /// At the next quarter of a second.
    Aws,
}

/// What may be chosen about the room.
#[derive(Clone, Default)]
pub struct Options {
    /// Processes that one function has at most. More batches of a queue at once than that would only wait; one there is always.
    pub environments: usize,
    /// When streams are looked at.
    pub pace: Pace,
    /// Whether what was handled comes again.
    pub weather: Weather,
    /// Tells how old records are, and when to try again.
    pub clock: Clock,
}

/// Why a mapping cannot be started: a filter that is not understood, or a stream or a queue that is not there.
#[derive(Debug, thiserror::Error)]
#[error("mapping {mapping}: {reason}")]
pub struct MappingError {
    mapping: String,
    reason: String,
}

/// For each mapping, invocations that ended in an error or whose answer named items that failed. They go on counting.
pub type Failures = BTreeMap<String, Arc<AtomicU64>>;

/// Running mappings. They stop when this is dropped.
pub struct Mappings {
    failures: Failures,
    tasks: TaskTracker,
    running: DropGuard,
}

impl Mappings {
    /// Starts handing records and messages to functions. Call it inside a runtime.
    ///
    /// # Errors
    /// At the first mapping that cannot be started. None is left running then.
    pub fn start(
        streams: &[StreamMapping],
        queues: &[QueueMapping],
        dynamodb: &DynamoDb,
        services: (&Lambda, &Sqs),
        options: &Options,
    ) -> Result<Mappings, MappingError> {
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (running, mut failures) = (stopping.clone().drop_guard(), Failures::new());
        for mapping in streams {
            let job = Job::new(&mapping.logical_id, &mapping.function_arn, mapping.report_batch_item_failures, services, options);
            failures.extend([job.failures()]);
            for shard in Shard::open(&job, mapping, dynamodb)? {
                tasks.spawn(stopping.clone().run_until_cancelled_owned(shard.run()));
            }
        }
        for mapping in queues {
            let job = Job::new(&mapping.logical_id, &mapping.function_arn, mapping.report_batch_item_failures, services, options);
            failures.extend([job.failures()]);
            let poller = Poller::open(&job, mapping)?;
            tasks.spawn(stopping.clone().run_until_cancelled_owned(poller.run(stopping.clone(), tasks.clone())));
        }
        tasks.close();
        Ok(Mappings { failures, tasks, running })
    }

    /// How often each mapping has failed.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Stops. Batches under way are left: records come again when their stream is read again, messages when their time is over.
    pub async fn shutdown(self) {
        drop(self.running);
        self.tasks.wait().await;
    }
}
