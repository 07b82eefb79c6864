//! The rules on their own, and mappings at work between real tables, queues and function processes, on a clock that stands until it is
//! moved.

mod batch;
mod delivery;
mod delivery_laws;
mod filter;
mod queue;
mod scripted;
mod stream;
mod stream_laws;

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{MappingError, Mappings, Options};
use crate::{
    account::{function_arn, queue_arn},
    clock::{self, Clock},
    dynamodb::{DynamoDb, DynamoDbOptions},
    keep::Keep,
    lambda::{Lambda, LambdaOptions},
    sqs::{Sqs, tests::queue},
    template::{Queue, QueueMapping, Redrive, StreamMapping, Table},
    weather::{Odds, Weather},
};

/// Everything that mappings connect. The function `deliver` is the one of [`scripted`].
struct Stack {
    db: DynamoDb,
    lambda: Lambda,
    sqs: Sqs,
    clock: Clock,
    directory: tempfile::TempDir,
}

/// A mapping from the table `messages`: batches of 100, halved if they fail, one retry.
fn stream_mapping() -> StreamMapping {
    StreamMapping {
        logical_id: "Stream".to_owned(),
        function_arn: function_arn("deliver"),
        table: "messages".to_owned(),
        batch_size: 100,
        maximum_retry_attempts: Some(1),
        maximum_record_age: None,
        bisect_batch_on_error: true,
        report_batch_item_failures: true,
        filter_patterns: Vec::new(),
        on_failure_queue_arn: Some(queue_arn("dead-letters")),
    }
}

/// A mapping from the queue `work`: batches of 10.
fn queue_mapping() -> QueueMapping {
    QueueMapping {
        logical_id: "Queue".to_owned(),
        function_arn: function_arn("deliver"),
        queue: "work".to_owned(),
        batch_size: 10,
        report_batch_item_failures: true,
        maximum_concurrency: None,
    }
}

/// Runs the function of [`scripted`], beside tables whose streams have so many shards.
fn sharded(shards: u32) -> LambdaOptions {
    LambdaOptions { weather: Weather::new(Odds { shards, ..Odds::default() }), ..scripted::options() }
}

fn sqs(clock: Clock) -> Sqs {
    let redrive = Redrive { dead_letter_queue_arn: queue_arn("dead-letters"), maximum_receive_count: 2 };
    let work = Queue { visibility_timeout: Duration::from_secs(600), redrive: Some(redrive), ..queue("work") };
    Sqs::with_clock(vec![work, queue("dead-letters")], "http://127.0.0.1:7000", clock)
}

impl Stack {
    async fn start() -> Stack {
        let clock = Clock::standing_at(clock::now());
        Stack::again(tempfile::tempdir().unwrap(), sqs(clock), scripted::options()).await
    }

    /// A stack whose streams have so many shards.
    async fn with_shards(shards: u32) -> Stack {
        let clock = Clock::standing_at(clock::now());
        Stack::again(tempfile::tempdir().unwrap(), sqs(clock), sharded(shards)).await
    }

    /// A stack with the tables that are in `directory`.
    async fn again(directory: tempfile::TempDir, sqs: Sqs, options: LambdaOptions) -> Stack {
        let clock = sqs.clock().clone();
        let weather = options.weather.clone();
        let lambda = Lambda::start(&[scripted::config(directory.path())], options).await.unwrap();
        let (path, keep) = (Some(directory.path().join("data")), Keep::open(&directory.path().join("kept")).unwrap());
        let options = DynamoDbOptions { path, keep, clock: clock.clone(), weather, ..DynamoDbOptions::default() };
        let db = DynamoDb::start(options).unwrap();
        let (name, hash_key, range_key) = ("messages".to_owned(), "recipientId".to_owned(), Some("messageId".to_owned()));
        let table = Table { name, hash_key, range_key, stream: true, ttl_attribute: None };
        db.create_table(&table).unwrap();
        Stack { db, lambda, sqs, clock, directory }
    }

    fn options(&self) -> Options {
        Options { environments: 10, clock: self.clock.clone(), ..Options::default() }
    }

    fn map(&self, streams: &[StreamMapping], queues: &[QueueMapping], options: &Options) -> Result<Mappings, MappingError> {
        Mappings::start(streams, queues, &self.db, (&self.lambda, &self.sqs), options)
    }

    fn map_stream(&self, mapping: StreamMapping, options: &Options) -> Mappings {
        self.map(&[mapping], &[], options).unwrap()
    }

    fn map_queue(&self, mapping: QueueMapping, options: &Options) -> Mappings {
        self.map(&[], &[mapping], options).unwrap()
    }

