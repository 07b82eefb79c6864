//! Mappings at work: a real queue, a real function process, and a clock that stands until it is moved.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    account::{function_arn, queue_arn},
    clock::Clock,
    lambda::{Lambda, LambdaOptions, test_function},
    queue_mappings::{QueueMapping, QueueMappingConfig},
    sqs::{MessageAttributes, QueueConfig, RedriveConfig, Sqs},
};

/// Everything a mapping connects. The function logs its events to a file, and holds what it is told to until there is another.
struct Stack {
    lambda: Lambda,
    sqs: Sqs,
    clock: Clock,
    log: PathBuf,
    release: PathBuf,
    _directory: tempfile::TempDir,
}

async fn start() -> Stack {
    start_with(None, test_function::quiet()).await
}

/// A stack whose function always gives `answer`, or, without one, does what the messages say.
async fn start_with(answer: Option<&str>, options: LambdaOptions) -> Stack {
    let directory = tempfile::tempdir().unwrap();
    let (log, release) = (directory.path().join("log"), directory.path().join("release"));
    std::fs::write(&log, "").unwrap();
    let mut function = test_function::config("due");
    // A message that is held may take long on a busy machine.
    function.timeout = Duration::from_secs(60);
    function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.to_str().unwrap().to_owned());
    function.environment.insert("TEST_FUNCTION_BATCH".to_owned(), release.to_str().unwrap().to_owned());
    function.environment.extend(answer.map(|answer| ("TEST_FUNCTION_ANSWER".to_owned(), answer.to_owned())));
    let lambda = Lambda::start(&[function], options).await.unwrap();
    let redrive = RedriveConfig { dead_letter_queue_arn: queue_arn("dead-letters"), maximum_receive_count: 2 };
    let work = QueueConfig {
        name: "work".to_owned(),
        visibility_timeout: Duration::from_secs(600),
        redrive: Some(redrive),
        ..QueueConfig::default()
    };
    let dead_letters = QueueConfig { name: "dead-letters".to_owned(), ..QueueConfig::default() };
    let clock = Clock::standing_at(1_700_000_000_000);
    let sqs = Sqs::with_clock(vec![work, dead_letters], "http://127.0.0.1:7000", clock.clone());
    Stack { lambda, sqs, clock, log, release, _directory: directory }
}

impl Stack {
    fn map(&self, change: impl FnOnce(&mut QueueMappingConfig)) -> QueueMapping {
        let mut config = QueueMappingConfig {
            name: "due".to_owned(),
            function_arn: function_arn("due"),
            queue: "work".to_owned(),
            report_batch_item_failures: true,
            ..QueueMappingConfig::default()
        };
        change(&mut config);
        QueueMapping::start(config, self.lambda.clone(), self.sqs.clone()).unwrap()
    }

    fn send(&self, bodies: &[&str]) {
        for body in bodies {
            self.sqs.send(&queue_arn("work"), (*body).to_owned(), MessageAttributes::new()).unwrap();
        }
    }

    fn release(&self) {
        std::fs::write(&self.release, "").unwrap();
    }

