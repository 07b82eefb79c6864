//! The function that could not deal with something, asked again.

use aws_sdk_lambda::{Client, primitives::Blob};
use serde_json::{Value, json};

use crate::Fault;

/// The alias by which every function is invoked.
const LIVE: &str = "live";

/// What came of handing something over again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The work is done.
    Succeeded,
    /// It failed again, for this reason.
    Failed(String),
}

/// Invokes `function` with `event`, which is told that it is a replay, so that a failure is an answer and makes no second letter.
pub(super) async fn hand_over(client: &Client, function: &str, mut event: Value) -> Result<Done, Fault> {
    event["replay"] = json!(true);
    let payload = serde_json::to_vec(&event).map_err(|error| Fault::new("writing an event as JSON", error))?;
    let invoke = client.invoke().function_name(function).qualifier(LIVE).payload(Blob::new(payload));
    let answer = match invoke.send().await {
        Ok(answer) => answer,
        // A function that is gone will not come back by waiting, and a letter that names one is to say so.
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            return Ok(Done::Failed(format!("there is no function {function}")));
        }
        Err(error) => return Err(Fault::new(format!("invoking {function}"), error)),
    };
    let text = answer.payload.map(Blob::into_inner).unwrap_or_default();
    let body: Value = serde_json::from_slice(&text).unwrap_or_default();
    Ok(match answer.function_error {
        Some(kind) => Done::Failed(body["errorMessage"].as_str().unwrap_or(&kind).to_owned()),
        None => outcome(&body),
    })
}

/// What the harness of a consumer says.
fn outcome(answer: &Value) -> Done {
    let reasons: Vec<&str> = answer["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    match (failures, reasons.as_slice()) {
        (0, []) => Done::Succeeded,
        (_, []) => Done::Failed("the function reports it as failed".to_owned()),
        (_, reasons) => Done::Failed(reasons.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_failures_is_no_success() {
        assert_eq!(outcome(&json!({"batchItemFailures": []})), Done::Succeeded);
        assert_eq!(outcome(&json!({})), Done::Succeeded);
        assert_eq!(outcome(&json!({"batchItemFailures": [{"itemIdentifier": "7"}], "reasons": ["a: b"]})), Done::Failed("a: b".to_owned()));
        assert!(matches!(outcome(&json!({"batchItemFailures": [{"itemIdentifier": "7"}]})), Done::Failed(_)));
        assert_eq!(outcome(&json!({"reasons": ["x", "y"]})), Done::Failed("x; y".to_owned()));
    }
}
