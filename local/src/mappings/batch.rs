//! A batch of records or messages: the event that it is, `{"Records":[…]}`, and what a function answers to it.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Deserialize;

/// The most bytes of a batch's records, with a comma each: a payload's limit, 6 MB, with room for what stands around them.
const LARGEST: usize = 6 * 1024 * 1024 - 64;

/// A stream record or a message.
#[derive(Clone, Debug)]
pub(super) struct Item<T> {
    /// What the function calls it by if it fails: the sequence number, or the message's id.
    pub(super) id: String,
    /// What the function gets of it.
    pub(super) json: String,
    /// Its place in the stream, or its receipt handle.
    pub(super) place: T,
}

/// How many of the first items make a batch: `most`, and as many as fit into a payload, but one at least, if there is one.
pub(super) fn fitting<'a, T: 'a>(items: impl IntoIterator<Item = &'a Item<T>>, most: u32) -> usize {
    let mut bytes = 0;
    let fits = |(index, item): &(usize, &Item<T>)| {
        bytes += item.json.len() + 1;
        *index == 0 || bytes <= LARGEST
    };
    items.into_iter().take(most as usize).enumerate().take_while(fits).count()
}

/// The event with these items.
pub(super) fn payload<T>(items: &[Item<T>]) -> Bytes {
    let records: Vec<_> = items.iter().map(|item| item.json.as_str()).collect();
    format!("{{\"Records\":[{}]}}", records.join(",")).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    batch_item_failures: Option<Vec<Failure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// The items that an answer under `ReportBatchItemFailures` names as failed, as indices into the batch with these identifiers. A missing,
/// null or empty list means that all is well. `None`, the whole batch failed: an identifier is not of this batch, or is no string, or the
/// answer has another shape (Lambda developer guide, "Configuring partial batch response", alike for streams and for queues).
pub(super) fn failed<'a>(answer: &[u8], identifiers: impl Iterator<Item = &'a str> + Clone) -> Option<BTreeSet<usize>> {
    let answer = if answer.trim_ascii().is_empty() { b"null" } else { answer };
    let answer: Option<Answer> = serde_json::from_slice(answer).ok()?;
    let failures = answer.and_then(|answer| answer.batch_item_failures).unwrap_or_default();
    failures.iter().map(|failure| identifiers.clone().position(|identifier| identifier == failure.item_identifier)).collect()
}
