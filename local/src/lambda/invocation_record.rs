//! The message about an event that was given up (Lambda developer guide, "Capturing records of Lambda asynchronous invocations").

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{InvokeError, retries::Condition, target::LATEST};
use crate::clock;

/// What the message tells.
pub(super) struct GivenUp<'a> {
    pub(super) request_id: &'a str,
    /// Without a qualifier.
    pub(super) function_arn: &'a str,
    pub(super) condition: Condition,
    pub(super) invocations: u32,
    pub(super) request: &'a Bytes,
    /// Why the last invocation failed; none if there was none.
    pub(super) error: Option<&'a InvokeError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Payload<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: &'static str,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: &'static str,
    function_error: &'static str,
}

/// JSON as it came. What is not JSON, as a runtime's report of an error may be, becomes a text.
struct Payload<'a>(&'a Bytes);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_slice::<&RawValue>(self.0) {
            Ok(json) => json.serialize(serializer),
            Err(_) => String::from_utf8_lossy(self.0).serialize(serializer),
        }
    }
}

/// The message's body. `now` is epoch milliseconds.
///
/// That an event which became too old before it was ever invoked has neither `responseContext` nor `responsePayload` is from memory.
pub(super) fn body(given_up: &GivenUp<'_>, now: u64) -> Result<String, serde_json::Error> {
    let condition = match given_up.condition {
        Condition::RetriesExhausted => "RetriesExhausted",
        Condition::EventAgeExceeded => "EventAgeExceeded",
    };
    serde_json::to_string(&Record {
        version: "1.0",
        timestamp: clock::iso8601_with_milliseconds(now),
        request_context: RequestContext {
            request_id: given_up.request_id,
            function_arn: format!("{}:{LATEST}", given_up.function_arn),
            condition,
            approximate_invoke_count: given_up.invocations,
        },
        request_payload: Payload(given_up.request),
        response_context: given_up.error.map(|_| ResponseContext {
            status_code: 200,
            executed_version: LATEST,
            function_error: "Unhandled",
        }),
        response_payload: given_up.error.and_then(InvokeError::payload).map(Payload),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::failure;

    #[test]
    fn the_record_of_a_failure_is_aws_own() {
        let error = failure::reported(&Bytes::from_static(br#"{"errorMessage":"no such row","errorType":"Rows","stackTrace":[1]}"#), None);
        let given_up = GivenUp {
            request_id: "e4b46cbf-b738-4aaa-8880-a18cdf61200e",
            function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:test",
            condition: Condition::RetriesExhausted,
            invocations: 3,
            request: &Bytes::from_static(br#"{"b":1,"a":1.0}"#),
            error: Some(&error),
        };
        assert_eq!(
            body(&given_up, 1_573_755_365_568).unwrap(),
            concat!(
                r#"{"version":"1.0","timestamp":"2019-11-14T18:16:05.568Z","requestContext":{"#,
                r#""requestId":"e4b46cbf-b738-4aaa-8880-a18cdf61200e","#,
                r#""functionArn":"arn:aws:lambda:eu-central-1:123456789012:function:test:$LATEST","#,
                r#""condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"b":1,"a":1.0},"#,
                r#""responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"#,
                r#""responsePayload":{"errorMessage":"no such row","errorType":"Rows","stackTrace":[1]}}"#,
            )
        );
        let silent = failure::reported(&Bytes::from_static(b"not JSON"), Some("Rows"));
        let body_of = |error| body(&GivenUp { error, ..given_up }, 0).unwrap();
        assert!(body_of(Some(&silent)).ends_with(r#","responsePayload":"not JSON"}"#));
        assert!(body_of(None).ends_with(r#""requestPayload":{"b":1,"a":1.0}}"#));
    }
}
