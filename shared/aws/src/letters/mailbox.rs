//! A dead-letter queue.

use std::collections::BTreeMap;

use aws_sdk_sqs::{
    Client,
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName},
};
use muster_protocol::operators::Queue;

use super::opened::Opened;
use crate::Fault;

/// How long letters are hidden that were taken out, in seconds: longer than the task may run, so that nobody else takes them meanwhile.
const HIDDEN_SECONDS: i32 = 90;

/// Most messages of one request.
const BATCH: usize = 10;

/// The queue.
#[derive(Debug)]
pub(super) struct Mailbox {
    client: Client,
    queue: Queue,
    pub(super) url: String,
}

impl Mailbox {
    pub(super) fn new(client: Client, queue: Queue, url: &str) -> Self {
        Self { client, queue, url: url.to_owned() }
    }

    /// Takes letters out until none comes any more, or there are `most`.
    pub(super) async fn take(&self, most: usize) -> Result<Vec<Opened>, Fault> {
        let mut taken: BTreeMap<String, Opened> = BTreeMap::new();
        while taken.len() < most {
            // Waiting asks all of the queue's servers: without it, an answer may be empty although there are letters.
            let receive = self.client.receive_message().queue_url(&self.url).max_number_of_messages(BATCH as i32).wait_time_seconds(1);
            let receive =
                receive.visibility_timeout(HIDDEN_SECONDS).message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
            let answer = receive.send().await.map_err(|error| Fault::new("receiving letters", error))?;
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            taken.extend(messages.into_iter().map(|message| self.open(message)).map(|opened| (opened.letter.message_id.clone(), opened)));
        }
        Ok(taken.into_values().collect())
    }

    fn open(&self, message: Message) -> Opened {
        let sent_at = message.attributes.as_ref().and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp)?.parse().ok());
        let (id, handle) = (message.message_id.unwrap_or_default(), message.receipt_handle.unwrap_or_default());
        Opened::read(self.queue, id, handle, sent_at.unwrap_or_default(), &message.body.unwrap_or_default())
    }

    pub(super) async fn put_back(&self, letters: &[&Opened]) -> Result<(), Fault> {
        for batch in letters.chunks(BATCH) {
            let entry = |(index, letter): (usize, &&Opened)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                let entry = entry.receipt_handle(&letter.receipt_handle).visibility_timeout(0).build();
                entry.map_err(|error| Fault::new("putting letters back", error))
            };
            let entries = batch.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
            let put = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            put.send().await.map_err(|error| Fault::new("putting letters back", error))?;
        }
        Ok(())
    }

    pub(super) async fn delete(&self, letter: &Opened) -> Result<(), Fault> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(&letter.receipt_handle);
        delete.send().await.map(drop).map_err(|error| Fault::new("deleting a letter", error))
    }
}

/// How many messages a queue holds, as SQS estimates it: visible, taken out, delayed.
pub(super) async fn counts(client: &Client, url: &str) -> Result<[u64; 3], Fault> {
    const COUNTS: [QueueAttributeName; 3] = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let ask = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(COUNTS.to_vec()));
    let attributes = ask.send().await.map_err(|error| Fault::new("asking how many messages a queue holds", error))?.attributes;
    let attributes = attributes.unwrap_or_default();
    Ok(COUNTS.map(|name| attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or_default()))
}
