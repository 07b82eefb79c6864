//! Mappings at work: a real table, a real function process, a real queue.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{
    account::{function_arn, queue_arn},
    dynamodb::{AttributeType, DynamoDb, DynamoDbOptions, KeyAttribute, StartingPosition, StreamViewType, TableConfig},
    lambda::{FunctionConfig, Lambda, test_function},
    sqs::{QueueConfig, Sqs},
    streams::{Mapping, MappingConfig, tests::scripted},
};

/// Everything a mapping connects. The function logs its events to a file.
struct Stack {
    db: DynamoDb,
    lambda: Lambda,
    sqs: Sqs,
    log: PathBuf,
    _directory: tempfile::TempDir,
}

/// A stack whose function always gives `answer`, or, without one, its payload.
async fn start(answer: Option<&str>, init: Option<&str>) -> Stack {
    start_with(|log| {
        let mut function = test_function::config("deliver");
        function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.to_str().unwrap().to_owned());
        for (name, value) in [("TEST_FUNCTION_ANSWER", answer), ("TEST_FUNCTION_INIT", init)] {
            function.environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        }
        function
    })
    .await
}

/// A stack with the function that logs to the file it is given.
async fn start_with(function: impl FnOnce(&Path) -> FunctionConfig) -> Stack {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    std::fs::write(&log, "").unwrap();
    let lambda = Lambda::start(vec![function(&log)], test_function::quiet()).await.unwrap();
    let db = DynamoDb::start(DynamoDbOptions::default()).await.unwrap();
    db.create_table(&table("messages")).await.unwrap();
    Stack { db, lambda, sqs: sqs(), log, _directory: directory }
}

/// A table of messages, by recipient.
pub(super) fn table(name: &str) -> TableConfig {
    TableConfig {
        name: name.to_owned(),
        hash_key: string_key("recipientId"),
        range_key: Some(string_key("messageId")),
        stream: Some(StreamViewType::NewImage),
        ttl_attribute: None,
    }
}

/// A queue for dead letters.
pub(super) fn sqs() -> Sqs {
    let queue = QueueConfig { name: "dead-letters".to_owned(), retention: Duration::from_secs(1_209_600), ..QueueConfig::default() };
    Sqs::new(vec![queue], "http://127.0.0.1:7000")
}

fn string_key(name: &str) -> KeyAttribute {
    KeyAttribute { name: name.to_owned(), kind: AttributeType::String }
}

impl Stack {
    /// A mapping from `messages`, with short waits.
    fn map(&self, change: impl FnOnce(&mut MappingConfig)) -> Mapping {
        let mut config = MappingConfig {
            name: "deliver".to_owned(),
            function_arn: function_arn("deliver"),
            table: "messages".to_owned(),
            report_batch_item_failures: true,
            bisect: true,
            maximum_retry_attempts: Some(1),
            on_failure_queue: Some(queue_arn("dead-letters")),
            first_backoff: Duration::from_millis(5),
            ..MappingConfig::default()
        };
        change(&mut config);
        let reader = self.db.stream(&config.table, &config.name, StartingPosition::TrimHorizon).unwrap();
        Mapping::start(config, reader, self.lambda.clone(), self.sqs.clone()).unwrap()
    }

    /// Writes messages.
    async fn write(&self, messages: &[(String, String)]) {
        let item = |(recipient, message): &(String, String)| json!({"recipientId": {"S": recipient}, "messageId": {"S": message}});
        write(&self.db, "messages", &messages.iter().map(item).collect::<Vec<_>>()).await;
    }

    /// The batches the function has seen.
    fn batches(&self) -> Vec<Vec<Value>> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        let batch = |line: &str| serde_json::from_str::<Value>(line).unwrap()["Records"].as_array().unwrap().clone();
        text.lines().map(batch).collect()
    }

    /// The keys the function has seen, in order.
    fn seen(&self) -> Vec<(String, String)> {
        let text = |record: &Value, name: &str| record["dynamodb"]["Keys"][name]["S"].as_str().unwrap().to_owned();
        self.batches().into_iter().flatten().map(|record| (text(&record, "recipientId"), text(&record, "messageId"))).collect()
    }

    async fn dead_letters(&self) -> Vec<Value> {
        dead_letters(&self.sqs).await
    }

    async fn stop(self, mapping: Mapping) {
        tokio::time::timeout(Duration::from_secs(5), mapping.shutdown()).await.expect("the mapping stops");
        self.lambda.shutdown().await;
        self.db.shutdown().await;
    }
}

