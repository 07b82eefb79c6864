//! One sequence of batches: gathers records, invokes the function and does what [`Delivery`] says next.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::{sync::mpsc, time::Instant};

use super::{
    answer::{self, Outcome},
    dead_letter::{self, Failure},
    delivery::{Delivery, Policy, Step},
    mapping::Job,
};
use crate::{clock, dynamodb::StreamRecord, lambda::InvokeError, sqs::MessageAttributes};

/// A payload's limit, 6 MB, with room for what stands around the records.
const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024 - 64;

/// A record and its JSON.
pub(super) struct Entry {
    pub(super) record: StreamRecord,
    pub(super) json: String,
}

pub(super) struct Lane {
    pub(super) job: Arc<Job>,
    pub(super) records: mpsc::Receiver<Entry>,
    /// A record that did not fit into the batch before.
    pub(super) carried: Option<Entry>,
}

impl Lane {
    /// Delivers batches until no more records come.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.gather().await {
            self.deliver(batch).await;
        }
    }

    /// The next batch: what is there, up to the batch's limits, and what comes within the window.
    async fn gather(&mut self) -> Option<Vec<Entry>> {
        let config = &self.job.config;
        let first = match self.carried.take() {
            Some(entry) => entry,
            None => self.records.recv().await?,
        };
        let until = Instant::now() + config.batching_window;
        let mut size = first.json.len();
        let mut batch = vec![first];
        while batch.len() < config.batch_size {
            let next = match self.records.try_recv() {
                Ok(entry) => Some(entry),
                Err(_) if config.batching_window.is_zero() => None,
                // Also over when the mapping stops.
                Err(_) => tokio::time::timeout_at(until, self.records.recv()).await.unwrap_or(None),
            };
            let Some(entry) = next else { break };
            size += entry.json.len() + 1;
            if size > LARGEST_PAYLOAD {
                self.carried = Some(entry);
                break;
            }
            batch.push(entry);
        }
        Some(batch)
    }

    async fn deliver(&self, batch: Vec<Entry>) {
        let (records, texts): (Vec<_>, Vec<_>) = batch.into_iter().map(|entry| (entry.record, entry.json)).unzip();
        let written_at = records.iter().map(|record| record.written_at.max(0).unsigned_abs() * 1000).collect();
        let mut delivery = Delivery::new(Policy::of(&self.job.config), written_at);
        let mut function_error = false;
        let mut finished = 0;
        loop {
            match delivery.next(clock::now()) {
                Step::Invoke(range) => {
                    let outcome = self.invoke(&records[range.clone()], &texts[range], &mut function_error).await;
                    delivery.answered(outcome);
                }
                Step::Wait(time) => {
                    tokio::time::sleep(time).await;
                    delivery.waited();
                }
                Step::GiveUp { records: range, condition, invocations } => {
                    let job = &self.job;
                    let (function_arn, stream_arn, shard_id) = (&*job.config.function_arn, &*job.stream_arn, &*job.shard_id);
                    self.report(
                        &Failure { function_arn, stream_arn, shard_id, condition, invocations, function_error },
                        &records[range.clone()],
                    );
                    delivery.given_up(&range);
                }
                Step::Done => break,
            }
            let checkpoint = delivery.checkpoint();
            self.job.progress.finished(records[finished..checkpoint].iter().map(|record| record.position));
            finished = checkpoint;
        }
    }

    async fn invoke(&self, records: &[StreamRecord], texts: &[String], function_error: &mut bool) -> Outcome {
        let job = &self.job;
        let answer = job.lambda.invoke(&job.config.function_arn, payload(texts)).await.result;
        *function_error = answer.is_err();
        match answer {
            Ok(answer) if job.config.report_batch_item_failures => {
                answer::read(&answer, |identifier| records.iter().position(|record| record.sequence_number == identifier))
            }
            Ok(_) => Outcome::Handled,
            Err(InvokeError::Throttled) => Outcome::Throttled,
            Err(error @ (InvokeError::NotFound(_) | InvokeError::RequestTooLarge { .. })) => {
                job.report(format_args!("{error}"));
                Outcome::Failed
            }
            // The function's own log has the error.
            Err(InvokeError::Function { .. }) => Outcome::Failed,
        }
    }

    /// Tells the dead-letter queue of records that were given up. As on AWS, the mapping goes on also if it cannot.
    fn report(&self, failure: &Failure<'_>, records: &[StreamRecord]) {
        let (job, count) = (&self.job, records.len());
        let Some(queue) = &job.config.on_failure_queue else {
            job.report(format_args!("{count} record(s) given up ({:?}), and there is no queue to tell", failure.condition));
            return;
        };
        let body = dead_letter::body(failure, records, clock::now()).to_string();
        if let Err(error) = job.sqs.send(queue, body, MessageAttributes::new()) {
            job.report(format_args!("{count} record(s) given up ({:?}), and nobody was told: {error}", failure.condition));
        }
    }
}

/// The event: `{"Records":[…]}`.
fn payload(texts: &[String]) -> Bytes {
    let mut payload = BytesMut::with_capacity(texts.iter().map(|text| text.len() + 1).sum::<usize>() + 16);
    payload.put_slice(b"{\"Records\":[");
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            payload.put_u8(b',');
        }
        payload.put_slice(text.as_bytes());
    }
    payload.put_slice(b"]}");
    payload.freeze()
}
