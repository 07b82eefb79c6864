//! Gathers messages into batches.

use std::{collections::VecDeque, sync::Arc};

use serde_json::{Value, json};

use super::{
    batch::{Batch, Entry},
    event,
    filter::MessageFilters,
    mapping::Job,
};
use crate::{clock::milliseconds, streams::LARGEST_PAYLOAD};

/// Messages that one request receives at most.
const MOST_RECEIVED: usize = 10;
/// The longest that a request may wait.
const LONG_POLL_SECONDS: u64 = 20;
/// The wait after the queue could not be read, in milliseconds.
const PAUSE: u64 = 1_000;

pub(super) struct Poller {
    pub(super) job: Arc<Job>,
    pub(super) filters: MessageFilters,
    /// Messages that did not fit into the batch before.
    pub(super) carried: VecDeque<Entry>,
}

impl Poller {
    /// The next batch: what is there, up to the batch's limits, and what comes within the window.
    pub(super) async fn gather(&mut self) -> Batch {
        let job = Arc::clone(&self.job);
        let (config, clock) = (&job.config, job.sqs.clock());
        let mut batch = Batch::default();
        // What was carried through a long wait is visible again, and is received again by whoever comes first.
        let (now, hidden) = (clock.now(), milliseconds(job.visibility_timeout));
        self.carried.retain(|entry| entry.received_at.saturating_add(hidden) > now);
        if !self.fill(&mut batch) {
            return batch;
        }
        while batch.entries.is_empty() {
            let received = self.receive(config.batch_size).await;
            self.carried.extend(received);
            if !self.fill(&mut batch) {
                return batch;
            }
        }
        let until = clock.now().saturating_add(milliseconds(config.batching_window));
        while batch.entries.len() < config.batch_size && clock.now() < until {
            let missing = config.batch_size - batch.entries.len();
            // A request that is dropped while it waits has received nothing.
            let received = tokio::select! {
                received = self.receive(missing) => received,
                () = clock.sleep_until(until) => break,
            };
            self.carried.extend(received);
            if !self.fill(&mut batch) {
                break;
            }
        }
        batch
    }

    /// Puts what is carried into the batch. `false` if it is full.
    fn fill(&mut self, batch: &mut Batch) -> bool {
        while let Some(entry) = self.carried.pop_front() {
            if batch.entries.len() >= self.job.config.batch_size || !batch.has_room_for(&entry, LARGEST_PAYLOAD) {
                self.carried.push_front(entry);
                return false;
            }
            batch.add(entry);
        }
        batch.entries.len() < self.job.config.batch_size
    }

    /// Up to `limit` messages that the function wants, when there are any or the poll is over. The others are deleted, as Lambda does.
    async fn receive(&self, limit: usize) -> Vec<Entry> {
        let job = &self.job;
        let request = json!({
            "QueueUrl": job.queue_url, "MaxNumberOfMessages": limit.min(MOST_RECEIVED), "WaitTimeSeconds": LONG_POLL_SECONDS,
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let answer = match job.sqs.request("ReceiveMessage", &request).await {
            Ok(answer) => answer,
            Err(refusal) => {
                job.report(refusal);
                job.sqs.clock().sleep_until(job.sqs.clock().now() + PAUSE).await;
                return Vec::new();
            }
        };
        let messages = answer["Messages"].as_array().into_iter().flatten();
        let text = |message: &Value, member: &str| message[member].as_str().unwrap_or_default().to_owned();
        let received_at = job.sqs.clock().now();
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for message in messages {
            let receipt_handle = text(message, "ReceiptHandle");
            if self.filters.matches(message["Body"].as_str().unwrap_or_default()) {
                let json = event::record(message, &job.queue_arn).to_string();
                wanted.push(Entry { message_id: text(message, "MessageId"), receipt_handle, json, received_at });
            } else {
                unwanted.push(receipt_handle);
            }
        }
        job.delete(&unwanted).await;
        wanted
    }
}
