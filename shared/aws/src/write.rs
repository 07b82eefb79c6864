//! Conditional writes: of one row, or of several, all or nothing.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemError, put_item::PutItemError, transact_write_items::TransactWriteItemsError, update_item::UpdateItemError,
    },
    types::{
        AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
        builders::{DeleteBuilder, PutBuilder, UpdateBuilder},
    },
};
use serde::Serialize;
use tokio::time::sleep;

use crate::{Fault, backoff};

/// How often a write is tried that meets another transaction, or a table that is asked for too much. That is no refusal.
const ATTEMPTS: u32 = 8;

/// A row as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What was in the way of a write, for each of its parts in order: nothing, or a condition that does not hold, with the row as it is if
/// there is one.
pub(crate) type InTheWay = Vec<Option<Option<Item>>>;

/// `row` as DynamoDB has it, for what is being done.
pub(crate) fn item_of(row: &impl Serialize, doing: &str) -> Result<Item, Fault> {
    serde_dynamo::to_item(row).map_err(|error| Fault::new(doing, error))
}

/// A text as DynamoDB has it.
pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A number as DynamoDB has it.
pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A part of a write, to be finished.
pub(crate) trait Part {
    /// The part. Where its condition does not hold, the row as it is comes with the refusal.
    fn part(self) -> Result<TransactWriteItem, Fault>;
}

/// The row that is there is worth knowing, and costs nothing.
const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

impl Part for PutBuilder {
    fn part(self) -> Result<TransactWriteItem, Fault> {
        let put = self.return_values_on_condition_check_failure(ALL_OLD).build().map_err(|error| Fault::new("making a write", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

impl Part for UpdateBuilder {
    fn part(self) -> Result<TransactWriteItem, Fault> {
        let update = self.return_values_on_condition_check_failure(ALL_OLD).build().map_err(|error| Fault::new("making a write", error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Part for DeleteBuilder {
    fn part(self) -> Result<TransactWriteItem, Fault> {
        let delete = self.return_values_on_condition_check_failure(ALL_OLD).build().map_err(|error| Fault::new("making a write", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// Makes a write: by itself if it has one part, else in a transaction, which costs twice as much. The inner error is what was in the way;
/// then nothing was written.
///
/// # Errors
/// A [`Fault`] if it could not be made for another reason, and may be at another time.
pub(crate) async fn write(client: &Client, parts: Vec<TransactWriteItem>, doing: &str) -> Result<Result<(), InTheWay>, Fault> {
    let mut attempt = 1;
    loop {
        let outcome = match parts.as_slice() {
            [part] => alone(client, part, doing).await?,
            _ => together(client, &parts, doing).await?,
        };
        match outcome {
            Outcome::Done => return Ok(Ok(())),
            Outcome::Refused(in_the_way) => return Ok(Err(in_the_way)),
            Outcome::Again(fault) if attempt >= ATTEMPTS => return Err(fault),
            Outcome::Again(_) => pause(attempt).await,
        }
        attempt += 1;
    }
}

/// Waits before another attempt.
pub(crate) async fn pause(attempt: u32) {
    sleep(backoff::pause(attempt, Duration::from_millis(10), Duration::from_millis(400))).await;
}

/// What came of one attempt.
enum Outcome {
    Done,
    Refused(InTheWay),
    /// Another one was in the middle of something.
    Again(Fault),
}

async fn alone(client: &Client, part: &TransactWriteItem, doing: &str) -> Result<Outcome, Fault> {
    if let Some(Put { item, table_name, condition_expression, expression_attribute_names, expression_attribute_values, .. }) = part.put() {
        let send = client.put_item().table_name(table_name).set_item(Some(item.clone()));
        let send = send.set_condition_expression(condition_expression.clone());
        let send = send.set_expression_attribute_names(expression_attribute_names.clone());
        let send = send.set_expression_attribute_values(expression_attribute_values.clone());
        return outcome(send.return_values_on_condition_check_failure(ALL_OLD).send().await, doing, |error| match error {
            PutItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone()),
            _ => None,
        });
    }
    if let Some(Update {
        key,
        table_name,
        update_expression,
        condition_expression,
        expression_attribute_names,
        expression_attribute_values,
        ..
    }) = part.update()
    {
        let send = client.update_item().table_name(table_name).set_key(Some(key.clone())).update_expression(update_expression);
        let send = send.set_condition_expression(condition_expression.clone());
        let send = send.set_expression_attribute_names(expression_attribute_names.clone());
        let send = send.set_expression_attribute_values(expression_attribute_values.clone());
        return outcome(send.return_values_on_condition_check_failure(ALL_OLD).send().await, doing, |error| match error {
            UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone()),
            _ => None,
        });
    }
    if let Some(Delete { key, table_name, condition_expression, expression_attribute_names, expression_attribute_values, .. }) =
        part.delete()
    {
        let send = client.delete_item().table_name(table_name).set_key(Some(key.clone()));
        let send = send.set_condition_expression(condition_expression.clone());
        let send = send.set_expression_attribute_names(expression_attribute_names.clone());
        let send = send.set_expression_attribute_values(expression_attribute_values.clone());
        return outcome(send.return_values_on_condition_check_failure(ALL_OLD).send().await, doing, |error| match error {
            DeleteItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone()),
            _ => None,
        });
    }
    Err(Fault::because("a write that is none"))
}

fn outcome<T, E>(sent: Result<T, SdkError<E>>, doing: &str, refused: impl FnOnce(&E) -> Option<Option<Item>>) -> Result<Outcome, Fault>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Err(error) = sent else { return Ok(Outcome::Done) };
    if let Some(item) = error.as_service_error().and_then(refused) {
        return Ok(Outcome::Refused(vec![Some(item)]));
    }
    let is_passing = error.code() == Some("TransactionConflictException");
    let fault = Fault::new(doing, error);
    if is_passing { Ok(Outcome::Again(fault)) } else { Err(fault) }
}

async fn together(client: &Client, parts: &[TransactWriteItem], doing: &str) -> Result<Outcome, Fault> {
    let Err(error) = client.transact_write_items().set_transact_items(Some(parts.to_vec())).send().await else {
        return Ok(Outcome::Done);
    };
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return Err(Fault::new(doing, error));
    };
    let reasons = canceled.cancellation_reasons();
    let is_refusal = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    // A transaction is cancelled as a whole also where nothing is wrong with it.
    let is_passing = |reason: &CancellationReason| {
        matches!(reason.code(), None | Some("None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
    };
    if !reasons.iter().all(|reason| is_refusal(reason) || is_passing(reason)) {
        return Err(Fault::new(doing, error));
    }
    if reasons.iter().any(is_refusal) {
        return Ok(Outcome::Refused(reasons.iter().map(|reason| is_refusal(reason).then(|| reason.item.clone())).collect()));
    }
    Ok(Outcome::Again(Fault::new(doing, error)))
}
