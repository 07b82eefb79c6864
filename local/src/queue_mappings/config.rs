//! What the template says of a mapping, and the limits AWS sets.

use std::time::Duration;

use serde_json::Value;

use super::filter::MessageFilters;
use crate::streams::FilterError;

/// A mapping from a queue to a function.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueMappingConfig {
    /// Names the mapping in messages. The template's event has such a name.
    pub name: String,
    /// The function's ARN.
    pub function_arn: String,
    /// The queue's physical name.
    pub queue: String,
    /// Messages in one batch at most, 1 to 10,000.
    pub batch_size: usize,
    /// How long to gather a batch that is not full, up to 300 s; at least 1 s for batches of more than 10.
    pub batching_window: Duration,
    /// Whether the function's answer names the messages it could not handle (`ReportBatchItemFailures`).
    pub report_batch_item_failures: bool,
    /// The patterns of `FilterCriteria`, each an object; none: every message.
    pub filter_patterns: Vec<Value>,
    /// Batches in the function at once, at least 1.
    pub concurrency: usize,
    /// The wait before a throttled batch is tried again; it doubles with each further one, up to [`QueueMappingConfig::longest_backoff`].
    pub first_backoff: Duration,
    /// The longest wait before a throttled batch is tried again.
    pub longest_backoff: Duration,
}

impl Default for QueueMappingConfig {
    /// AWS's defaults, for no function and no queue, and as many batches at once as AWS begins with.
    fn default() -> QueueMappingConfig {
        QueueMappingConfig {
            name: String::new(),
            function_arn: String::new(),
            queue: String::new(),
            batch_size: 10,
            batching_window: Duration::ZERO,
            report_batch_item_failures: false,
            filter_patterns: Vec::new(),
            concurrency: 5,
            first_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_secs(10),
        }
    }
}

/// Why a mapping cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueMappingError {
    /// A filter pattern is not one.
    #[error("mapping {mapping}: {error}")]
    Filter {
        /// The mapping's name.
        mapping: String,
        /// What is wrong with the pattern.
        error: FilterError,
    },
    /// A number is outside what AWS allows.
    #[error("mapping {mapping}: {property} must be {allowed}")]
    Limit {
        /// The mapping's name.
        mapping: String,
        /// The property, as CloudFormation names it.
        property: &'static str,
        /// What AWS allows.
        allowed: &'static str,
    },
    /// There is no such queue.
    #[error("mapping {mapping}: there is no queue {queue}")]
    NoQueue {
        /// The mapping's name.
        mapping: String,
        /// The queue's name.
        queue: String,
    },
}

impl QueueMappingConfig {
    /// Compiles the filters and checks the limits.
    ///
    /// # Errors
    /// See [`QueueMappingError`].
    pub(super) fn check(&self) -> Result<MessageFilters, QueueMappingError> {
        let window = self.batching_window;
        let limits = [
            ("BatchSize", "1 to 10000", (1..=10_000).contains(&self.batch_size)),
            ("BatchSize", "at most 10 without a batching window", self.batch_size <= 10 || window >= Duration::from_secs(1)),
            ("MaximumBatchingWindowInSeconds", "0 to 300", window <= Duration::from_secs(300)),
            ("MaximumConcurrency", "at least 1", self.concurrency > 0),
        ];
        for (property, allowed, holds) in limits {
            if !holds {
                return Err(QueueMappingError::Limit { mapping: self.name.clone(), property, allowed });
            }
        }
        MessageFilters::compile(&self.filter_patterns).map_err(|error| QueueMappingError::Filter { mapping: self.name.clone(), error })
    }
}