    /// The batches the function has seen.
    fn batches(&self) -> Vec<Vec<Value>> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        // The last line may not be whole yet.
        let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["Records"].as_array().unwrap().clone()).collect()
    }

    /// The bodies of each batch.
    fn bodies(&self) -> Vec<Vec<String>> {
        let body = |record: &Value| record["body"].as_str().unwrap().to_owned();
        self.batches().iter().map(|batch| batch.iter().map(body).collect()).collect()
    }

    /// How many messages of the queue are visible, in flight and delayed.
    async fn counts(&self, queue: &str) -> [u64; 3] {
        let request = json!({"QueueUrl": self.sqs.url(queue), "AttributeNames": ["All"]});
        let attributes = self.sqs.request("GetQueueAttributes", &request).await.unwrap();
        ["", "NotVisible", "Delayed"]
            .map(|kind| attributes["Attributes"][format!("ApproximateNumberOfMessages{kind}")].as_str().unwrap().parse().unwrap())
    }

    async fn until_counts(&self, queue: &str, expected: [u64; 3]) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let counts = self.counts(queue).await;
            if counts == expected {
                return;
            }
            assert!(Instant::now() < end, "{queue} has {counts:?} and not {expected:?}; batches: {:?}", self.bodies());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn until_batches(&self, number: usize) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.batches().len() < number {
            assert!(Instant::now() < end, "only {} batches come", self.batches().len());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn stop(self, mapping: QueueMapping) {
        tokio::time::timeout(Duration::from_secs(5), mapping.shutdown()).await.expect("the mapping stops");
        self.lambda.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_the_function_and_are_deleted() {
    let stack = start().await;
    let mapping = stack.map(|_| ());
    let attributes = json!({"A": {"DataType": "Binary", "BinaryValue": "AAEC"}});
    let request = json!({"QueueUrl": stack.sqs.url("work"), "MessageBody": "timer", "DelaySeconds": 60, "MessageAttributes": attributes});
    let sent = stack.sqs.request("SendMessage", &request).await.unwrap();
    stack.send(&["at once"]);
    stack.until_counts("work", [0, 0, 1]).await;
    stack.clock.advance(Duration::from_secs(60));
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.bodies(), [["at once"], ["timer"]]);
    let record = &stack.batches()[1][0];
    assert_eq!((&record["messageId"], &record["eventSourceARN"]), (&sent["MessageId"], &json!(queue_arn("work"))));
    assert_eq!(record["messageAttributes"]["A"]["binaryValue"], "AAEC");
    assert_eq!(record["md5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    assert_eq!(record["attributes"]["ApproximateFirstReceiveTimestamp"], "1700000060000");
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_comes_again_after_its_visibility_and_then_is_a_dead_letter() {
    let stack = start().await;
    stack.send(&["well", "fail", "well, too"]);
    let mapping = stack.map(|_| ());
    stack.until_counts("work", [0, 1, 0]).await;
    assert_eq!(stack.bodies(), [["well", "fail", "well, too"]]);
    stack.clock.advance(Duration::from_millis(599_999));
    assert_eq!(stack.counts("work").await, [0, 1, 0]);
    stack.clock.advance(Duration::from_millis(1));
    stack.until_batches(2).await;
    assert_eq!(stack.batches()[1][0]["attributes"]["ApproximateReceiveCount"], "2");
    stack.until_counts("work", [0, 1, 0]).await;
    stack.clock.advance(Duration::from_secs(600));
    stack.until_counts("dead-letters", [1, 0, 0]).await;
    assert_eq!(stack.counts("work").await, [0, 0, 0]);
    assert_eq!(stack.bodies().len(), 2);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_or_a_report_that_is_not_understood_fails_the_whole_batch() {
    for (answer, bodies) in [(None, ["well", "error"]), (Some(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#), ["well", "well"])] {
        let stack = start_with(answer, test_function::quiet()).await;
        stack.send(&bodies);
        let mapping = stack.map(|_| ());
        for times in 1..=2 {
            stack.until_batches(times).await;
            stack.until_counts("work", [0, 2, 0]).await;
            stack.clock.advance(Duration::from_secs(600));
        }
        stack.until_counts("dead-letters", [2, 0, 0]).await;
        assert_eq!(stack.bodies(), [bodies, bodies]);
        stack.stop(mapping).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_function_does_not_want_is_deleted() {
    let stack = start().await;
    stack.send(&[r#"{"type":"other"}"#, "text", r#"{"type":"due"}"#]);
    let mapping = stack.map(|config| config.filter_patterns = vec![json!({"body": {"type": ["due"]}})]);
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.bodies(), [[r#"{"type":"due"}"#]]);
    assert_eq!(stack.counts("dead-letters").await, [0, 0, 0]);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_gathers_a_batch_until_it_is_over_or_the_batch_is_full() {
    let stack = start().await;
    let mapping = stack.map(|config| {
        config.batch_size = 15;
        config.batching_window = Duration::from_secs(60);
    });
    stack.send(&["x"; 12]);
    stack.until_counts("work", [0, 12, 0]).await;
    stack.clock.advance(Duration::from_millis(59_999));
    stack.send(&["y"]);
    stack.until_counts("work", [0, 13, 0]).await;
    assert!(stack.batches().is_empty());
    stack.clock.advance(Duration::from_millis(1));
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.batches().iter().map(Vec::len).collect::<Vec<_>>(), [13]);
    stack.send(&["z"; 15]);
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.batches()[1].len(), 15, "a full batch does not wait");
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_has_at_most_six_megabytes() {
    let stack = start().await;
    let body = "x".repeat(1_000_000);
    stack.send(&[body.as_str(); 8]);
    let mapping = stack.map(|config| config.concurrency = 1);
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.batches().iter().map(Vec::len).collect::<Vec<_>>(), [6, 2]);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_fit_and_is_visible_again_is_received_again() {
    let stack = start().await;
    let long = "x".repeat(1_000_000);
    stack.send(&["hold"]);
    stack.send(&[long.as_str(); 7]);
    let mapping = stack.map(|config| config.concurrency = 1);
    stack.until_batches(1).await;
    stack.until_counts("work", [0, 8, 0]).await;
    stack.clock.advance(Duration::from_secs(600));
    stack.release();
    stack.until_counts("work", [0, 0, 0]).await;
    let received = |record: &Value| record["attributes"]["ApproximateReceiveCount"].as_str().unwrap().to_owned();
    let received: Vec<Vec<_>> = stack.batches().iter().map(|batch| batch.iter().map(received).collect()).collect();
    assert_eq!(received, [vec!["1"; 7], vec!["2"]]);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_batches_than_allowed_are_in_the_function_at_once() {
    let stack = start().await;
    stack.send(&["hold"; 5]);
    let mapping = stack.map(|config| {
        config.batch_size = 1;
        config.concurrency = 2;
    });
    stack.until_batches(2).await;
    assert_eq!(stack.counts("work").await, [3, 2, 0], "the others are left to whoever can take them");
    stack.release();
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.lambda.stats()["due"].environments, 2);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_batch_is_tried_again_while_its_messages_are_hidden() {
    let options = LambdaOptions { max_environments: 1, queue_wait: Duration::from_millis(20), ..test_function::quiet() };
    let stack = start_with(None, options).await;
    stack.send(&["hold"; 2]);
    let mapping = stack.map(|config| {
        config.batch_size = 1;
        config.concurrency = 2;
    });
    let throttles = || stack.lambda.stats()["due"].throttles;
    let end = Instant::now() + Duration::from_secs(20);
    while throttles() < 3 {
        // The first three waits are of 100, 200 and 400 milliseconds.
        stack.clock.advance(Duration::from_millis(100));
        assert!(Instant::now() < end, "{:?} {:?}", stack.lambda.stats(), stack.counts("work").await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stack.release();
    // The longest wait is of ten seconds.
    let mut advanced = 0;
    while stack.counts("work").await != [0, 0, 0] {
        stack.clock.advance(Duration::from_millis(200));
        advanced += 1;
        assert!(Instant::now() < end && advanced < 1_000, "{:?}", stack.counts("work").await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stack.batches().len(), 2);
    stack.stop(mapping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_stops_while_the_function_works_and_its_message_stays() {
    let stack = start().await;
    stack.send(&["hold"]);
    let mapping = stack.map(|_| ());
    stack.until_batches(1).await;
    tokio::time::timeout(Duration::from_secs(5), mapping.shutdown()).await.expect("the mapping stops");
    stack.release();
    assert_eq!(stack.counts("work").await, [0, 1, 0]);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_mapping_from_no_queue_is_refused() {
    let stack = start().await;
    let config = QueueMappingConfig { name: "due".to_owned(), queue: "absent".to_owned(), ..QueueMappingConfig::default() };
    let error = QueueMapping::start(config, stack.lambda.clone(), stack.sqs.clone()).err().unwrap();
    assert_eq!(error.to_string(), "mapping due: there is no queue absent");
    stack.lambda.shutdown().await;
}
