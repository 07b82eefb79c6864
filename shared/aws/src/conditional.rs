//! Conditional writes: the two ways in which they end well, and what only looks like a refusal.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::{DeleteItemError, builders::DeleteItemFluentBuilder},
        put_item::{PutItemError, builders::PutItemFluentBuilder},
        transact_write_items::TransactWriteItemsError,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{AttributeValue, CancellationReason, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use tokio::time::sleep;

use crate::{Fault, backoff};

/// How often a write is tried that meets another one in the middle of a transaction. That is no refusal: it has to be tried again.
const ATTEMPTS: u32 = 8;

/// A row as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// How a conditional write of one row ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was done. The row as it is now, if the write was an update.
    Done(Option<Item>),
    /// The condition does not hold. The row as it is, if there is one and the write was an update.
    Refused(Option<Item>),
}

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All of it was done.
    Done,
    /// Nothing was done. For each of its items in order: whether its condition does not hold, and then the row as it is, if there is one.
    Refused(Vec<Option<Option<Item>>>),
}

/// Updates a row, unless its condition does not hold.
pub(crate) async fn update(update: UpdateItemFluentBuilder, doing: &str) -> Result<Written, Fault> {
    let update =
        update.return_values(ReturnValue::AllNew).return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match patiently(async || update.clone().send().await).await {
        Ok(done) => Ok(Written::Done(done.attributes)),
        Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => match error.into_err() {
            UpdateItemError::ConditionalCheckFailedException(refused) => Ok(Written::Refused(refused.item)),
            other => Err(Fault::new(doing, other)),
        },
        Err(error) => Err(Fault::new(doing, error)),
    }
}

/// Puts a row, unless its condition does not hold.
pub(crate) async fn put(put: PutItemFluentBuilder, doing: &str) -> Result<Written, Fault> {
    match patiently(async || put.clone().send().await).await {
        Ok(_) => Ok(Written::Done(None)),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            Ok(Written::Refused(None))
        }
        Err(error) => Err(Fault::new(doing, error)),
    }
}

/// Deletes a row, unless its condition does not hold.
pub(crate) async fn delete(delete: DeleteItemFluentBuilder, doing: &str) -> Result<Written, Fault> {
    match patiently(async || delete.clone().send().await).await {
        Ok(_) => Ok(Written::Done(None)),
        Err(error) if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) => {
            Ok(Written::Refused(None))
        }
        Err(error) => Err(Fault::new(doing, error)),
    }
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
            let refusals = reasons.iter().map(|reason| is_refusal(reason).then(|| reason.item.clone()));
            return Ok(Transacted::Refused(refusals.collect()));
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

/// Tries a write of one row again that met a transaction.
async fn patiently<T, E: ProvideErrorMetadata>(send: impl AsyncFn() -> Result<T, SdkError<E>>) -> Result<T, SdkError<E>> {
    let mut attempt = 1;
    loop {
        match send().await {
            Err(error) if attempt < ATTEMPTS && error.code() == Some("TransactionConflictException") => pause(attempt).await,
            result => return result,
        }
        attempt += 1;
    }
}

async fn pause(attempt: u32) {
    sleep(backoff::pause(attempt, Duration::from_millis(20), Duration::from_millis(400))).await;
}
