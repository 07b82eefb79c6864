//! Asynchronous invocation: events that were accepted and are on their way to their functions, whatever it takes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    InvokeError, LATEST, failure,
    invocation::Request,
    log_text::Level,
    pool::Pool,
    retries::{Retries, Step},
    version,
};
use crate::{clock, lock::lock, weather::Mishap};

/// Where events are kept from one run to the next, by their ids.
pub(super) const ROOM: &str = "lambda";

/// An event as it is kept.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Event {
    /// The ARN that was invoked.
    pub(super) function: String,
    /// JSON.
    payload: String,
    retries: Retries,
    /// What the function answered last instead of an answer.
    error: Option<String>,
}

/// Accepts an event, which is delivered from now on; not while the stack stops.
pub(super) fn accept(pool: &Arc<Pool>, request: Request) -> Result<(), InvokeError> {
    if pool.host.stopping.is_cancelled() {
        return Err(failure::stopped(&request.id));
    }
    let payload = String::from_utf8_lossy(&request.payload).into_owned();
    let event = Event { function: request.arn, payload, retries: Retries::new(clock::now()), error: None };
    pool.host.options.keep.put(ROOM, &request.id, &event);
    deliver(pool, request.id, event);
    Ok(())
}

/// Delivers an event, or goes on with one that was kept, until the stack stops.
pub(super) fn deliver(pool: &Arc<Pool>, id: String, event: Event) {
    lock(&pool.state).stats.events += 1;
    let (pool, host) = (Arc::clone(pool), Arc::clone(&pool.host));
    let delivered = async move {
        if pool.host.options.weather.happens(Mishap::Twice) {
            bring_to_its_end(&pool, &id, event.clone()).await;
        }
        bring_to_its_end(&pool, &id, event).await;
        lock(&pool.state).stats.events -= 1;
    };
    host.events.spawn(host.stopping.clone().run_until_cancelled_owned(delivered));
}

/// Invokes the function with an event until it is handled or given up. Every attempt has the same request id, as on AWS.
async fn bring_to_its_end(pool: &Arc<Pool>, id: &str, mut event: Event) {
    let options = &pool.host.options;
    loop {
        match event.retries.next(&pool.function.event_invoke, clock::now()) {
            Step::Wait(time) => sleep(time).await,
            Step::Invoke => {
                let request = Request { id: id.to_owned(), arn: event.function.clone(), payload: event.payload.clone().into() };
                let Err(error) = pool.invoke(request).await else { break };
                event.retries.failed(error == InvokeError::Throttled, options.async_retry, clock::now());
                if let InvokeError::Function { payload, .. } = &error {
                    event.error = Some(String::from_utf8_lossy(payload).into_owned());
                }
                options.keep.put(ROOM, id, &event);
            }
            Step::GiveUp(condition) => {
                if let Err(why) = tell(pool, record(id, &event, condition, clock::now())) {
                    pool.logs.own(Level::Error, &format!("[events] the event {id} was given up ({condition}), and {why}"));
                }
                break;
            }
        }
    }
    options.keep.delete(ROOM, id);
}

/// Tells the queue for failures of an event that was given up, or says why it was not told.
fn tell(pool: &Pool, record: String) -> Result<(), String> {
    let (Some(queue), Some(sqs)) = (&pool.function.event_invoke.on_failure_queue_arn, &pool.host.options.sqs) else {
        return Err("there is no queue to tell".to_owned());
    };
    sqs.send(queue, record).map(drop).map_err(|error| format!("{queue} was not told: {error}"))
}

/// The message about an event that was given up (Lambda developer guide, "Capturing records of Lambda asynchronous invocations").
///
/// That an event which became too old before it was ever invoked has neither `responseContext` nor `responsePayload` is from memory.
fn record(id: &str, event: &Event, condition: &str, now: u64) -> String {
    // What is not JSON, as a runtime's report of an error may be, becomes a text.
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let qualifier = if event.function.split(':').count() > 7 { String::new() } else { format!(":{LATEST}") };
    let mut record = json!({
        "version": "1.0", "timestamp": clock::iso8601_with_milliseconds(now), "requestPayload": json(&event.payload),
        "requestContext": {
            "requestId": id, "functionArn": format!("{}{qualifier}", event.function), "condition": condition,
            "approximateInvokeCount": event.retries.failures,
        },
    });
    if let Some(error) = &event.error {
        record["responseContext"] = json!({"statusCode": 200, "executedVersion": version(&event.function), "functionError": "Unhandled"});
        record["responsePayload"] = json(error);
    }
    record.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::account::function_arn;

    #[test]
    fn the_record_of_a_failure_is_aws_own() {
        let error = r#"{"errorMessage":"no such row","errorType":"Rows","stackTrace":[1]}"#.to_owned();
        let mut retries = Retries::new(0);
        (0..3).for_each(|_| retries.failed(false, Duration::ZERO, 0));
        let event = Event { function: function_arn("test"), payload: r#"{"a":1.0}"#.to_owned(), retries, error: Some(error) };
        let record = |event: &Event, now| serde_json::from_str::<Value>(&record("id", event, "RetriesExhausted", now)).unwrap();
        let mut expected = json!({
            "version": "1.0", "timestamp": "2019-11-14T18:16:05.568Z",
            "requestContext": {"requestId": "id", "functionArn": function_arn("test:$LATEST"), "condition": "RetriesExhausted",
                "approximateInvokeCount": 3},
            "requestPayload": {"a": 1.0},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "no such row", "errorType": "Rows", "stackTrace": [1]},
        });
        assert_eq!(record(&event, 1_573_755_365_568), expected);
        let silent = Event { function: function_arn("test:live"), error: Some("not JSON".to_owned()), ..event.clone() };
        expected["responsePayload"] = json!("not JSON");
        expected["requestContext"]["functionArn"] = json!(function_arn("test:live"));
        expected["responseContext"]["executedVersion"] = json!("1");
        assert_eq!(record(&silent, 1_573_755_365_568), expected);
        let never = record(&Event { error: None, ..event }, 0);
        assert_eq!((never.get("responseContext"), never.get("responsePayload")), (None, None));
    }
}
