//! Events of a function: `Type: DynamoDB`, an event source mapping from a table's stream.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html>

use std::time::Duration;

use super::{destinations, filter_criteria, manifest::StreamMapping, notes, resolver::Resolver, resources::TABLE, section::Section};

/// Reads the properties of one event. The ranges are those of `CreateEventSourceMapping`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
pub(super) fn read(logical_id: &str, function_arn: Option<&str>, section: Section<'_>, resolver: &Resolver<'_>) -> Option<StreamMapping> {
    let table = section.required_text("Stream").and_then(|arn| {
        let owner = resolver.owner(TABLE, "StreamArn", &arn);
        if owner.is_none() {
            section.problem("Stream", format!("{arn} is not the stream of a table of this template; use !GetAtt SomeTable.StreamArn"));
        }
        resolver.physical_name(owner?)
    });
    section.require("StartingPosition");
    section.choice("StartingPosition", &["TRIM_HORIZON"]);
    let batch_size = section.integer("BatchSize", 1..=10_000).unwrap_or(100);
    // -1 is Lambda's word for no limit.
    let maximum_retry_attempts = section.integer("MaximumRetryAttempts", -1..=10_000).filter(|attempts| *attempts >= 0);
    let maximum_record_age = section.integer("MaximumRecordAgeInSeconds", -1..=604_800).filter(|seconds| *seconds >= 0);
    if maximum_record_age.is_some_and(|seconds| seconds < 60) {
        section.problem("MaximumRecordAgeInSeconds", "Lambda takes -1, for no limit, or at least 60");
    }
    let bisect_batch_on_error = section.boolean("BisectBatchOnFunctionError").unwrap_or(false);
    let report_batch_item_failures = filter_criteria::reports_batch_item_failures(&section);
    let filter_patterns = filter_criteria::patterns(&section);
    let on_failure_queue_arn = destinations::on_failure(&section, resolver);
    section.finish(notes::STREAM_EVENT);

    Some(StreamMapping {
        logical_id: logical_id.to_owned(),
        function_arn: function_arn?.to_owned(),
        table: table?,
        batch_size: u32::try_from(batch_size).ok()?,
        maximum_retry_attempts: maximum_retry_attempts.and_then(|attempts| u32::try_from(attempts).ok()),
        maximum_record_age: maximum_record_age.map(|seconds| Duration::from_secs(seconds.unsigned_abs())),
        bisect_batch_on_error,
        report_batch_item_failures,
        filter_patterns,
        on_failure_queue_arn,
    })
}
