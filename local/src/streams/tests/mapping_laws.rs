//! Laws of whole mappings: real tables, function processes and queues, with failures at random.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use super::{
    mapping::{dead_letters, sqs, table, until, write},
    scripted,
};
use crate::{
    account::{function_arn, queue_arn},
    clock::{self, Clock},
    dynamodb::{DynamoDb, DynamoDbOptions, StartingPosition},
    lambda::Lambda,
    sqs::Sqs,
    streams::{Mapping, MappingConfig},
};

/// Cases of each law: each starts processes, and one that shrank would run for minutes.
const CASES: u32 = 8;

/// What is written, and to what mapping.
#[derive(Clone, Debug)]
struct Case {
    /// The recipient and the script of each message, in order. Each recipient has one item, which is written again and again.
    messages: Vec<(u8, String)>,
    batch_size: usize,
    bisect: bool,
    retries: u32,
    lanes: usize,
    window: u64,
}

fn case(lanes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Case> {
    let script = prop_oneof![6 => Just("h".to_owned()), 1 => Just("s".to_owned()), 4 => "[hfgesx]{1,4}"];
    let messages = prop::collection::vec((0u8..6, script), 1..40);
    (messages, 1usize..12, any::<bool>(), 0u32..3, lanes, prop_oneof![Just(0u64), Just(15)])
        .prop_map(|(messages, batch_size, bisect, retries, lanes, window)| Case { messages, batch_size, bisect, retries, lanes, window })
}

fn check_cases<S: Strategy>(strategy: S, test: impl AsyncFn(S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: CASES, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&strategy, |value| runtime.block_on(test(value)));
    result.unwrap_or_else(|error| panic!("{error}"));
}

impl Case {
    /// Writes the messages one after another. Each changes its recipient's item.
    async fn write(&self, db: &DynamoDb) {
        for (number, (recipient, script)) in self.messages.iter().enumerate() {
            let recipient = format!("player{recipient}");
            let item = json!({
                "recipientId": {"S": recipient}, "messageId": {"S": "m"}, "number": {"N": number.to_string()}, "script": {"S": script},
            });
            write(db, "messages", &[item]).await;
        }
    }

    fn map(&self, db: &DynamoDb, lambda: &Lambda, sqs: &Sqs) -> Mapping {
        let config = MappingConfig {
            name: "deliver".to_owned(),
            function_arn: function_arn("deliver"),
            table: "messages".to_owned(),
            batch_size: self.batch_size,
            batching_window: Duration::from_millis(self.window),
            bisect: self.bisect,
            maximum_retry_attempts: Some(self.retries),
            maximum_record_age: Some(Duration::from_secs(60)),
            report_batch_item_failures: true,
            on_failure_queue: Some(queue_arn("dead-letters")),
            parallelization_factor: self.lanes,
            first_backoff: Duration::from_millis(1),
            longest_backoff: Duration::from_millis(4),
            ..MappingConfig::default()
        };
        let reader = db.stream("messages", "deliver", StartingPosition::TrimHorizon).unwrap();
        Mapping::start(config, reader, lambda.clone(), sqs.clone()).unwrap()
    }
}

/// What happened, in terms of the messages' numbers.
struct Story {
    /// Each invocation: its id, and the messages it had, in order.
    invocations: Vec<(String, Vec<usize>)>,
    /// The messages that were handled, in order.
    handled: Vec<usize>,
    /// Each dead letter: the id of its last invocation, and its messages.
    dead: Vec<(String, Vec<usize>)>,
}

impl Story {
    async fn of(log: &Path, sqs: &Sqs, db: &DynamoDb) -> Story {
        let number = |record: &Value| record["dynamodb"]["NewImage"]["number"]["N"].as_str().unwrap().parse::<usize>().unwrap();
        let records = db.stream("messages", "audit", StartingPosition::TrimHorizon).unwrap().next(1_000).await.unwrap();
        let numbers: BTreeMap<_, _> = records.into_iter().map(|record| (record.sequence_number, number(&record.event))).collect();
        let (mut invocations, mut handled) = (Vec::new(), Vec::new());
        for line in scripted::invocations(log) {
            let records = line["Records"].as_array().unwrap();
            let seen: Vec<_> = records.iter().map(number).collect();
            handled.extend(&seen[..line["handled"].as_u64().unwrap() as usize]);
            invocations.push((line["requestId"].as_str().unwrap().to_owned(), seen));
        }
        let letter = |letter: Value| {
            let info = &letter["DDBStreamBatchInfo"];
            let [first, last] = ["startSequenceNumber", "endSequenceNumber"].map(|name| info[name].as_str().unwrap().to_owned());
            let id = letter["requestContext"]["requestId"].as_str().unwrap().to_owned();
            let range = numbers[&first]..=numbers[&last];
            // Between them in the stream there may be records of other lanes. What was never delivered is not in any invocation.
            let of = match invocations.iter().find(|(request, _)| *request == id) {
                Some((_, seen)) => seen.iter().copied().filter(|message| range.contains(message)).collect(),
                None => range.collect::<Vec<_>>(),
            };
            assert_eq!(info["batchSize"], of.len());
            (id, of)
        };
        let dead = dead_letters(sqs).await.into_iter().map(letter).collect();
        Story { invocations, handled, dead }
    }

    /// Nothing is lost.
    fn is_complete(&self, case: &Case) -> Result<(), TestCaseError> {
        let left: BTreeSet<_> = self.handled.iter().chain(self.dead.iter().flat_map(|(_, messages)| messages)).copied().collect();
        prop_assert_eq!(left, (0..case.messages.len()).collect::<BTreeSet<_>>());
        Ok(())
    }

    /// Each message is handled or dead-lettered exactly once, in the order of its item, and not delivered after that.
    fn is_exact(&self, case: &Case) -> Result<(), TestCaseError> {
        let mut left: Vec<_> = self.handled.iter().chain(self.dead.iter().flat_map(|(_, messages)| messages)).copied().collect();
        left.sort_unstable();
        prop_assert_eq!(left, (0..case.messages.len()).collect::<Vec<_>>());
        for recipient in 0u8..6 {
            let of: Vec<_> = self.handled.iter().copied().filter(|message| case.messages[*message].0 == recipient).collect();
            prop_assert!(of.is_sorted(), "player{recipient} got {of:?}");
        }
        for (id, dead) in &self.dead {
            let Some(last) = self.invocations.iter().position(|(request, _)| request == id) else { continue };
            let later = self.invocations[last + 1..].iter().find(|(_, seen)| seen.iter().any(|message| dead.contains(message)));
            prop_assert!(later.is_none(), "{dead:?} was dead-lettered after {id}, and delivered again: {later:?}");
        }
        Ok(())
    }
}

/// Runs a case to its end. The clock jumps over the age limit after `ages` milliseconds.
async fn run(case: &Case, ages: Option<u64>) -> Story {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    std::fs::write(&log, "").unwrap();
    let (sqs, lambda) = (sqs(), Lambda::start(&[scripted::config(&log)], scripted::options()).await.unwrap());
    let clock = Clock::standing_at(clock::now());
    let db = DynamoDb::start(DynamoDbOptions { clock: clock.clone(), ..DynamoDbOptions::default() }).await.unwrap();
    db.create_table(&table("messages")).await.unwrap();
    let mapping = case.map(&db, &lambda, &sqs);
    if let Some(milliseconds) = ages {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            clock.advance(Duration::from_secs(90));
        });
    }
    case.write(&db).await;
    let (mut checkpoint, all) = (0, case.messages.len() as i64);
    until(|| {
        assert!(mapping.position() >= checkpoint, "the checkpoint never goes back");
        checkpoint = mapping.position();
        checkpoint == all
    })
    .await;
    mapping.shutdown().await;
    let story = Story::of(&log, &sqs, &db).await;
    lambda.shutdown().await;
    db.shutdown().await;
    story
}

