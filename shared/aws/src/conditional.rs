//! Conditional writes of one row: the two ways in which they end well, and what only looks like a refusal.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::{DeleteItemError, builders::DeleteItemFluentBuilder},
        put_item::{PutItemError, builders::PutItemFluentBuilder},
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use serde::Serialize;
use tokio::time::sleep;

use crate::{Fault, backoff};

/// How often a write is tried that meets another one in the middle of a transaction. That is no refusal: it has to be tried again.
pub(crate) const ATTEMPTS: u32 = 8;

/// A row as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// `row` as DynamoDB has it, for what is being done.
pub(crate) fn item_of(row: &impl Serialize, doing: &str) -> Result<Item, Fault> {
    serde_dynamo::to_item(row).map_err(|error| Fault::new(doing, error))
}

/// How a conditional write of one row ended.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was done. The row as it is now, if the write was an update.
    Done(Option<Item>),
    /// The condition does not hold. The row as it is, if there is one and the write was an update.
    Refused(Option<Item>),
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

/// Waits before another attempt.
pub(crate) async fn pause(attempt: u32) {
    sleep(backoff::pause(attempt, Duration::from_millis(20), Duration::from_millis(400))).await;
}
