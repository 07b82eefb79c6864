//! The parameters of requests: which there are, and reading them. AWS's others are refused by name.

use std::{collections::BTreeSet, ops::RangeInclusive};

use serde_json::Value;
use uuid::Uuid;

use super::{
    SqsError,
    error::{EMPTY, INVALID, RECEIPT, REPEATED, TOO_MANY},
};

/// The entries of a batch at most.
const MOST_ENTRIES: usize = 10;

/// What an action, or an entry of a batch, takes here. Attributes of messages may be asked for, although none has any.
fn known(action: &str) -> Option<&'static str> {
    Some(match action {
        "SendMessage" => "QueueUrl MessageBody DelaySeconds",
        "SendMessageBatch" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => "QueueUrl Entries",
        "SendMessageBatchRequestEntry" => "Id MessageBody DelaySeconds",
        "ReceiveMessage" => {
            "QueueUrl MaxNumberOfMessages VisibilityTimeout WaitTimeSeconds AttributeNames MessageSystemAttributeNames MessageAttributeNames"
        }
        "DeleteMessage" => "QueueUrl ReceiptHandle",
        "ChangeMessageVisibility" => "QueueUrl ReceiptHandle VisibilityTimeout",
        "ChangeMessageVisibilityBatchRequestEntry" => "Id ReceiptHandle VisibilityTimeout",
        "DeleteMessageBatchRequestEntry" => "Id ReceiptHandle",
        "GetQueueUrl" => "QueueName",
        "GetQueueAttributes" => "QueueUrl AttributeNames",
        "ListQueues" => "",
        _ => return None,
    })
}

/// Refuses an `action` that is not implemented, and what it does not take here.
pub(super) fn check(action: &str, request: &Value) -> Result<(), SqsError> {
    let known = known(action).ok_or_else(|| SqsError::unsupported(action))?;
    let members = request.as_object().ok_or_else(|| SqsError::new(INVALID, format!("{action} is no map of parameters.")))?;
    let unknown = members.keys().find(|name| known.split(' ').all(|known| known != *name));
    unknown.map_or(Ok(()), |name| Err(SqsError::unsupported(&format!("{name} of {action}"))))
}

/// A text that has to be there.
pub(super) fn text<'a>(request: &'a Value, parameter: &str) -> Result<&'a str, SqsError> {
    request[parameter].as_str().filter(|text| !text.is_empty()).ok_or_else(|| SqsError::missing(parameter))
}

/// The name of the queue that the request's `QueueUrl` ends with. Its host does not matter.
pub(super) fn queue_name(request: &Value) -> Result<&str, SqsError> {
    let url = text(request, "QueueUrl")?;
    Ok(url.rsplit('/').next().unwrap_or(url))
}

/// A list of texts; absent is empty.
pub(super) fn names<'a>(request: &'a Value, parameter: &str) -> Result<Vec<&'a str>, SqsError> {
    let list = match &request[parameter] {
        Value::Null => Some(Vec::new()),
        list => list.as_array().and_then(|names| names.iter().map(Value::as_str).collect()),
    };
    list.ok_or_else(|| SqsError::new(INVALID, format!("{parameter} is not a list of names.")))
}

pub(super) fn number(request: &Value, parameter: &str, allowed: RangeInclusive<u64>) -> Result<Option<u64>, SqsError> {
    let value = &request[parameter];
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_u64().filter(|number| allowed.contains(number));
    let reason = format!("Must be between {} and {}, if provided.", allowed.start(), allowed.end());
    number.map(Some).ok_or_else(|| SqsError::new(INVALID, format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}")))
}

/// The handle of the `count`th receipt of a message of `queue`.
pub(super) fn receipt_handle(queue: &str, id: Uuid, count: u32) -> String {
    format!("{queue}/{id}/{count}")
}

/// The message and the number of the receipt in the request's `ReceiptHandle`, which has to be one of `queue`.
pub(super) fn receipt(request: &Value, queue: &str) -> Result<(Uuid, u32), SqsError> {
    let handle = text(request, "ReceiptHandle")?;
    let receipt = handle.strip_prefix(queue).and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('/'));
    let receipt = receipt.and_then(|(id, count)| Some((Uuid::parse_str(id).ok()?, count.parse().ok()?)));
    receipt.ok_or_else(|| SqsError::new(RECEIPT, format!("The input receipt handle \"{handle}\" is not a valid receipt handle.")))
}

/// The entries of a batch with their ids. Whatever is wrong with the batch itself refuses all of it; `entry` is what the API reference
/// calls an entry.
pub(super) fn entries<'a>(request: &'a Value, entry: &str) -> Result<Vec<(&'a str, &'a Value)>, SqsError> {
    let entries = request["Entries"].as_array().filter(|entries| !entries.is_empty());
    let entries = entries.ok_or_else(|| SqsError::new(EMPTY, format!("There should be at least one {entry} in the request.")))?;
    if entries.len() > MOST_ENTRIES {
        let message = format!("Maximum number of entries per request are {MOST_ENTRIES}. You have sent {}.", entries.len());
        return Err(SqsError::new(TOO_MANY, message));
    }
    let mut ids = BTreeSet::new();
    let identify = |entry: &'a Value| {
        let id = text(entry, "Id")?;
        if ids.insert(id) { Ok((id, entry)) } else { Err(SqsError::new(REPEATED, format!("Id {id} repeated."))) }
    };
    entries.iter().map(identify).collect()
}