/// Whatever fails, whenever, every record is handled or dead-lettered, once and in order, and nothing is delivered after that.
#[test]
fn every_record_is_handled_or_dead_lettered_once_and_in_order() {
    check_cases(case(1..=4), async |case| {
        let story = run(&case, None).await;
        story.is_complete(&case)?;
        story.is_exact(&case)
    });
}

/// The same if records grow too old meanwhile.
#[test]
fn records_that_grow_too_old_are_dead_lettered_once_and_in_order() {
    check_cases((case(1..=1), 0u64..200), async |(case, ages)| {
        let story = run(&case, Some(ages)).await;
        story.is_complete(&case)?;
        story.is_exact(&case)
    });
}

/// The same across restarts, whenever they come: nothing is lost.
#[test]
fn nothing_is_lost_when_the_stack_restarts() {
    let restarts = prop::collection::vec(0u64..60, 1..4);
    check_cases((case(1..=3), restarts), async |(case, restarts)| {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        std::fs::write(&log, "").unwrap();
        // The queue outlives the restarts, as it would on AWS.
        let sqs = sqs();
        let options = || DynamoDbOptions { path: Some(directory.path().join("data")), ..DynamoDbOptions::default() };
        let (mut written, mut restarts) = (false, restarts.into_iter());
        loop {
            let lambda = Lambda::start(&[scripted::config(&log)], scripted::options()).await.unwrap();
            let db = DynamoDb::start(options()).await.unwrap();
            db.create_table(&table("messages")).await.unwrap();
            let mapping = case.map(&db, &lambda, &sqs);
            if !std::mem::replace(&mut written, true) {
                case.write(&db).await;
            }
            let restart = restarts.next();
            match restart {
                Some(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
                None => until(|| mapping.position() == case.messages.len() as i64).await,
            }
            mapping.shutdown().await;
            lambda.shutdown().await;
            if restart.is_none() {
                let story = Story::of(&log, &sqs, &db).await;
                db.shutdown().await;
                return story.is_complete(&case);
            }
            db.shutdown().await;
        }
    });
}
