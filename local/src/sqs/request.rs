//! Reading the parameters of a request.

use std::ops::RangeInclusive;

use serde_json::Value;
use uuid::Uuid;

use super::error::Refusal;

/// A text that has to be there.
pub(super) fn text<'a>(request: &'a Value, parameter: &str) -> Result<&'a str, Refusal> {
    optional_text(request, parameter)?.filter(|text| !text.is_empty()).ok_or_else(|| Refusal::missing(parameter))
}

pub(super) fn optional_text<'a>(request: &'a Value, parameter: &str) -> Result<Option<&'a str>, Refusal> {
    match &request[parameter] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        value => Err(Refusal::value(value, parameter, "Must be a string.")),
    }
}

/// The name of the queue that the request's `QueueUrl` ends with. Its host does not matter.
pub(super) fn queue_name(request: &Value) -> Result<&str, Refusal> {
    let url = text(request, "QueueUrl")?;
    Ok(url.rsplit('/').next().unwrap_or(url))
}

/// A list of texts; absent is empty.
pub(super) fn names<'a>(request: &'a Value, parameter: &str) -> Result<Vec<&'a str>, Refusal> {
    let refuse = || Refusal::invalid(format!("{parameter} is not a list of names."));
    match &request[parameter] {
        Value::Null => Ok(Vec::new()),
        Value::Array(names) => names.iter().map(|name| name.as_str().ok_or_else(refuse)).collect(),
        _ => Err(refuse()),
    }
}

pub(super) fn number(request: &Value, parameter: &str, allowed: RangeInclusive<u64>) -> Result<Option<u64>, Refusal> {
    let value = &request[parameter];
    if value.is_null() {
        return Ok(None);
    }
    let reason = || format!("Must be between {} and {}, if provided.", allowed.start(), allowed.end());
    let number = value.as_u64().filter(|number| allowed.contains(number));
    number.map(Some).ok_or_else(|| Refusal::value(value, parameter, &reason()))
}

/// The handle by which a message of `queue` is deleted or hidden for longer.
pub(super) fn receipt_handle(queue: &str, receipt: Uuid) -> String {
    format!("{queue}/{receipt}")
}

/// The receipt in the request's `ReceiptHandle`, which has to be one of `queue`.
pub(super) fn receipt(request: &Value, queue: &str) -> Result<Uuid, Refusal> {
    let handle = text(request, "ReceiptHandle")?;
    let receipt = handle.rsplit_once('/').filter(|(name, _)| *name == queue);
    receipt.and_then(|(_, receipt)| Uuid::parse_str(receipt).ok()).ok_or_else(|| Refusal::receipt_handle(handle))
}

/// The page of `all` that the request's `NextToken` and `MaxResults` ask for, and the token of the next one. As on AWS, there is a next
/// one only for who sets `MaxResults`.
pub(super) fn page(request: &Value, all: Vec<String>) -> Result<(Vec<String>, Option<String>), Refusal> {
    let most = number(request, "MaxResults", 1..=1_000)?;
    // The token is the last name of the page before.
    let after = optional_text(request, "NextToken")?;
    let mut rest = all.into_iter().filter(|name| after.is_none_or(|after| name.as_str() > after));
    let page: Vec<_> = rest.by_ref().take(most.unwrap_or(1_000) as usize).collect();
    let token = page.last().filter(|_| most.is_some() && rest.next().is_some()).cloned();
    Ok((page, token))
}
