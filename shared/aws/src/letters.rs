//! Dead letters as operators replay them: taken out of their queue for a while, read, done again by the function that failed, and only
//! then deleted.
//!
//! [`Opened`] is a letter that was read; [`Letters`] is the queues, the streams that letters point into, and the functions.

mod consumer;
mod mailbox;
mod opened;
pub(crate) mod records;

use std::collections::BTreeMap;

use aws_smithy_types::retry::RetryConfig;
use muster_protocol::operators::Queue;
use serde_json::Value;

pub use consumer::Done;
use mailbox::Mailbox;
pub use opened::{Opened, Position, Work, group_of};
use records::Written;

use crate::{Config, ConfigError, Fault, sdk};

/// What replays letters.
#[derive(Debug)]
pub struct Letters {
    mailboxes: BTreeMap<Queue, Mailbox>,
    streams: aws_sdk_dynamodbstreams::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    lambda: aws_sdk_lambda::Client,
    sqs: aws_sdk_sqs::Client,
    timers: String,
    /// The name of the function of timers, whose letters name none.
    of_timers: String,
}

impl Letters {
    /// Reads `STREAMS_DEAD_LETTERS_URL`, `TIMERS_DEAD_LETTERS_URL`, `TOPICS_DEAD_LETTERS_URL` and `TIMERS_QUEUE_URL`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let client = |service: &str| sdk::sdk_config(config, config.endpoint(service), RetryConfig::standard());
        let sqs = aws_sdk_sqs::Client::new(&client("SQS")?);
        let urls = [
            (Queue::Streams, "STREAMS_DEAD_LETTERS_URL"),
            (Queue::Timers, "TIMERS_DEAD_LETTERS_URL"),
            (Queue::Topics, "TOPICS_DEAD_LETTERS_URL"),
        ];
        let mailboxes = urls.map(|(queue, name)| Ok((queue, Mailbox::new(sqs.clone(), queue, config.required(name)?))));
        Ok(Self {
            mailboxes: mailboxes.into_iter().collect::<Result<_, ConfigError>>()?,
            streams: aws_sdk_dynamodbstreams::Client::new(&client("DYNAMODB_STREAMS")?),
            dynamodb: config.dynamodb()?,
            lambda: aws_sdk_lambda::Client::new(&sdk::patient(&client("LAMBDA")?)),
            sqs,
            timers: config.required("TIMERS_QUEUE_URL")?.to_owned(),
            of_timers: format!("{}-{}-look-again", config.required("GAME")?, config.required("STAGE")?),
        })
    }

    fn mailbox(&self, queue: Queue) -> Result<&Mailbox, Fault> {
        self.mailboxes.get(&queue).ok_or_else(|| Fault::because("a queue that is none"))
    }

    /// Takes up to `most` letters out of a queue, which hides them from others until they are put back or a minute and a half is over.
    ///
    /// # Errors
    /// A [`Fault`] if the queue cannot be read.
    pub async fn take(&self, queue: Queue, most: usize) -> Result<Vec<Opened>, Fault> {
        let mut taken = self.mailbox(queue)?.take(most).await?;
        for opened in taken.iter_mut().filter(|opened| opened.letter.function.is_empty() && queue == Queue::Timers) {
            opened.letter.function.clone_from(&self.of_timers);
        }
        Ok(taken)
    }

    /// Puts letters back where they were.
    ///
    /// # Errors
    /// A [`Fault`] if the queue refuses. Then they come back by themselves.
    pub async fn put_back(&self, queue: Queue, letters: &[&Opened]) -> Result<(), Fault> {
        self.mailbox(queue)?.put_back(letters).await
    }

    /// Deletes a letter.
    ///
    /// # Errors
    /// A [`Fault`] if the queue refuses.
    pub async fn delete(&self, queue: Queue, letter: &Opened) -> Result<(), Fault> {
        self.mailbox(queue)?.delete(letter).await
    }

    /// The records that a letter is about; `None` if the stream has forgotten them. `kept` are those that were seen before, without images.
    ///
    /// What the stream has forgotten, and what was too long for a letter, is made anew from the row as it is now, where it still is.
    ///
    /// # Errors
    /// A [`Fault`] if a stream or a table cannot be read.
    pub async fn records(&self, work: &Work, kept: &[Value]) -> Result<Option<Vec<Value>>, Fault> {
        let read = match work {
            Work::Position(position) => records::read(&self.streams, position).await?,
            Work::Record(record) => Some(vec![record.clone()]),
            Work::Event(_) | Work::Timer(_) | Work::Unknown => return Ok(None),
        };
        let mut made = Vec::new();
        for record in read.unwrap_or_else(|| kept.to_vec()) {
            let is_lost = record.get("dynamodb").is_some_and(|change| change.get("NewImage").is_none()) && record["eventName"] != "REMOVE";
            if !is_lost {
                made.push(record);
            } else if let Some(row) = self.row(&record).await? {
                made.push(records::of_row(row, &record)?);
            }
        }
        Ok((!made.is_empty()).then_some(made))
    }

    /// Those of `records` for which something is left to do. A match that was written since has told its players more. Every other consumer
    /// looks at the row itself before it does anything, or tells what clients know by its id.
    ///
    /// # Errors
    /// A [`Fault`] if a table cannot be read.
    pub async fn current(&self, records: Vec<Value>) -> Result<Vec<Value>, Fault> {
        let mut current = Vec::with_capacity(records.len());
        for record in records {
            let is_superseded = match Written::of_record(&record) {
                Some(then) => self.row(&record).await?.as_ref().and_then(Written::of_row).is_some_and(|now| then.is_superseded_by(now)),
                None => false,
            };
            if !is_superseded {
                current.push(record);
            }
        }
        Ok(current)
    }

    async fn row(&self, record: &Value) -> Result<Option<crate::write::Item>, Fault> {
        let get = self.dynamodb.get_item().table_name(records::table(record)).set_key(Some(records::key(record)?)).consistent_read(true);
        Ok(get.send().await.map_err(|error| Fault::new("reading the row of a letter", error))?.item)
    }

    /// What is kept of records, so that they outlive the stream's 24 hours.
    #[must_use]
    pub fn without_images(records: &[Value]) -> Vec<Value> {
        records.iter().map(records::without_images).collect()
    }

    /// Hands records or an event to the function that failed, and says what came of it.
    ///
    /// # Errors
    /// A [`Fault`] if the function could not be asked.
    pub async fn hand_over(&self, function: &str, event: Value) -> Result<Done, Fault> {
        consumer::hand_over(&self.lambda, function, event).await
    }

    /// Puts a timer back into the queue that it comes from.
    ///
    /// # Errors
    /// A [`Fault`] if the queue refuses.
    pub async fn fire(&self, timer: &str) -> Result<(), Fault> {
        let sent = self.sqs.send_message().queue_url(&self.timers).message_body(timer).send().await;
        sent.map(drop).map_err(|error| Fault::new("putting a timer back", error))
    }

    /// How many messages each dead-letter queue and the queue of timers holds: visible, taken out, delayed.
    ///
    /// # Errors
    /// A [`Fault`] if a queue cannot be asked.
    pub async fn counts(&self) -> Result<Vec<(&'static str, [u64; 3])>, Fault> {
        let mut counts = vec![("timers-to-come", mailbox::counts(&self.sqs, &self.timers).await?)];
        for (queue, mailbox) in &self.mailboxes {
            counts.push((queue.name(), mailbox::counts(&self.sqs, &mailbox.url).await?));
        }
        Ok(counts)
    }
}
