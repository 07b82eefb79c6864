//! What a mapping of either kind does: it invokes its function with a batch.

use std::{
    collections::BTreeSet,
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;

use super::{MappingError, Options, batch, batch::Item};
use crate::lambda::{InvokeError, Lambda};
use crate::{report::report, sqs::Sqs, weather::Mishap};

/// An invocation that took place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) request_id: String,
    /// Whether it ended in an error, rather than in an answer.
    pub(super) function_error: bool,
    /// The items that failed, as indices into the batch; `None`: the batch as a whole.
    pub(super) failed: Option<BTreeSet<usize>>,
}

/// A mapping's function.
pub(super) struct Job {
    /// The mapping's logical id.
    name: String,
    pub(super) function_arn: String,
    /// Whether the function's answer names the items that failed.
    reports: bool,
    lambda: Lambda,
    pub(super) sqs: Sqs,
    pub(super) options: Options,
    /// Invocations that ended in an error, or whose answer named items that failed.
    failures: Arc<AtomicU64>,
}

impl Job {
    pub(super) fn new(name: &str, function_arn: &str, reports: bool, (lambda, sqs): (&Lambda, &Sqs), options: &Options) -> Arc<Job> {
        let (name, function_arn, failures) = (name.to_owned(), function_arn.to_owned(), Arc::default());
        Arc::new(Job { name, function_arn, reports, lambda: lambda.clone(), sqs: sqs.clone(), options: options.clone(), failures })
    }

    /// The mapping's name, and how often it has failed.
    pub(super) fn failures(&self) -> (String, Arc<AtomicU64>) {
        (self.name.clone(), Arc::clone(&self.failures))
    }

    /// Why it cannot be started.
    pub(super) fn refuse(&self, reason: impl Display) -> MappingError {
        MappingError { mapping: self.name.clone(), reason: reason.to_string() }
    }

    /// Tells the developer what went wrong.
    pub(super) fn report(&self, line: impl Display) {
        report(&format!("mapping {}", self.name), line);
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
        if failed.as_ref().is_none_or(|failed| !failed.is_empty()) {
            self.failures.fetch_add(1, Relaxed);
        }
        Some(Attempt { request_id: invoked.request_id, function_error, failed })
    }
}
