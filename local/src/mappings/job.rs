//! What a mapping of either kind does: it invokes its function with a batch, and counts what comes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt::Display, sync::Arc, sync::Mutex};

use bytes::Bytes;
use serde::Serialize;

use super::{MappingError, Options, batch, batch::Item};
use crate::lambda::{InvokeError, Lambda};
use crate::{lock::lock, report::report, sqs::Sqs, weather::Mishap};

/// How a mapping is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingStats {
    /// The mapping's logical id.
    pub name: String,
    /// The ARN of its function, as the template has it.
    pub function: String,
    /// Invocations that failed or reported items. One that could not take place, since the function was throttled, is none.
    pub errors: u64,
    /// The age of the oldest record or message that was received and is not finished, in milliseconds; 0 if there is none.
    pub oldest_ms: u64,
    /// Messages sent to the on-failure destination. Those that a queue moves to its own dead-letter queue do not count here.
    pub dead_letters: u64,
}

/// An invocation that took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) request_id: String,
    /// Whether it ended in an error, rather than in an answer.
    pub(super) function_error: bool,
    /// The items that failed, as indices into the batch; `None`: the batch as a whole.
    pub(super) failed: Option<BTreeSet<usize>>,
}

/// A mapping's function, and what is counted.
pub(super) struct Job {
    pub(super) function_arn: String,
    /// Whether the function's answer names the items that failed.
    reports: bool,
    lambda: Lambda,
    pub(super) sqs: Sqs,
    pub(super) options: Options,
    stats: Mutex<MappingStats>,
    /// When the oldest unfinished item of each shard, or of each batch of a queue, was written.
    unfinished: Mutex<BTreeMap<u64, u64>>,
}

impl Job {
    pub(super) fn new(name: &str, function_arn: &str, reports: bool, (lambda, sqs): (&Lambda, &Sqs), options: &Options) -> Arc<Job> {
        let (function_arn, lambda, sqs, options) = (function_arn.to_owned(), lambda.clone(), sqs.clone(), options.clone());
        let stats = MappingStats { name: name.to_owned(), function: function_arn.clone(), errors: 0, oldest_ms: 0, dead_letters: 0 };
        Arc::new(Job { function_arn, reports, lambda, sqs, options, stats: Mutex::new(stats), unfinished: Mutex::default() })
    }

    /// Why it cannot be started.
    pub(super) fn refuse(&self, reason: impl Display) -> MappingError {
        MappingError { mapping: self.stats().name, reason: reason.to_string() }
    }

    /// Tells the developer what went wrong.
    pub(super) fn report(&self, line: impl Display) {
        report(&format!("mapping {}", self.stats().name), line);
    }

    /// The on-failure destination has been told.
    pub(super) fn count_dead_letter(&self) {
        lock(&self.stats).dead_letters += 1;
    }

    /// The oldest unfinished item of the shard or batch `number` was written at this time; `None`: it has none.
    pub(super) fn unfinished(&self, number: u64, written_at: Option<u64>) {
        let mut unfinished = lock(&self.unfinished);
        unfinished.remove(&number);
        unfinished.extend(written_at.map(|written_at| (number, written_at)));
    }

    pub(super) fn stats(&self) -> MappingStats {
        let oldest = lock(&self.unfinished).values().min().copied();
        let oldest_ms = oldest.map_or(0, |written_at| self.options.clock.now().saturating_sub(written_at));
        MappingStats { oldest_ms, ..lock(&self.stats).clone() }
    }

    /// Invokes the function with a batch; `None` if it could not be invoked, because it is throttled or not there. In bad weather, a batch
    /// that was handled comes again at once, as after an answer that was lost, and its second answer counts.
    pub(super) async fn invoke<T>(&self, batch: &[Item<T>]) -> Option<Attempt> {
        let payload = batch::payload(batch);
        let attempt = self.invoke_once(batch, payload.clone()).await?;
        let handled = attempt.failed.as_ref().is_some_and(BTreeSet::is_empty);
        if handled && self.options.weather.happens(Mishap::BatchAgain) { self.invoke_once(batch, payload).await } else { Some(attempt) }
    }

    async fn invoke_once<T>(&self, batch: &[Item<T>], payload: Bytes) -> Option<Attempt> {
        let invoked = self.lambda.invoke(&self.function_arn, payload).await;
        let function_error = invoked.result.is_err();
        let failed = match invoked.result {
            Ok(answer) if self.reports => batch::failed(&answer, batch.iter().map(|item| item.id.as_str())),
            Ok(_) => Some(BTreeSet::new()),
            // The function's own log has the error.
            Err(InvokeError::Function { .. }) => None,
            Err(InvokeError::Throttled) => return None,
            Err(error) => {
                self.report(error);
                return None;
            }
        };
        lock(&self.stats).errors += u64::from(failed.as_ref().is_none_or(|failed| !failed.is_empty()));
        Some(Attempt { request_id: invoked.request_id, function_error, failed })
    }
}
