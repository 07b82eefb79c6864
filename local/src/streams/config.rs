//! What the template says of a mapping, and the limits AWS sets.

use std::time::Duration;

use serde_json::Value;

use super::filter::{FilterError, Filters};

/// A mapping from a table's stream to a function.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingConfig {
    /// Names the mapping in messages and, in a durable file, its place in the stream. The template's event has such a name.
    pub name: String,
    /// The function's ARN.
    pub function_arn: String,
    /// The table's physical name.
    pub table: String,
    /// Records in one batch at most, 1 to 10,000.
    pub batch_size: usize,
    /// How long to gather a batch that is not full, up to 300 s after the batch before.
    pub batching_window: Duration,
    /// How often a failed batch is tried again, up to 10,000 times; none: until its records are too old.
    pub maximum_retry_attempts: Option<u32>,
    /// Records older than this are given up, 60 s to 7 days; none: when the stream keeps them no longer.
    pub maximum_record_age: Option<Duration>,
    /// Whether a failed batch is tried again in two halves.
    pub bisect: bool,
    /// Whether the function's answer names the records it could not handle (`ReportBatchItemFailures`).
    pub report_batch_item_failures: bool,
    /// The patterns of `FilterCriteria`, each an object or its JSON text; none: every record.
    pub filter_patterns: Vec<Value>,
    /// The ARN of the SQS queue that hears of what was given up.
    pub on_failure_queue: Option<String>,
    /// Batches in parallel, 1 to 10. With more than one, only the records of each item, by partition and sort key, stay in order.
    pub parallelization_factor: usize,
    /// The wait before the first retry; it doubles with each further one, up to [`MappingConfig::longest_backoff`].
    pub first_backoff: Duration,
    /// The longest wait before a retry.
    pub longest_backoff: Duration,
}

impl Default for MappingConfig {
    /// AWS's defaults, for no function and no table.
    fn default() -> MappingConfig {
        MappingConfig {
            name: String::new(),
            function_arn: String::new(),
            table: String::new(),
            batch_size: 100,
            batching_window: Duration::ZERO,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            bisect: false,
            report_batch_item_failures: false,
            filter_patterns: Vec::new(),
            on_failure_queue: None,
            parallelization_factor: 1,
            first_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_secs(10),
        }
    }
}

/// Why a mapping cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A filter pattern is not one.
    #[error("mapping {mapping}: {error}")]
    Filter {
        /// The mapping's name.
        mapping: String,
        /// What is wrong with the pattern.
        error: FilterError,
    },
    /// A number is outside what AWS allows.
    #[error("mapping {mapping}: {property} must be {allowed}, not {value}")]
    Limit {
        /// The mapping's name.
        mapping: String,
        /// The property, as CloudFormation names it.
        property: &'static str,
        /// What AWS allows.
        allowed: &'static str,
        /// What it is.
        value: String,
    },
}

impl MappingConfig {
    /// Compiles the filters and checks the limits.
    ///
    /// # Errors
    /// See [`MappingError`].
    pub fn check(&self) -> Result<Filters, MappingError> {
        let (age, window) = (self.maximum_record_age, self.batching_window);
        let retries = self.maximum_retry_attempts;
        let limits = [
            ("BatchSize", "1 to 10000", self.batch_size.to_string(), (1..=10_000).contains(&self.batch_size)),
            ("MaximumBatchingWindowInSeconds", "0 to 300", format!("{window:?}"), window.as_secs_f64() <= 300.0),
            ("MaximumRetryAttempts", "-1 to 10000", format!("{retries:?}"), retries.is_none_or(|retries| retries <= 10_000)),
            (
                "MaximumRecordAgeInSeconds",
                "-1, or 60 to 604800",
                format!("{age:?}"),
                age.is_none_or(|age| (60..=604_800).contains(&age.as_secs())),
            ),
            ("ParallelizationFactor", "1 to 10", self.parallelization_factor.to_string(), (1..=10).contains(&self.parallelization_factor)),
        ];
        for (property, allowed, value, holds) in limits {
            if !holds {
                return Err(MappingError::Limit { mapping: self.name.clone(), property, allowed, value });
            }
        }
        Filters::compile(&self.filter_patterns).map_err(|error| MappingError::Filter { mapping: self.name.clone(), error })
    }
}
