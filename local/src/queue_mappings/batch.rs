//! A batch on its way through the function.

use std::collections::BTreeSet;

use super::mapping::Job;
use crate::{
    clock::milliseconds,
    lambda::InvokeError,
    streams::{payload, reported},
};

/// A message and its record.
pub(super) struct Entry {
    pub(super) message_id: String,
    pub(super) receipt_handle: String,
    pub(super) json: String,
    /// Epoch milliseconds.
    pub(super) received_at: u64,
}

#[derive(Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    bytes: usize,
}

impl Batch {
    /// Whether the payload stays below `limit` with this message. An empty batch takes any.
    pub(super) fn has_room_for(&self, entry: &Entry, limit: usize) -> bool {
        self.entries.is_empty() || self.bytes + entry.json.len() < limit
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.bytes += entry.json.len() + 1;
        self.entries.push(entry);
    }

    /// Invokes the function with the batch and deletes what it has handled.
    pub(super) async fn deliver(self, job: &Job) {
        let payload = payload(self.entries.iter().map(|entry| entry.json.as_str()));
        let (clock, config) = (job.sqs.clock(), &job.config);
        let received_at = self.entries.iter().map(|entry| entry.received_at).min().unwrap_or_default();
        let visible_at = received_at.saturating_add(milliseconds(job.visibility_timeout));
        let mut backoff = config.first_backoff;
        loop {
            match job.lambda.invoke(&config.function_arn, payload.clone()).await.result {
                Ok(answer) => return job.delete(&self.handled(&answer, config.report_batch_item_failures)).await,
                Err(InvokeError::Throttled) => {
                    // It is tried again for as long as nobody else can receive its messages. (Lambda operator guide, "Handling errors for
                    // an SQS event source".)
                    let next = clock.now().saturating_add(milliseconds(backoff));
                    if next >= visible_at {
                        return;
                    }
                    clock.sleep_until(next).await;
                    backoff = (backoff * 2).min(config.longest_backoff);
                }
                Err(error @ (InvokeError::NotFound(_) | InvokeError::RequestTooLarge { .. })) => return job.report(error),
                // The function's own log has the error; the messages stay and are visible again when their time is over.
                Err(InvokeError::Function { .. }) => return,
            }
        }
    }

    /// The receipt handles of the messages that the answer does not report as failed. A report that is not understood, or names what is
    /// not in the batch, is one of all of them (Lambda developer guide, "Handling errors for an SQS event source in Lambda").
    pub(super) fn handled(&self, answer: &[u8], report_batch_item_failures: bool) -> Vec<String> {
        let failed: BTreeSet<String> = match report_batch_item_failures.then(|| reported(answer)) {
            None => BTreeSet::new(),
            Some(None) => return Vec::new(),
            Some(Some(failed)) => failed.into_iter().collect(),
        };
        let ids: BTreeSet<_> = self.entries.iter().map(|entry| &entry.message_id).collect();
        if failed.iter().any(|id| !ids.contains(id)) {
            return Vec::new();
        }
        let handled = self.entries.iter().filter(|entry| !failed.contains(&entry.message_id));
        handled.map(|entry| entry.receipt_handle.clone()).collect()
    }
}