/// Writes items, in one BatchWriteItem for each 25.
pub(super) async fn write(db: &DynamoDb, table: &str, items: &[Value]) {
    let client = reqwest::Client::new();
    for chunk in items.chunks(25) {
        let requests: Vec<_> = chunk.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        let request = client.post(db.endpoint()).header("x-amz-target", "DynamoDB_20120810.BatchWriteItem");
        let authorization =
            "AWS4-HMAC-SHA256 Credential=test/20261121/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00";
        let request = request.header("authorization", authorization).header("x-amz-date", "20261121T000000Z");
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let response = request.body(json!({"RequestItems": {table: requests}}).to_string()).send().await.unwrap();
        assert!(response.status().is_success());
    }
}

/// Takes what the queue of [`sqs`] holds.
pub(super) async fn dead_letters(sqs: &Sqs) -> Vec<Value> {
    let mut letters = Vec::new();
    loop {
        let request = json!({"QueueUrl": sqs.url("dead-letters"), "MaxNumberOfMessages": 10}).to_string();
        let body = sqs.handle("ReceiveMessage", request.as_bytes()).await.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let Some(messages) = answer["Messages"].as_array() else { return letters };
        letters.extend(messages.iter().map(|message| serde_json::from_str::<Value>(message["Body"].as_str().unwrap()).unwrap()));
    }
}

