//! Writing to inboxes.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::batch_write_item::BatchWriteItemError,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use super::{MessageRow, Messages};
use crate::{Fault, backoff};

/// Most items of one BatchWriteItem: the API's own limit.
const BATCH: usize = 25;

impl Messages {
    /// Puts every row into its inbox, without reading anything, and returns the rows that are not known to be written by `deadline`.
    ///
    /// DynamoDB may leave items of a batch unprocessed, or all of it; those are tried again until the deadline, with growing pauses. A
    /// row that was already there is written again as it was.
    ///
    /// # Errors
    /// A [`Fault`] if not one row was written and the table did not just ask for patience.
    pub async fn insert(&self, rows: &[MessageRow], deadline: Instant) -> Result<Vec<MessageRow>, Fault> {
        let batches = join_all(rows.chunks(BATCH).map(|batch| self.insert_batch(batch, deadline))).await;
        let mut unwritten = Vec::new();
        let mut failed = None;
        for batch in batches {
            let (left, fault) = batch?;
            if let Some(fault) = &fault {
                tracing::error!(error = fault.chain(), rows = left.len(), "a batch of messages was not written");
            }
            unwritten.extend(left);
            failed = failed.or(fault);
        }
        match failed {
            Some(fault) if unwritten.len() == rows.len() => Err(fault),
            _ => Ok(unwritten),
        }
    }

    /// Writes up to [`BATCH`] rows. Returns those that are not known to be written, and the fault that ended the attempts, if one did.
    async fn insert_batch(&self, rows: &[MessageRow], deadline: Instant) -> Result<(Vec<MessageRow>, Option<Fault>), Fault> {
        let mut pending = rows.iter().map(put_request).collect::<Result<Vec<_>, _>>()?;
        let mut fault = None;
        for attempt in 1.. {
            let write = self.client.batch_write_item().request_items(&self.table, pending.clone()).send();
            match timeout_at(deadline, write).await {
                Ok(Ok(answer)) => pending = answer.unprocessed_items.unwrap_or_default().remove(&self.table).unwrap_or_default(),
                Ok(Err(error)) if is_throttling(&error) => {}
                Ok(Err(error)) => fault = Some(Fault::new("writing to the inboxes", error)),
                Err(late) => fault = Some(Fault::new("writing to the inboxes in time", late)),
            }
            let pause = backoff::pause(attempt, Duration::from_millis(50), Duration::from_millis(800));
            if pending.is_empty() || fault.is_some() || Instant::now() + pause >= deadline {
                break;
            }
            tracing::warn!(unprocessed = pending.len(), attempt, "DynamoDB left rows unprocessed");
            sleep(pause).await;
        }
        Ok((pending.into_iter().map(row_of).collect::<Result<_, _>>()?, fault))
    }
}

/// Whether the table took nothing because it was asked for too much. Of a batch that it takes in part, it returns the rest instead.
fn is_throttling(error: &SdkError<BatchWriteItemError>) -> bool {
    error.as_service_error().is_some_and(|error| {
        error.is_provisioned_throughput_exceeded_exception()
            || error.is_request_limit_exceeded()
            || matches!(error.code(), Some("ThrottlingException"))
    })
}

fn put_request(row: &MessageRow) -> Result<WriteRequest, Fault> {
    let item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(row).map_err(|error| Fault::new("making the message's row", error))?;
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(|error| Fault::new("making the message's row", error))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn row_of(request: WriteRequest) -> Result<MessageRow, Fault> {
    let put = request.put_request.ok_or_else(|| Fault::because("DynamoDB returned a write that was no put as unprocessed"))?;
    serde_dynamo::from_item(put.item).map_err(|error| Fault::new("understanding an unprocessed row", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_being_unprocessed() {
        let row = MessageRow {
            recipient_id: "bob".into(),
            message_id: "m1".into(),
            sender_id: "alice".into(),
            announcement: None,
            request_id: None,
            message: "hi".into(),
            sent_at: 1_700_000_000_000,
            expires_at: 1_700_086_400,
            cause: "c1".into(),
        };
        assert_eq!(row_of(put_request(&row).unwrap()).unwrap(), row);
    }
}
