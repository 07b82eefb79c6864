//! Asynchronous invocation with real processes, and with waits of milliseconds in the place of AWS's minutes.

use std::collections::BTreeMap;

use super::*;
use crate::{
    account::{function_arn, queue_arn},
    keep::Keep,
    sqs::{Sqs, tests::queue},
};

/// One function whose failed events are told to the queue `dead`.
struct Failing {
    lambda: Lambda,
    sqs: Sqs,
    log: tempfile::NamedTempFile,
}

impl Failing {
    async fn start(change: impl FnOnce(&mut Function, &mut LambdaOptions)) -> Failing {
        let sqs = Sqs::new(vec![queue("dead")], "http://127.0.0.1:1", Keep::default());
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut function = config("test");
        function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
        function.event_invoke.on_failure_queue_arn = Some(queue_arn("dead"));
        let mut options = LambdaOptions { async_retry: Duration::from_millis(60), sqs: Some(sqs.clone()), ..quiet() };
        change(&mut function, &mut options);
        Failing { lambda: start_with(function, options).await, sqs, log }
    }

    async fn handled(&self) {
        until("every event is at its end", || stats(&self.lambda).events == 0).await;
    }

    /// How often the function has run.
    fn runs(&self) -> usize {
        std::fs::read_to_string(self.log.path()).unwrap().lines().count()
    }

    /// The records in the queue for failures.
    async fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let request = json!({"QueueUrl": self.sqs.url("dead"), "MaxNumberOfMessages": 10});
            let response = self.sqs.handle("ReceiveMessage", request.to_string().as_bytes()).await;
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let answer: Value = serde_json::from_slice(&body).unwrap();
            let Some(messages) = answer["Messages"].as_array() else { return records };
            records.extend(messages.iter().map(|message| serde_json::from_str::<Value>(message["Body"].as_str().unwrap()).unwrap()));
        }
    }
}

#[tokio::test]
async fn an_event_that_keeps_failing_is_tried_three_times_under_one_id_and_its_record_goes_to_the_queue() {
    let failing = Failing::start(|_, _| ()).await;
    let start = Instant::now();
    let id = failing.lambda.invoke_async("test", r#"{"error":"no such row"}"#.into()).unwrap();
    failing.handled().await;
    assert!(start.elapsed() >= Duration::from_millis(180), "{:?}", start.elapsed());
    assert_eq!(failing.runs(), 3);
    let [record] = &failing.records().await[..] else { panic!("there should be one record") };
    let expected = json!({"requestId": id, "functionArn": function_arn("test:$LATEST"),
        "condition": "RetriesExhausted", "approximateInvokeCount": 3});
    assert_eq!(record["requestContext"], expected);
    assert_eq!(record["requestPayload"], json!({"error": "no such row"}));
    assert_eq!(record["responseContext"], json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}));
    assert_eq!(record["responsePayload"]["errorMessage"], "no such row");
    failing.lambda.shutdown().await;
}

