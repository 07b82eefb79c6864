//! The operations on tables and items, for which the engine is called in process.
//!
//! Every request is made to tell the capacity that it uses up, for the meter; an answer says so only to those who have asked.

use dynoxide::{
    Database, DynoxideError, Result,
    actions::transact_write_items::TransactWriteItemsRequest,
    errors::CancellationReason,
    streams::{LOCAL_ACCOUNT, LOCAL_REGION},
    types::item_size,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{DynamoDbError, Room, record::VIEW_TYPE};
use crate::{
    account,
    lock::lock,
    meter::{Meter, units::refused_write_units},
    weather::Mishap,
};

const CONFLICT: &str = "Transaction is ongoing for the item";

/// Answers `operation`; none if there is none of that name here.
pub(super) fn answer(room: &Room, meter: &Meter, operation: &str, request: Value) -> std::result::Result<Option<Value>, DynamoDbError> {
    let (database, weather) = (&room.database, &room.options.weather);
    let answer = match operation {
        "ListTables" => write(database.list_tables(read(request)?)?),
        "DescribeTable" => described(&write(database.describe_table(read(request)?)?)?),
        "GetItem" | "Query" | "Scan" => metered(meter, request, false, |request| match &room.replica {
            Some(replica) if request["ConsistentRead"] != true => {
                replica.read(weather.staleness(), |replica| call(replica, operation, request))
            }
            _ => call(database, operation, request),
        }),
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
            if request.get("ConditionExpression").is_some() && weather.happens(Mishap::Conflict) {
                let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
                return Err(DynamoDbError::Refused(kind, CONFLICT.to_owned()));
            }
            let mut tables: Vec<String> = parts(&request).map(|(table, _)| table.to_owned()).collect();
            tables.dedup();
            let write = |request| match operation {
                "TransactWriteItems" => transact(room, meter, request),
                _ => call(database, operation, request),
            };
            let answer = metered(meter, request, true, |request| match &room.replica {
                Some(replica) => replica.write(database, replica.keys(parts(&request)), || write(request)),
                None => write(request),
            });
            if answer.is_ok() {
                let streams = lock(&room.streams);
                tables.iter().filter_map(|table| streams.get(table)).for_each(|stream| stream.written.send_replace(()));
            }
            answer
        }
        _ => return Ok(None),
    };
    Ok(Some(answer?))
}

/// Has the engine carry out an operation on items, other than a transaction.
pub(super) fn call(database: &Database, operation: &str, request: Value) -> Result<Value> {
    match operation {
        "GetItem" => write(database.get_item(read(request)?)?),
        "Query" => write(database.query(read(request)?)?),
        "Scan" => write(database.scan(read(request)?)?),
        "PutItem" => write(database.put_item(read(request)?)?),
        "UpdateItem" => write(database.update_item(read(request)?)?),
        "DeleteItem" => write(database.delete_item(read(request)?)?),
        _ => write(database.batch_write_item(read(request)?)?),
    }
}

/// Reads a request. Where the engine finds its members wrong, rather than their types, it marks the error.
fn read<T: DeserializeOwned>(request: Value) -> Result<T> {
    serde_json::from_value(request).map_err(|error| {
        let text = error.to_string();
        match text.split_once(':') {
            Some((mark, text)) if mark.starts_with("VALIDATION") => DynoxideError::ValidationException(text.to_owned()),
            _ if text.contains("missing field") || text.contains("AttributeValue") => DynoxideError::ValidationException(text),
            _ => DynoxideError::SerializationException(text),
        }
    })
}

