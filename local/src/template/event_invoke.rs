//! `EventInvokeConfig` of a function.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventinvokeconfiguration.html>

use std::time::Duration;

use super::{destinations, manifest::EventInvoke, resolver::Resolver, section::Section};

/// Six hours.
const LONGEST_EVENT_AGE_SECONDS: i64 = 21_600;

/// Reads what a function says of its asynchronous invocations. The ranges and defaults are those of `PutFunctionEventInvokeConfig`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
pub(super) fn read(function: &Section<'_>, resolver: &Resolver<'_>) -> EventInvoke {
    let section = function.section("EventInvokeConfig");
    let integer = |key, range, default: i64| section.as_ref().and_then(|section| section.integer(key, range)).unwrap_or(default);
    let retries = integer("MaximumRetryAttempts", 0..=2, 2);
    let age_seconds = integer("MaximumEventAgeInSeconds", 60..=LONGEST_EVENT_AGE_SECONDS, LONGEST_EVENT_AGE_SECONDS);
    let on_failure_queue_arn = section.as_ref().and_then(|section| destinations::on_failure(section, resolver));
    if let Some(section) = section {
        section.finish(&[]);
    }
    EventInvoke {
        maximum_retry_attempts: u32::try_from(retries).unwrap_or_default(),
        maximum_event_age: Duration::from_secs(age_seconds.unsigned_abs()),
        on_failure_queue_arn,
    }
}
