//! One sequence of batches: reads the stream, gathers the records that are its own, invokes the function and does what [`Delivery`] says
//! next. Each lane reads by itself, so that one that is stuck holds up no other.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};

use super::{
    answer::{self, Outcome},
    dead_letter::{self, Origin},
    delivery::{Attempt, Delivery, GivenUp, Step},
    mapping::Job,
    payload::{LARGEST_PAYLOAD, payload},
};
use crate::{
    dynamodb::{StreamReader, StreamRecord},
    lambda::InvokeError,
};

/// Records read at once at most, as GetRecords answers.
const READ: usize = 1_000;
/// The wait after the stream could not be read.
const PAUSE: Duration = Duration::from_millis(100);

/// A record and its JSON.
struct Entry {
    record: StreamRecord,
    json: String,
}

pub(super) struct Lane {
    job: Arc<Job>,
    number: usize,
    reader: StreamReader,
    /// Records that were read and are in no batch yet.
    waiting: VecDeque<Entry>,
    /// When the batch before was done.
    free_since: Instant,
}

impl Lane {
    pub(super) fn new(job: Arc<Job>, number: usize, reader: StreamReader) -> Lane {
        Lane { job, number, reader, waiting: VecDeque::new(), free_since: Instant::now() }
    }

    /// Delivers batches, for ever.
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            self.deliver(batch).await;
            self.free_since = Instant::now();
        }
    }

    /// The next batch: what is there, up to the batch's limits, and what comes within the window. A window "begins as soon as the previous
    /// function invocation completes" (Lambda developer guide, "Batching behavior"); one that passes with no record counts for nothing.
    async fn gather(&mut self) -> Vec<Entry> {
        while self.waiting.is_empty() {
            self.job.progress.reached(self.number, self.reader.position());
            self.read().await;
        }
        let (now, window) = (Instant::now(), self.job.config.batching_window);
        let until = Some(self.free_since + window).filter(|until| *until > now).unwrap_or(now + window);
        let (mut batch, mut size) = (Vec::new(), 0);
        loop {
            while let Some(entry) = self.waiting.front() {
                size += entry.json.len() + 1;
                if batch.len() == self.job.config.batch_size || (size > LARGEST_PAYLOAD && !batch.is_empty()) {
                    return batch;
                }
                batch.extend(self.waiting.pop_front());
            }
            // The window ends also with more to read: that may all be for other lanes, or not wanted. A read that is dropped loses nothing.
            let full = batch.len() == self.job.config.batch_size;
            if full || window.is_zero() || timeout_at(until, self.read()).await.is_err() {
                return batch;
            }
        }
    }

    /// Reads on, waiting for a record if there is none, and keeps those that are this lane's.
    async fn read(&mut self) {
        match self.reader.next(READ).await {
            Ok(records) => {
                let job = &self.job;
                let (lanes, number) = (job.config.parallelization_factor, self.number);
                let mine = records.into_iter().filter(|record| lanes == 1 || lane_of(&record.key, lanes) == number);
                let wanted = mine.filter(|record| job.filters.matches(&record.event));
                self.waiting.extend(wanted.map(|record| Entry { json: record.event.to_string(), record }));
            }
            Err(error) => {
                self.job.report(error);
                sleep(PAUSE).await;
            }
        }
    }

    async fn deliver(&self, batch: Vec<Entry>) {
        let (records, texts): (Vec<_>, Vec<_>) = batch.into_iter().map(|entry| (entry.record, entry.json)).unzip();
        let written_at = records.iter().map(|record| record.written_at.max(0).unsigned_abs() * 1000).collect();
        let mut delivery = Delivery::new(self.job.policy.clone(), written_at);
        loop {
            match delivery.next(self.job.clock.now()) {
                Step::Invoke(range) => match self.invoke(&records[range.clone()], &texts[range]).await {
                    Some((outcome, attempt)) => delivery.answered(outcome, attempt),
                    None => delivery.not_invoked(),
                },
                Step::Wait(time) => {
                    sleep(time).await;
                    delivery.waited();
                }
                Step::GiveUp(given_up) => {
                    self.report(&given_up, &records[given_up.records.clone()]);
                    delivery.given_up(&given_up.records);
                }
                Step::Done => break,
            }
            if let Some(next) = records.get(delivery.checkpoint()) {
                self.job.progress.reached(self.number, next.position - 1);
            }
        }
        let next = self.waiting.front().map_or(self.reader.position(), |entry| entry.record.position - 1);
        self.job.progress.reached(self.number, next);
    }

    /// Invokes the function; none if it could not be invoked.
    async fn invoke(&self, records: &[StreamRecord], texts: &[String]) -> Option<(Outcome, Attempt)> {
        let job = &self.job;
        let invoked = job.lambda.invoke(&job.config.function_arn, payload(texts.iter().map(String::as_str))).await;
        let function_error = invoked.result.is_err();
        let outcome = match invoked.result {
            Ok(answer) if job.config.report_batch_item_failures => {
                answer::read(&answer, |identifier| records.iter().position(|record| record.sequence_number == identifier))
            }
            Ok(_) => Outcome::Handled,
            // The function's own log has the error.
            Err(InvokeError::Function { .. }) => Outcome::Failed,
            Err(InvokeError::Throttled) => return None,
            Err(error @ (InvokeError::NotFound(_) | InvokeError::RequestTooLarge { .. })) => {
                job.report(format_args!("{error}"));
                return None;
            }
        };
        Some((outcome, Attempt { request_id: invoked.request_id, function_error }))
    }

    /// Tells the dead-letter queue of records that were given up. As on AWS, the mapping goes on also if it cannot.
    fn report(&self, given_up: &GivenUp, records: &[StreamRecord]) {
        let (job, count, condition) = (&self.job, records.len(), given_up.condition);
        let Some(queue) = &job.config.on_failure_queue else {
            job.report(format_args!("{count} record(s) given up ({condition:?}), and there is no queue to tell"));
            return;
        };
        let shard_id = self.reader.shard_id(records.first().map_or(0, |record| record.shard));
        let origin = Origin { function_arn: &job.config.function_arn, stream_arn: self.reader.arn(), shard_id: &shard_id };
        let body = dead_letter::body(&origin, given_up, records, job.clock.now()).to_string();
        if let Err(error) = job.sqs.send(queue, body) {
            job.report(format_args!("{count} record(s) given up ({condition:?}), and nobody was told: {error}"));
        }
    }
}

/// The lane of an item: always the same one. With several lanes, Lambda keeps the order "at the item (partition and sort key) level"
/// (Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB"), and no more than that.
fn lane_of(key: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    (hasher.finish() % lanes.max(1) as u64) as usize
}
