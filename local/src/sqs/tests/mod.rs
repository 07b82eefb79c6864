//! The rules on their own, the room as its callers see it, and as the AWS SDK does.

mod dead_letters;
mod kept;
mod laws;
mod messages;
mod refusals;
mod sdk;
mod waiting;

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::Sqs;
use crate::{
    account::queue_arn,
    clock::Clock,
    keep::Keep,
    template::{Queue, Redrive},
};

/// When the clock of these tests begins.
const START: u64 = 1_700_000_000_000;
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// A queue with AWS's defaults, for the tests of all rooms.
pub(crate) fn queue(name: &str) -> Queue {
    let (visibility_timeout, retention) = (HALF_A_MINUTE, Duration::from_secs(4 * 86_400));
    Queue { name: name.to_owned(), arn: queue_arn(name), visibility_timeout, retention, redrive: None }
}

impl Sqs {
    /// Queues that keep nothing, with the time that `clock` tells.
    pub(crate) fn with_clock(queues: Vec<Queue>, base_url: &str, clock: Clock) -> Sqs {
        Sqs::open(queues, base_url, Keep::default(), clock)
    }
}

/// A queue whose messages go to `dead-letters` after so many receipts.
fn feeding_dead_letters(name: &str, maximum_receive_count: u32) -> Queue {
    let redrive = Redrive { dead_letter_queue_arn: queue_arn("dead-letters"), maximum_receive_count };
    Queue { redrive: Some(redrive), ..queue(name) }
}

/// These queues, and a clock that stands at [`START`].
fn start_with(queues: Vec<Queue>) -> (Sqs, Clock) {
    let clock = Clock::standing_at(START);
    (Sqs::with_clock(queues, "http://127.0.0.1:7000/", clock.clone()), clock)
}

/// The queue `work`.
fn start() -> (Sqs, Clock) {
    start_with(vec![queue("work")])
}

/// The answer to `action` over HTTP, on `work` unless the request says otherwise: status, query error and body.
async fn ask(sqs: &Sqs, action: &str, mut request: Value) -> (u16, Option<String>, Value) {
    if request.get("QueueUrl").is_none() && request.get("SourceArn").is_none() && !["ListQueues", "GetQueueUrl"].contains(&action) {
        request["QueueUrl"] = sqs.url("work").into();
    }
    let response = sqs.handle(action, request.to_string().as_bytes()).await;
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    let query_error = response.headers().get("x-amzn-query-error").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, query_error, serde_json::from_slice(&body).unwrap())
}

async fn ok(sqs: &Sqs, action: &str, request: Value) -> Value {
    let (status, _, body) = ask(sqs, action, request).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The error of a refused request: its name in the query protocol, and its message.
async fn refused(sqs: &Sqs, action: &str, request: Value) -> (String, String) {
    let (status, query_error, body) = ask(sqs, action, request).await;
    assert!(status >= 400, "{action} is not refused: {body}");
    (query_error.unwrap().replace(";Sender", ""), body["message"].as_str().unwrap().to_owned())
}

async fn send(sqs: &Sqs, queue: &str, body: &str) -> Value {
    ok(sqs, "SendMessage", json!({"QueueUrl": sqs.url(queue), "MessageBody": body})).await
}

/// Up to ten messages with all they have.
async fn receive(sqs: &Sqs, queue: &str) -> Vec<Value> {
    let request = json!({"QueueUrl": sqs.url(queue), "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
    ok(sqs, "ReceiveMessage", request).await["Messages"].as_array().cloned().unwrap_or_default()
}

/// Expects that a dead letter is the message that was sent to `work` at [`START`], received at once and now for the `count`th time.
fn assert_is_letter(letter: &Value, sent: &Value, body: &str, count: u32) {
    assert_eq!((&letter["MessageId"], &letter["Body"]), (&sent["MessageId"], &json!(body)));
    let attributes = json!({
        "ApproximateReceiveCount": count.to_string(), "ApproximateFirstReceiveTimestamp": START.to_string(),
        "SentTimestamp": START.to_string(), "SenderId": crate::account::ACCOUNT, "DeadLetterQueueSourceArn": queue_arn("work"),
    });
    assert_eq!(letter["Attributes"], attributes);
}

/// How many messages of the queue are visible, in flight and delayed.
fn counts(sqs: &Sqs, queue: &str) -> [usize; 3] {
    let counts = sqs.store().queue(queue).unwrap().counts(sqs.clock().now());
    [counts.visible, counts.in_flight, counts.delayed]
}