    /// Lets the clock run, a hundred times as fast as it should, whenever somebody waits for it.
    fn let_the_clock_run(&self) {
        let clock = self.clock.clone();
        tokio::spawn(async move {
            loop {
                if clock.waiting() > 0 {
                    clock.advance(Duration::from_millis(100));
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }

    /// Writes messages with these recipients, numbers and scripts, one after another, each into the one item of its recipient.
    async fn write(&self, messages: impl IntoIterator<Item = (u8, usize, String)>) {
        for (recipient, number, script) in messages {
            let item = json!({
                "recipientId": {"S": format!("player{recipient}")}, "messageId": {"S": "m"}, "number": {"N": number.to_string()},
                "script": {"S": script},
            });
            self.call("DynamoDB_20120810.PutItem", &json!({"TableName": "messages", "Item": item})).await;
        }
    }

    async fn call(&self, target: &str, body: &Value) -> Value {
        let headers = HeaderMap::from_iter([("x-amz-target".parse().unwrap(), HeaderValue::from_str(target).unwrap())]);
        let answer = self.db.handle(headers, body.to_string().into()).await;
        assert!(answer.status().is_success());
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    /// The records of each shard of the table.
    async fn shards(&self) -> Vec<Vec<Value>> {
        let mut shards = Vec::new();
        for shard in self.db.stream("messages", "audit").unwrap() {
            let ask = json!({"StreamArn": shard.arn(), "ShardId": shard.shard_id(), "ShardIteratorType": "TRIM_HORIZON"});
            let iterator = self.call("DynamoDBStreams_20120810.GetShardIterator", &ask).await["ShardIterator"].take();
            let page = self.call("DynamoDBStreams_20120810.GetRecords", &json!({"ShardIterator": iterator})).await;
            shards.push(page["Records"].as_array().unwrap().clone());
        }
        shards
    }

    /// Writes messages to one recipient, with these scripts.
    async fn write_to_one(&self, scripts: &[&str]) {
        self.write(scripts.iter().enumerate().map(|(number, script)| (0, number, (*script).to_owned()))).await;
    }

    fn send(&self, bodies: &[&str]) {
        for body in bodies {
            self.sqs.send(&queue_arn("work"), (*body).to_owned()).unwrap();
        }
    }

    /// What the function has logged.
    fn invocations(&self) -> Vec<Value> {
        scripted::invocations(self.directory.path())
    }

    /// What each invocation had: the numbers of messages of the table, or the bodies of those of the queue.
    fn seen(&self) -> Vec<Vec<String>> {
        self.invocations().iter().map(|line| line["Records"].as_array().unwrap().iter().map(scripted::label).collect()).collect()
    }

    /// Whether no record is left to be handled.
    async fn until_finished(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.db.has_unfinished_records().await.unwrap() {
            assert!(Instant::now() < end, "it does not come to an end: {:?}", self.seen());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Takes what the dead-letter queue holds.
    async fn dead_letters(&self) -> Vec<Value> {
        let mut letters = Vec::new();
        loop {
            let request = json!({"QueueUrl": self.sqs.url("dead-letters"), "MaxNumberOfMessages": 10});
            let answer = self.sqs.request("ReceiveMessage", &request).await.unwrap();
            let Some(messages) = answer["Messages"].as_array().filter(|messages| !messages.is_empty()) else { return letters };
            letters.extend(messages.iter().map(|message| serde_json::from_str::<Value>(message["Body"].as_str().unwrap()).unwrap()));
        }
    }

    async fn stop(self, mappings: Mappings) -> tempfile::TempDir {
        tokio::time::timeout(Duration::from_secs(5), mappings.shutdown()).await.expect("the mappings stop");
        self.lambda.shutdown().await;
        self.directory
    }
}

/// Waits for `condition`, at most thirty seconds.
async fn until(mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "it does not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_mapping_that_cannot_be_started_says_which_and_why() {
    let stack = Stack::start().await;
    let streams = [
        StreamMapping { table: "absent".to_owned(), ..stream_mapping() },
        StreamMapping { filter_patterns: vec![json!({"eventName": ["INSERT"]})], ..stream_mapping() },
    ];
    for (mapping, reason) in streams.into_iter().zip(["absent", "filter pattern 1, at eventName"]) {
        let error = stack.map(&[mapping], &[], &stack.options()).err().unwrap().to_string();
        assert!(error.starts_with("mapping Stream: ") && error.contains(reason), "{error}");
    }
    let queue = QueueMapping { queue: "absent".to_owned(), ..queue_mapping() };
    let error = stack.map(&[], &[queue], &stack.options()).err().unwrap();
    assert_eq!(error.to_string(), "mapping Queue: there is no queue absent");
    stack.lambda.shutdown().await;
}
