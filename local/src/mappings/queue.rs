//! A mapping from a queue: it receives messages, invokes the function, and deletes what was handled. What was not is left alone, so that it
//! is visible again when its time is over, and in the end a dead letter, which is the queue's affair.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{MappingError, batch, batch::Item, delivery::backoff, job::Job};
use crate::{account, clock::milliseconds, template::QueueMapping, weather::Mishap};

/// The longest that a request may wait, in seconds.
const LONG_POLL: u64 = 20;

/// Receives the messages of a queue.
pub(super) struct Poller {
    job: Arc<Job>,
    mapping: QueueMapping,
    /// For how long a message that was received is hidden, in milliseconds.
    hidden: u64,
}

/// A message and its receipt handle.
type Message = Item<String>;

impl Poller {
    pub(super) fn open(job: &Arc<Job>, mapping: &QueueMapping) -> Result<Poller, MappingError> {
        let queue = &mapping.queue;
        let hidden = job.sqs.visibility_timeout(queue).ok_or_else(|| job.refuse(format_args!("there is no queue {queue}")))?;
        Ok(Poller { job: Arc::clone(job), mapping: mapping.clone(), hidden: milliseconds(hidden) })
    }

    /// Receives messages for as long as the function may take another batch, so that none is hidden while it waits for its turn. In bad
    /// weather a message comes a second time, in a batch of its own, at any time until it would be visible again: deleted meanwhile or not.
    pub(super) async fn run(self, stopping: CancellationToken, tasks: TaskTracker) {
        let maximum = self.mapping.maximum_concurrency.map_or(usize::MAX, |maximum| maximum as usize);
        let turns = Arc::new(Semaphore::new(self.job.options.environments.min(maximum).max(1)));
        let poller = Arc::new(self);
        let deliver = |batch, due, turn| {
            let deliver = Arc::clone(&poller).deliver(batch, due, Arc::clone(&turns), turn);
            tasks.spawn(stopping.clone().run_until_cancelled_owned(deliver));
        };
        // The semaphore is never closed.
        while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
            let (mut turn, mut messages) = (Some(turn), poller.receive().await);
            let now = poller.job.options.clock.now();
            for message in messages.iter().filter(|_| poller.job.options.weather.happens(Mishap::Twice)) {
                deliver(vec![message.clone()], now + fastrand::u64(0..=poller.hidden), None);
            }
            while !messages.is_empty() {
                if turn.is_none() {
                    turn = Arc::clone(&turns).acquire_owned().await.ok();
                }
                let size = batch::fitting(&messages, poller.mapping.batch_size);
                deliver(messages.drain(..size).collect(), now, turn.take());
            }
        }
    }

    /// Invokes the function with a batch at the time `due`, and when it is its turn, and deletes what was handled. Where the function is
    /// throttled, it is tried again for as long as nobody else can receive the messages (Lambda operator guide, "Handling errors for an
    /// SQS event source").
    async fn deliver(self: Arc<Self>, batch: Vec<Message>, due: u64, turns: Arc<Semaphore>, turn: Option<OwnedSemaphorePermit>) {
        let job = &self.job;
        job.options.clock.sleep_until(due).await;
        let _turn = if turn.is_some() { turn } else { turns.acquire_owned().await.ok() };
        let mut refusals = 0;
        while job.options.clock.now() < due + self.hidden {
            if let Some(attempt) = job.invoke(&batch).await {
                let failed = attempt.failed.unwrap_or_else(|| (0..batch.len()).collect());
                let handled = batch.iter().enumerate().filter(|(index, _)| !failed.contains(index));
                return self.delete(handled.map(|(_, message)| message)).await;
            }
            refusals += 1;
            job.options.clock.sleep_until(job.options.clock.now() + backoff(refusals)).await;
        }
    }

    /// Deletes messages. One that somebody else has received meanwhile stays.
    async fn delete(&self, messages: impl Iterator<Item = &Message>) {
        let entries: Vec<_> = messages.map(|message| json!({"Id": message.id, "ReceiptHandle": message.place})).collect();
        let request = json!({"QueueUrl": self.job.sqs.url(&self.mapping.queue), "Entries": entries});
        if !entries.is_empty()
            && let Err(refusal) = self.job.sqs.request("DeleteMessageBatch", &request).await
        {
            self.job.report(format_args!("{} handled message(s) were not deleted: {refusal}", entries.len()));
        }
    }

    /// The messages that there are, up to the size of a batch. Waits for one, for a while.
    async fn receive(&self) -> Vec<Message> {
        let clock = &self.job.options.clock;
        let request = json!({
            "QueueUrl": self.job.sqs.url(&self.mapping.queue), "MaxNumberOfMessages": self.mapping.batch_size,
            "WaitTimeSeconds": LONG_POLL, "MessageSystemAttributeNames": ["All"],
        });
        match self.job.sqs.request("ReceiveMessage", &request).await {
            Ok(answer) => answer["Messages"].as_array().into_iter().flatten().map(|message| self.item(message)).collect(),
            Err(refusal) => {
                self.job.report(refusal);
                clock.sleep_until(clock.now() + backoff(1)).await;
                Vec::new()
            }
        }
    }

    /// A message as `ReceiveMessage` answers it, as the function gets it (Lambda developer guide, "Using Lambda with Amazon SQS").
    /// Attributes of its sender's are left out: the functions of this stack neither send nor read any.
    fn item(&self, message: &Value) -> Message {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let record = json!({
            "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
            "attributes": message["Attributes"], "messageAttributes": {}, "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs", "eventSourceARN": account::queue_arn(&self.mapping.queue), "awsRegion": account::REGION,
        });
        Message { id: text(&message["MessageId"]), json: record.to_string(), place: text(&message["ReceiptHandle"]) }
    }
}