/// Waits for `condition`, at most twenty seconds.
pub(super) async fn until(mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn messages(recipients: usize, each: usize) -> Vec<(String, String)> {
    (0..recipients * each).map(|number| (format!("player{}", number % recipients), format!("{number:05}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_reach_the_function_in_order_in_batches() {
    let stack = start(Some("{}"), None).await;
    let messages = messages(3, 100);
    stack.write(&messages).await;
    let mapping = stack.map(|config| config.batch_size = 40);
    until(|| mapping.position() == 300).await;
    assert_eq!(stack.seen(), messages);
    assert!(stack.batches().iter().all(|batch| batch.len() <= 40));
    assert!(stack.dead_letters().await.is_empty());
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_records_that_match_a_pattern_reach_the_function() {
    let stack = start(Some("{}"), None).await;
    let patterns = vec![json!({"dynamodb": {"Keys": {"recipientId": {"S": ["player1"]}}}}), json!({"eventName": ["REMOVE"]})];
    let mapping = stack.map(|config| config.filter_patterns = patterns);
    let messages = messages(3, 10);
    stack.write(&messages).await;
    until(|| mapping.position() == 30).await;
    assert_eq!(stack.seen(), messages.into_iter().filter(|(recipient, _)| recipient == "player1").collect::<Vec<_>>());
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_does_not_wait_for_what_the_function_does_not_want() {
    let stack = start(Some("{}"), None).await;
    // As many as one read finds, of which one is wanted, and one more that is no record, since it changes nothing.
    let wanted = ("player0".to_owned(), "0".to_owned());
    let mut messages = vec![wanted.clone()];
    messages.extend((1..1_000).map(|number| ("player1".to_owned(), number.to_string())));
    stack.write(&messages).await;
    stack.write(&messages[999..]).await;
    let mapping = stack.map(|config| {
        config.batch_size = 10;
        config.filter_patterns = vec![json!({"dynamodb": {"Keys": {"recipientId": {"S": ["player0"]}}}})];
    });
    until(|| !stack.batches().is_empty()).await;
    assert_eq!(stack.seen(), [wanted]);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_window_gathers_what_comes_within_it() {
    let stack = start(Some("{}"), None).await;
    let mapping = stack.map(|config| {
        config.batching_window = Duration::from_secs(300);
        config.batch_size = 30;
    });
    for message in messages(1, 30) {
        stack.write(&[message]).await;
    }
    until(|| mapping.position() == 30).await;
    assert_eq!(stack.batches().len(), 1);
    stack.stop(mapping).await;
}

/// The item's key and its value, for each record that the function has seen, in order.
fn values(batches: &[Vec<Value>]) -> Vec<(String, String)> {
    let image = |record: &Value| record["dynamodb"]["NewImage"].clone();
    let text = |image: &Value, name: &str| image[name]["S"].as_str().unwrap().to_owned();
    batches.iter().flatten().map(image).map(|image| (text(&image, "recipientId"), text(&image, "value"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_keep_the_order_of_each_item() {
    let stack = start(Some("{}"), None).await;
    let written = messages(8, 40);
    for round in written.chunks(8) {
        let item =
            |(player, value): &(String, String)| json!({"recipientId": {"S": player}, "messageId": {"S": "m"}, "value": {"S": value}});
        write(&stack.db, "messages", &round.iter().map(item).collect::<Vec<_>>()).await;
    }
    let mapping = stack.map(|config| {
        config.parallelization_factor = 4;
        config.batch_size = 7;
    });
    until(|| mapping.position() == 320).await;
    let seen = values(&stack.batches());
    for player in (0..8).map(|number| format!("player{number}")) {
        let of = |messages: &[(String, String)]| messages.iter().filter(|(recipient, _)| *recipient == player).cloned().collect::<Vec<_>>();
        assert_eq!(of(&seen), of(&written));
    }
    assert!(stack.lambda.stats()["deliver"].environments_started > 1, "lanes run at once");
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_stuck_holds_up_no_other() {
    // The batch with the bad item fails and waits; many times what fits into a batch follows.
    let stack = start_with(scripted::config).await;
    let bad = json!({"recipientId": {"S": "bad"}, "messageId": {"S": "0"}, "script": {"S": "e"}});
    write(&stack.db, "messages", &[bad]).await;
    let mapping = stack.map(|config| {
        config.parallelization_factor = 2;
        config.batch_size = 1;
        config.bisect = false;
        config.maximum_retry_attempts = None;
        config.first_backoff = Duration::from_secs(300);
        config.longest_backoff = Duration::from_secs(300);
    });
    until(|| stack.batches().len() == 1).await;
    stack.write(&messages(10, 20)).await;
    // About half of the items are the other lane's.
    until(|| stack.batches().len() > 50).await;
    assert_eq!(mapping.position(), 0, "the stuck record stays unfinished");
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_failing_becomes_dead_letters_and_the_stream_goes_on() {
    // The answer names a record that is not of the batch: the whole batch failed.
    let stack = start(Some(r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#), None).await;
    stack.write(&messages(1, 4)).await;
    let mapping = stack.map(|_| ());
    until(|| mapping.position() == 4).await;
    let letters = stack.dead_letters().await;
    let sizes: Vec<_> = stack.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
    assert_eq!(letters.len(), 4);
    let records = &stack.batches()[0];
    let last = letters.iter().map(|letter| letter["requestContext"]["requestId"].as_str().unwrap().len());
    assert!(last.into_iter().all(|length| length == 36));
    for (letter, record) in letters.iter().zip(records) {
        let info = &letter["DDBStreamBatchInfo"];
        assert_eq!(info["startSequenceNumber"], record["dynamodb"]["SequenceNumber"]);
        assert_eq!(info["endSequenceNumber"], info["startSequenceNumber"]);
        assert_eq!((&info["batchSize"], &info["shardId"]), (&json!(1), &json!("shardId-00000001-messages")));
        assert_eq!(info["streamArn"], record["eventSourceARN"]);
        assert_eq!(info["approximateArrivalOfFirstRecord"].as_str().unwrap().len(), "2019-11-14T00:13:19Z".len());
        assert_eq!(letter["timestamp"].as_str().unwrap().len(), "2019-11-14T00:13:49.717Z".len());
        assert_eq!(letter["version"], "1.0");
        assert_eq!(letter["requestContext"]["condition"], "RetryAttemptsExhausted");
        assert_eq!(letter["requestContext"]["approximateInvokeCount"], 2);
        assert_eq!(letter["requestContext"]["functionArn"], function_arn("deliver"));
        assert_eq!(letter["responseContext"], json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": null}));
    }
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_crashes_costs_retries_and_then_the_batch() {
    let stack = start(None, Some("crash")).await;
    stack.write(&messages(1, 3)).await;
    let mapping = stack.map(|config| {
        config.bisect = false;
        config.maximum_retry_attempts = Some(0);
    });
    until(|| mapping.position() == 3).await;
    let letters = stack.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["DDBStreamBatchInfo"]["batchSize"], 3);
    assert_eq!(letters[0]["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(letters[0]["responseContext"]["functionError"], "Unhandled");
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_stops_in_the_middle_of_a_retry_and_its_records_stay() {
    let stack = start(Some(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#), None).await;
    stack.write(&messages(1, 1)).await;
    let mapping = stack.map(|config| {
        config.maximum_retry_attempts = None;
        config.first_backoff = Duration::from_secs(300);
        config.longest_backoff = Duration::from_secs(300);
    });
    until(|| stack.batches().len() == 1).await;
    assert_eq!(mapping.position(), 0);
    stack.stop(mapping).await;
}

#[tokio::test]
async fn a_configuration_beyond_the_limits_is_refused_by_property() {
    type Change = fn(&mut MappingConfig);
    let cases: [(&str, Change); 5] = [
        ("BatchSize", |config| config.batch_size = 10_001),
        ("MaximumBatchingWindowInSeconds", |config| config.batching_window = Duration::from_secs(301)),
        ("MaximumRetryAttempts", |config| config.maximum_retry_attempts = Some(10_001)),
        ("MaximumRecordAgeInSeconds", |config| config.maximum_record_age = Some(Duration::from_secs(59))),
        ("ParallelizationFactor", |config| config.parallelization_factor = 11),
    ];
    for (property, change) in cases {
        let mut config = MappingConfig { name: "deliver".to_owned(), ..MappingConfig::default() };
        assert!(config.check().is_ok());
        change(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(property) && error.contains("deliver"), "{error}");
    }
}
