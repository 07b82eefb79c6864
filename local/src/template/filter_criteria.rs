//! The filters of event source mappings, and what mappings from streams and from queues have in common.

use serde_json::Value;

use super::section::Section;
use crate::account::MOST_FILTERS;

/// The patterns of `FilterCriteria`.
pub(super) fn patterns(section: &Section<'_>) -> Vec<Value> {
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

/// Whether `FunctionResponseTypes` says that the function answers with the items that failed.
pub(super) fn reports_batch_item_failures(section: &Section<'_>) -> bool {
    let kinds = section.texts("FunctionResponseTypes");
    if let Some(other) = kinds.iter().find(|kind| *kind != "ReportBatchItemFailures") {
        section
            .problem("FunctionResponseTypes", format!("`{other}` is not understood by the local stack; it knows ReportBatchItemFailures"));
    }
    !kinds.is_empty()
}
