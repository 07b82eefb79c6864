//! Events of a function: `Type: DynamoDB`, an event source mapping from a table's stream.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html>

use std::time::Duration;

use serde_json::Value;

use super::{
    destinations,
    manifest::{StartingPosition, StreamMapping},
    notes,
    resolver::Resolver,
    resources::TABLE,
    section::Section,
};

/// The most patterns that Lambda takes without a raised quota.
const MOST_FILTERS: usize = 5;

/// Reads one event of a function. The ranges are those of `CreateEventSourceMapping`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
pub(super) fn read(logical_id: &str, function_arn: Option<&str>, event: Section<'_>, resolver: &Resolver<'_>) -> Option<StreamMapping> {
    event.require("Type");
    event.require("Properties");
    let kind = event.choice("Type", &["DynamoDB"]);
    let properties = event.section("Properties");
    event.finish(&[]);
    kind?;
    let section = properties?;

    let table = section.required_text("Stream").and_then(|arn| {
        let owner = resolver.owner(TABLE, "StreamArn", &arn);
        if owner.is_none() {
            section.problem("Stream", format!("{arn} is not the stream of a table of this template; use !GetAtt SomeTable.StreamArn"));
        }
        resolver.physical_name(owner?)
    });
    section.require("StartingPosition");
    let starting_position = match section.choice("StartingPosition", &["TRIM_HORIZON", "LATEST"]).as_deref() {
        Some("LATEST") => StartingPosition::Latest,
        _ => StartingPosition::TrimHorizon,
    };
    let enabled = section.boolean("Enabled").unwrap_or(true);
    let batch_size = section.integer("BatchSize", 1..=10_000).unwrap_or(100);
    let batching_window_seconds = section.integer("MaximumBatchingWindowInSeconds", 0..=300).unwrap_or(0);
    // -1 is Lambda's word for no limit.
    let maximum_retry_attempts = section.integer("MaximumRetryAttempts", -1..=10_000).filter(|attempts| *attempts >= 0);
    let maximum_record_age = section.integer("MaximumRecordAgeInSeconds", -1..=604_800).filter(|seconds| *seconds >= 0);
    if maximum_record_age.is_some_and(|seconds| seconds < 60) {
        section.problem("MaximumRecordAgeInSeconds", "Lambda takes -1, for no limit, or at least 60");
    }
    let bisect_batch_on_error = section.boolean("BisectBatchOnFunctionError").unwrap_or(false);
    let parallelization_factor = section.integer("ParallelizationFactor", 1..=10).unwrap_or(1);
    let response_types = section.texts("FunctionResponseTypes");
    if let Some(other) = response_types.iter().find(|kind| *kind != "ReportBatchItemFailures") {
        section
            .problem("FunctionResponseTypes", format!("`{other}` is not understood by the local stack; it knows ReportBatchItemFailures"));
    }
    let filter_patterns = filter_patterns(&section);
    let on_failure_queue_arn = destinations::on_failure(&section, resolver);
    section.finish(notes::STREAM_EVENT);

    Some(StreamMapping {
        logical_id: logical_id.to_owned(),
        function_arn: function_arn?.to_owned(),
        table: table?,
        enabled,
        starting_position,
        batch_size: u32::try_from(batch_size).ok()?,
        batching_window: Duration::from_secs(batching_window_seconds.unsigned_abs()),
        maximum_retry_attempts: maximum_retry_attempts.and_then(|attempts| u32::try_from(attempts).ok()),
        maximum_record_age: maximum_record_age.map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
        bisect_batch_on_error,
        report_batch_item_failures: !response_types.is_empty(),
        parallelization_factor: u32::try_from(parallelization_factor).ok()?,
        filter_patterns,
        on_failure_queue_arn,
    })
}

fn filter_patterns(section: &Section<'_>) -> Vec<Value> {
    let Some(criteria) = section.section("FilterCriteria") else { return Vec::new() };
    let filters = criteria.sections("Filters");
    if filters.len() > MOST_FILTERS {
        criteria.problem("Filters", format!("Lambda takes {MOST_FILTERS} filters, and there are {}", filters.len()));
    }
    let mut patterns = Vec::new();
    for filter in filters {
        if let Some(text) = filter.required_text("Pattern") {
            match serde_json::from_str::<Value>(&text) {
                Ok(pattern) if pattern.is_object() => patterns.push(pattern),
                Ok(_) => filter.problem("Pattern", "a filter pattern is a JSON object"),
                Err(error) => filter.problem("Pattern", format!("a filter pattern is JSON in a text: {error}")),
            }
        }
        filter.finish(&[]);
    }
    criteria.finish(&[]);
    patterns
}
