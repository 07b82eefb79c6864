//! A mapping from a table's stream. Each shard is read by itself, one batch at a time, so that one that is stuck holds up no other.

use std::{collections::VecDeque, sync::Arc};

use super::delivery::{Delivery, GivenUp, Step, backoff};
use super::{MappingError, Pace, batch, batch::Item, dead_letter, filter::Filters, job::Job};
use crate::dynamodb::{DynamoDb, RETENTION, StreamReader, StreamRecord};
use crate::{clock::milliseconds, template::StreamMapping, weather::Mishap};

/// Records read at once at most, as GetRecords answers.
const READ: usize = 1_000;
/// Milliseconds between two polls of a shard by Lambda.
const POLL: u64 = 250;

/// What the shards of a mapping share.
struct Source {
    job: Arc<Job>,
    mapping: StreamMapping,
    filters: Filters,
    /// The age at which records are given up, in milliseconds: without a limit, until they expire.
    record_age: u64,
}

/// Where a record is in the stream, and when it was written, epoch milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    position: i64,
    pub(super) written_at: u64,
}

type Record = Item<Place>;

/// One shard on its way to the function.
pub(super) struct Shard {
    source: Arc<Source>,
    reader: StreamReader,
    /// Records that were read and are in no batch yet.
    waiting: VecDeque<Record>,
    /// Up to here, no record comes another time.
    repeated: i64,
    /// When in each quarter of a second it is polled.
    phase: u64,
}

impl Shard {
    /// The shards of a mapping, to be run side by side.
    pub(super) fn open(job: &Arc<Job>, mapping: &StreamMapping, dynamodb: &DynamoDb) -> Result<Vec<Shard>, MappingError> {
        let readers = dynamodb.stream(&mapping.table, &mapping.logical_id).map_err(|error| job.refuse(error))?;
        let source = Arc::new(Source {
            job: Arc::clone(job),
            mapping: mapping.clone(),
            filters: Filters::new(&mapping.filter_patterns).map_err(|error| job.refuse(error))?,
            record_age: milliseconds(mapping.maximum_record_age.map_or(RETENTION, |age| age.min(RETENTION))),
        });
        let shard = |reader| {
            let (source, phase) = (Arc::clone(&source), fastrand::u64(0..POLL));
            Shard { source, reader, waiting: VecDeque::new(), repeated: 0, phase }
        };
        Ok(readers.into_iter().map(shard).collect())
    }

    /// Delivers batches, for ever.
    pub(super) async fn run(mut self) {
        loop {
            while self.waiting.is_empty() {
                self.finished_before(None);
                self.read().await;
            }
            let size = batch::fitting(&self.waiting, self.source.mapping.batch_size);
            let batch = self.waiting.drain(..size).collect();
            self.deliver(batch).await;
        }
    }

    /// Everything of this shard before `next` is handled or given up; `None`: everything that was read.
    fn finished_before(&self, next: Option<&Record>) {
        self.reader.finish(next.map_or(self.reader.position(), |record| record.place.position - 1));
    }

    /// Reads on, waiting for a record if there is none, and keeps those that the function wants.
    async fn read(&mut self) {
        let Source { job, filters, .. } = &*self.source;
        if job.options.pace == Pace::Aws {
            // A reader of its own waits for a record without reading on. If it cannot, that is told below.
            drop(self.reader.clone().next(1).await);
            job.options.clock.sleep_until(next_poll(job.options.clock.now(), self.phase)).await;
        }
        match self.reader.next(READ).await {
            Ok(records) => self.waiting.extend(records.into_iter().filter(|record| filters.matches(&record.event)).map(item)),
            Err(error) => {
                job.report(error);
                job.options.clock.sleep_until(job.options.clock.now() + backoff(1)).await;
            }
        }
    }

    /// Delivers a batch until each of its records is handled or given up. In bad weather the end of what was handled comes again, before
    /// any later record, as if it had been forgotten how far the shard was read.
    async fn deliver(&mut self, mut batch: Vec<Record>) {
        let Source { job, mapping, record_age, .. } = &*Arc::clone(&self.source);
        let comes_again = |record: &Record| record.place.position > self.repeated && job.options.weather.happens(Mishap::Twice);
        let mut again = batch.iter().position(comes_again).unwrap_or(batch.len());
        let mut delivery = Delivery::new(mapping, *record_age, batch.iter().map(|record| record.place.written_at).collect());
        loop {
            self.finished_before(batch.get(delivery.checkpoint().min(again)).or(self.waiting.front()));
            match delivery.next(job.options.clock.now()) {
                Step::Invoke(range) => match job.invoke(&batch[range]).await {
                    Some(attempt) => delivery.answered(attempt, job.options.clock.now()),
                    None => delivery.not_invoked(job.options.clock.now()),
                },
                Step::Wait(until) => job.options.clock.sleep_until(until).await,
                Step::GiveUp(given_up) => {
                    again = again.max(given_up.records.end);
                    self.give_up(&given_up, &batch[given_up.records.clone()]);
                }
                Step::Done => break,
            }
        }
        for record in batch.drain(again..).rev() {
            self.repeated = self.repeated.max(record.place.position);
            self.waiting.push_front(record);
        }
    }

    /// Tells the on-failure destination of records that were given up. As on AWS, the mapping goes on also if it cannot.
    fn give_up(&self, given_up: &GivenUp, records: &[Record]) {
        let Source { job, mapping, .. } = &*self.source;
        let (count, condition) = (records.len(), given_up.condition);
        let Some(queue) = &mapping.on_failure_queue_arn else {
            return job.report(format_args!("{count} record(s) given up ({condition:?}), and there is no queue to tell"));
        };
        let shard_id = self.reader.shard_id();
        let shard = (self.reader.arn(), shard_id.as_str());
        let body = dead_letter::body(&job.function_arn, shard, given_up, records, job.options.clock.now()).to_string();
        if let Err(error) = job.sqs.send(queue, body) {
            job.report(format_args!("{count} record(s) given up ({condition:?}), and nobody was told: {error}"));
        }
    }
}

/// The first poll after `now` of a shard that is polled at `phase` in each quarter of a second.
pub(super) fn next_poll(now: u64, phase: u64) -> u64 {
    now + POLL - (now + POLL - phase) % POLL
}

fn item(record: StreamRecord) -> Record {
    let place = Place { position: record.position, written_at: record.written_at.max(0).unsigned_abs() * 1000 };
    Record { id: record.sequence_number, json: record.event.to_string(), place }
}
