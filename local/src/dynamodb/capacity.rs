//! The capacity that requests use up: asked for on behalf of the meter, counted, and left out of answers to those who have not asked.

use axum::{body::Bytes, http::StatusCode};
use dynoxide::types::{ConsumedCapacity, Item, item_size};
use serde_json::{Value, json};

use crate::meter::{Meter, units::refused_write_units};

/// What an operation's units are, where its answer does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Read,
    Write,
}

/// Counts what one table's report says.
pub(super) fn count(meter: &Meter, axis: Axis, consumed: &ConsumedCapacity) {
    let ConsumedCapacity { capacity_units, read_capacity_units, write_capacity_units, .. } = consumed;
    count_units(meter, axis, *capacity_units, (*read_capacity_units, *write_capacity_units));
}

/// A transaction says of its units which they are: one that is repeated with its token only reads.
fn count_units(meter: &Meter, axis: Axis, units: f64, (read, write): (Option<f64>, Option<f64>)) {
    match (read, write, axis) {
        (None, None, Axis::Read) => meter.dynamodb(0.0, units),
        (None, None, Axis::Write) => meter.dynamodb(units, 0.0),
        (read, write, _) => meter.dynamodb(write.unwrap_or(0.0), read.unwrap_or(0.0)),
    }
}

/// Counts a write whose condition was not met, with the bytes of the item that is there.
pub(super) fn count_refused(meter: &Meter, existing_bytes: Option<usize>) {
    meter.dynamodb(refused_write_units(existing_bytes) as f64, 0.0);
}

/// Counts a transaction that was cancelled, with the bytes of its items as far as they are known. AWS does not say what one uses up; this is
/// what it would have used up otherwise.
pub(super) fn count_cancelled(meter: &Meter, sizes: &[usize]) {
    let units: u64 = sizes.iter().map(|size| 2 * refused_write_units(Some(*size))).sum();
    meter.dynamodb(units as f64, 0.0);
}

/// A request on its way to the engine's server, and what its sender has asked for.
#[derive(Debug)]
pub(super) struct Asked {
    axis: Axis,
    capacity: bool,
    item: bool,
}

/// Has the request ask for what the meter needs. None if it is none that uses up capacity, or the engine has a word for what it is.
pub(super) fn ask(operation: &str, body: &[u8]) -> Option<(Bytes, Asked)> {
    let axis = match operation {
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems" => Axis::Read,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" | "ExecuteTransaction" => Axis::Write,
        "ExecuteStatement" | "BatchExecuteStatement" => Axis::Write,
        _ => return None,
    };
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let statement = request["Statement"].as_str().or_else(|| request["Statements"][0]["Statement"].as_str());
    let selects = statement.is_some_and(|text| text.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select")));
    let axis = if selects { Axis::Read } else { axis };
    let members = request.as_object_mut()?;
    let capacity =
        !matches!(members.get("ReturnConsumedCapacity"), None | Some(Value::Null)) && members["ReturnConsumedCapacity"] != "NONE";
    if !capacity {
        members.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    }
    const ITEM: &str = "ReturnValuesOnConditionCheckFailure";
    let conditional = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem") && members.contains_key("ConditionExpression");
    let item = !conditional || !matches!(members.get(ITEM).map(|asked| asked.as_str()), None | Some(Some("NONE")));
    if !item {
        members.insert(ITEM.to_owned(), json!("ALL_OLD"));
    }
    Some((request.to_string().into(), Asked { axis, capacity, item }))
}

/// Counts what the engine's server says was used up. Answers the body without what was not asked for; none if it stays as it is.
pub(super) fn settle(meter: &Meter, asked: &Asked, status: StatusCode, body: &[u8]) -> Option<Bytes> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let members = answer.as_object_mut()?;
    if status.is_success() {
        let consumed = members.get("ConsumedCapacity")?;
        for table in consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice) {
            let units = |name: &str| table[name].as_f64();
            count_units(
                meter,
                asked.axis,
                units("CapacityUnits").unwrap_or(0.0),
                (units("ReadCapacityUnits"), units("WriteCapacityUnits")),
            );
        }
        return (!asked.capacity).then(|| members.remove("ConsumedCapacity")).map(|_| answer.to_string().into());
    }
    let kind = members.get("__type").and_then(Value::as_str).unwrap_or_default();
    if kind.ends_with("#TransactionCanceledException") {
        let reasons = members.get("CancellationReasons").and_then(Value::as_array).map_or(0, Vec::len);
        count_cancelled(meter, &vec![0; reasons]);
    } else if kind.ends_with("#ConditionalCheckFailedException") {
        let item = members.get("Item").and_then(|item| serde_json::from_value::<Item>(item.clone()).ok());
        count_refused(meter, item.as_ref().map(item_size));
        if !asked.item && members.remove("Item").is_some() {
            return Some(answer.to_string().into());
        }
    }
    None
}

/// Whether `needle` is somewhere in `body`.
pub(super) fn contains(body: &[u8], needle: &[u8]) -> bool {
    let Some((&first, rest)) = needle.split_first() else { return true };
    let mut body = body;
    while let Some(at) = body.iter().position(|&byte| byte == first) {
        body = &body[at + 1..];
        if body.starts_with(rest) {
            return true;
        }
    }
    false
}