fn write(answer: impl Serialize) -> Result<Value> {
    serde_json::to_value(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// A table's description with ARNs and the view type as they are here. No item is in it.
fn described(answer: &Value) -> Result<Value> {
    let engines = format!("arn:aws:dynamodb:{LOCAL_REGION}:{LOCAL_ACCOUNT}:");
    let text = answer.to_string().replace(&engines, &account::arn("dynamodb", "")).replace("NEW_AND_OLD_IMAGES", VIEW_TYPE);
    serde_json::from_str(&text).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The table of each item that a request writes or, in a transaction, checks, with the item or its key.
pub(super) fn parts(request: &Value) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
    fn inner(write: &Value) -> Option<&Value> {
        write.as_object()?.values().next()
    }
    let batch = request["RequestItems"].as_object().into_iter().flatten();
    let batch = batch.flat_map(move |(table, writes)| {
        writes.as_array().into_iter().flatten().filter_map(inner).map(move |write| (Some(table.as_str()), write))
    });
    let transaction = request["TransactItems"].as_array().into_iter().flatten().filter_map(inner);
    let named = transaction.chain(request.get("TableName").map(|_| request)).map(|write| (write["TableName"].as_str(), write));
    batch.chain(named).filter_map(|(table, write)| Some((table?, write.get("Item").or(write.get("Key"))?.as_object()?)))
}

/// Carries out a request, counts what it has used up, and leaves out of the answer what was not asked for.
fn metered(meter: &Meter, mut request: Value, writes: bool, carry_out: impl FnOnce(Value) -> Result<Value>) -> Result<Value> {
    const CAPACITY: &str = "ReturnConsumedCapacity";
    const ITEM: &str = "ReturnValuesOnConditionCheckFailure";
    let is = |member: &str, value: &str| request[member] == value;
    let capacity_wanted = !request[CAPACITY].is_null() && !is(CAPACITY, "NONE");
    // The item that is in the way tells how much a refused write costs.
    let item_wanted = is(ITEM, "ALL_OLD");
    if !capacity_wanted {
        request[CAPACITY] = json!("TOTAL");
    }
    if request.get("ConditionExpression").is_some() {
        request[ITEM] = json!("ALL_OLD");
    }
    match carry_out(request) {
        Ok(mut answer) => {
            let consumed = &answer["ConsumedCapacity"];
            for table in consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice) {
                // A transaction says of its units which they are: one that is repeated with its token only reads.
                match (table["WriteCapacityUnits"].as_f64(), table["ReadCapacityUnits"].as_f64(), table["CapacityUnits"].as_f64()) {
                    (None, None, units) if writes => meter.dynamodb(units.unwrap_or(0.0), 0.0),
                    (None, None, units) => meter.dynamodb(0.0, units.unwrap_or(0.0)),
                    (write, read, _) => meter.dynamodb(write.unwrap_or(0.0), read.unwrap_or(0.0)),
                }
            }
            if let Some(members) = answer.as_object_mut().filter(|_| !capacity_wanted) {
                members.remove("ConsumedCapacity");
            }
            Ok(answer)
        }
        Err(DynoxideError::ConditionalCheckFailedException(message, item)) => {
            meter.dynamodb(refused_write_units(item.as_ref().map(item_size)) as f64, 0.0);
            Err(DynoxideError::ConditionalCheckFailedException(message, item.filter(|_| item_wanted)))
        }
        Err(error) => Err(error),
    }
}

/// Carries out a transaction, unless it meets another one. AWS does not say what one that is cancelled uses up; it is counted as what it
/// would have used up otherwise, as far as the sizes of its items are known.
fn transact(room: &Room, meter: &Meter, request: Value) -> Result<Value> {
    let request: TransactWriteItemsRequest = read(request)?;
    let units = |bytes| 2 * refused_write_units(bytes);
    let units: u64 = request.transact_items.iter().map(|part| units(part.put.as_ref().map(|put| item_size(&put.item)))).sum();
    let count = request.transact_items.len();
    let conflicts = count > 0 && room.options.weather.happens(Mishap::Conflict);
    let answer = if conflicts { Err(conflict(count)) } else { room.database.transact_write_items(request) };
    if let Err(DynoxideError::TransactionCanceledException(..)) = &answer {
        meter.dynamodb(units as f64, 0.0);
    }
    write(answer?)
}

/// What AWS says to a transaction of so many items that meets another one at one of them.
fn conflict(items: usize) -> DynoxideError {
    let at = fastrand::usize(..items);
    let codes: Vec<_> = (0..items).map(|item| if item == at { "TransactionConflict" } else { "None" }).collect();
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    let reasons = codes.iter().map(|code| CancellationReason {
        code: (*code).to_owned(),
        message: (*code != "None").then(|| CONFLICT.to_owned()),
        item: None,
    });
    DynoxideError::TransactionCanceledException(message, reasons.collect())
}