#[tokio::test]
async fn every_attempt_of_an_event_has_the_same_id() {
    let ids = tempfile::NamedTempFile::new().unwrap();
    let failing = Failing::start(|function, _| {
        function.environment.insert("TEST_FUNCTION_IDS".to_owned(), ids.path().to_str().unwrap().to_owned());
    })
    .await;
    let id = failing.lambda.invoke_async("test", r#"{"exit":1}"#.into()).unwrap();
    failing.handled().await;
    assert_eq!(std::fs::read_to_string(ids.path()).unwrap(), format!("{id}\n").repeat(3));
    assert!(failing.records().await[0]["responsePayload"]["errorMessage"].as_str().unwrap().contains(&id));
    failing.lambda.shutdown().await;
}

#[tokio::test]
async fn an_event_is_tried_as_often_as_its_function_says_and_not_after_it_succeeded() {
    let failing = Failing::start(|function, _| function.event_invoke.maximum_retry_attempts = 0).await;
    failing.lambda.invoke_async("test", r#"{"panic":true}"#.into()).unwrap();
    failing.lambda.invoke_async("test", "1".into()).unwrap();
    failing.handled().await;
    assert_eq!(failing.runs(), 2);
    let records = failing.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["requestContext"]["approximateInvokeCount"], 1);
    failing.lambda.shutdown().await;
}

#[tokio::test]
async fn a_throttled_event_is_tried_until_there_is_room_and_keeps_its_retries() {
    let failing = Failing::start(|function, _| function.reserved_concurrency = Some(1)).await;
    let running = begin(&failing.lambda, json!({"sleepMilliseconds": 3000}));
    until("the only environment serves", || failing.lambda.serving() == 1).await;
    failing.lambda.invoke_async("test", r#"{"error":"late"}"#.into()).unwrap();
    until("the event is throttled more often than it could be retried", || stats(&failing.lambda).throttles > 3).await;
    running.await.unwrap().unwrap();
    failing.handled().await;
    assert_eq!(failing.runs(), 1 + 3);
    assert_eq!(failing.records().await[0]["requestContext"]["approximateInvokeCount"], 3);
    failing.lambda.shutdown().await;
}

#[tokio::test]
async fn an_event_that_finds_no_room_in_time_is_given_up_by_its_age() {
    let failing = Failing::start(|function, _| {
        function.reserved_concurrency = Some(1);
        function.event_invoke.maximum_event_age = Duration::from_millis(300);
    })
    .await;
    let running = begin(&failing.lambda, json!({"sleepMilliseconds": 4000}));
    until("the only environment serves", || failing.lambda.serving() == 1).await;
    let id = failing.lambda.invoke_async("test", r#"{"late":1}"#.into()).unwrap();
    failing.handled().await;
    running.abort();
    let [record] = &failing.records().await[..] else { panic!("there should be one record") };
    let expected: BTreeMap<&str, Value> = BTreeMap::from([
        ("requestId", json!(id)),
        ("functionArn", json!(function_arn("test:$LATEST"))),
        ("condition", json!("EventAgeExceeded")),
        ("approximateInvokeCount", json!(0)),
    ]);
    assert_eq!(record["requestContext"], json!(expected));
    assert_eq!((&record["requestPayload"], record.get("responsePayload")), (&json!({"late": 1}), None));
    failing.lambda.shutdown().await;
}

#[tokio::test]
async fn events_that_come_to_nothing_are_told_in_the_log() {
    let failing = Failing::start(|function, _| {
        function.event_invoke.maximum_retry_attempts = 0;
        function.event_invoke.on_failure_queue_arn = Some(queue_arn("gone"));
    })
    .await;
    let id = failing.lambda.invoke_async("test", r#"{"error":"x"}"#.into()).unwrap();
    failing.handled().await;
    // One whose function runs and one that waits to be tried again.
    for sleep in [60_000, 60_001] {
        failing.lambda.invoke_async("test", json!({"sleepMilliseconds": sleep}).to_string().into()).unwrap();
    }
    until("both run", || failing.lambda.serving() == 2).await;
    failing.lambda.shutdown().await;
    let seen: Vec<_> = failing.lambda.all_log_lines(0).into_iter().map(|line| line.text).collect();
    let gone = format!("[events] the event {id} was given up (RetriesExhausted), and {} was not told: ", queue_arn("gone"));
    assert!(seen.iter().any(|line| line.starts_with(&gone)), "{seen:?}");
    let lost = "[events] 2 event(s) were not at their end as the stack stopped, and are lost";
    assert!(seen.iter().any(|line| line == lost), "{seen:?}");
    let late = failing.lambda.invoke_async("test", "1".into()).unwrap_err();
    assert!(late.to_string().contains("Sandbox.Stopped"), "{late}");
    assert_eq!(failing.lambda.invoke_async("other", "1".into()), Err(InvokeError::NotFound(function_arn("other"))));
}

#[tokio::test]
async fn events_that_are_not_at_their_end_go_on_at_the_next_start_under_the_same_id() {
    let directory = tempfile::tempdir().unwrap();
    let keep = Keep::open(&directory.path().join("kept.sqlite")).unwrap();
    let ids = tempfile::NamedTempFile::new().unwrap();
    let failing = Failing::start(|_, options| {
        options.keep = keep.clone();
        options.async_retry = Duration::from_secs(60);
    })
    .await;
    let waiting = failing.lambda.invoke_async("test:live", r#"{"error":"x"}"#.into()).unwrap();
    let serving = failing.lambda.invoke_async("test", r#"{"sleepMilliseconds":1000}"#.into()).unwrap();
    failing.lambda.invoke_async("test", "1".into()).unwrap();
    until("one waits and one runs", || stats(&failing.lambda).events == 2 && stats(&failing.lambda).errors == 1).await;
    failing.lambda.shutdown().await;
    assert!(!failing.lambda.all_log_lines(0).iter().any(|line| line.text.contains("lost")));

    let again = Failing::start(|function, options| {
        options.keep = keep.clone();
        function.environment.insert("TEST_FUNCTION_IDS".to_owned(), ids.path().to_str().unwrap().to_owned());
    })
    .await;
    until("the one that ran has run again", || stats(&again.lambda).events == 1).await;
    assert_eq!(std::fs::read_to_string(ids.path()).unwrap(), format!("{serving}\n"), "the other is not due yet");
    again.lambda.shutdown().await;
    let left: Vec<_> = keep.all::<Value>("lambda");
    assert_eq!((left.len(), &left[0].0, &left[0].1["retries"]["failures"]), (1, &waiting, &json!(1)));
}
