//! Transactions: conditional writes of several rows, all or nothing.

use aws_sdk_dynamodb::{
    Client,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, Put, TransactWriteItem, builders::PutBuilder},
};
use serde::Serialize;

use crate::{
    Fault,
    conditional::{ATTEMPTS, Item, item_of, pause},
};

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All of it was done.
    Done,
    /// Nothing was done. What stood in the way, for each of its parts in order.
    Refused(Vec<Part>),
}

/// What became of a part of a transaction that was refused.
#[derive(Debug)]
pub(crate) enum Part {
    /// Nothing is wrong with it.
    Fine,
    /// Its condition does not hold. The row as it is, if there is one and the part asks for it.
    Refused(Option<Item>),
}

impl Part {
    fn of(reason: &CancellationReason) -> Self {
        if is_refusal(reason) { Self::Refused(reason.item.clone()) } else { Self::Fine }
    }
}

/// The beginning of a part that puts `row`.
pub(crate) fn putting(table: &str, row: &impl Serialize, doing: &str) -> Result<PutBuilder, Fault> {
    Ok(Put::builder().table_name(table).set_item(Some(item_of(row, doing)?)))
}

/// The part that puts a row.
pub(crate) fn part(put: PutBuilder, doing: &str) -> Result<TransactWriteItem, Fault> {
    let put = put.build().map_err(|error| Fault::new(doing, error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Writes all of `items`, or none of them.
///
/// DynamoDB cancels a transaction as a whole also where nothing is wrong with it: when another one has one of its rows, or a table is asked
/// for too much. Such a transaction is tried again.
pub(crate) async fn transact(client: &Client, items: Vec<TransactWriteItem>, doing: &str) -> Result<Transacted, Fault> {
    let write = client.transact_write_items().set_transact_items(Some(items));
    for attempt in 1.. {
        let error = match write.clone().send().await {
            Ok(_) => break,
            Err(error) => error,
        };
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => canceled.cancellation_reasons(),
            _ => return Err(Fault::new(doing, error)),
        };
        if reasons.iter().any(is_refusal) && reasons.iter().all(|reason| is_refusal(reason) || reason.code() == Some("None")) {
            return Ok(Transacted::Refused(reasons.iter().map(Part::of).collect()));
        }
        let passing = |reason: &CancellationReason| {
            is_refusal(reason)
                || matches!(reason.code(), Some("None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
        };
        if attempt >= ATTEMPTS || !reasons.iter().all(passing) {
            return Err(Fault::new(doing, error));
        }
        pause(attempt).await;
    }
    Ok(Transacted::Done)
}

fn is_refusal(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}
