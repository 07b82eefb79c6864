//! Laws of whole mappings: real tables, function processes and queues, with failures at random.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;

use super::{Stack, scripted, sharded, stream_mapping};
use crate::{
    mappings::{Mappings, Options},
    template::StreamMapping,
    weather::{Odds, Weather},
};

/// Cases of each law: each starts processes, and one that shrank would run for minutes.
const CASES: u32 = 8;

/// What is written, and to what mapping.
#[derive(Clone, Debug)]
struct Case {
    /// The recipient and the script of each message, in order. Each recipient has one item, which is written again and again.
    messages: Vec<(u8, String)>,
    batch_size: u32,
    bisect: bool,
    retries: u32,
    odds: Odds,
}

fn case(odds: impl Strategy<Value = Odds>) -> impl Strategy<Value = Case> {
    let script = prop_oneof![6 => Just("h".to_owned()), 1 => Just("s".to_owned()), 4 => "[hfgesx]{1,4}"];
    let messages = prop::collection::vec((0u8..6, script), 1..40);
    (messages, 1u32..12, any::<bool>(), 0u32..3, odds).prop_map(|(messages, batch_size, bisect, retries, odds)| Case {
        messages,
        batch_size,
        bisect,
        retries,
        odds,
    })
}

fn calm() -> impl Strategy<Value = Odds> {
    (1u32..=4).prop_map(|shards| Odds { shards, ..Odds::default() })
}

fn bad_weather() -> impl Strategy<Value = Odds> {
    (0.0..1.0, 0.0..1.0, 1u32..=4, any::<u64>()).prop_map(|(twice, batch_again, shards, seed)| Odds {
        twice,
        batch_again,
        shards,
        seed,
        ..Odds::default()
    })
}

fn check_cases<S: Strategy>(strategy: S, test: impl AsyncFn(S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: CASES, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&strategy, |value| runtime.block_on(test(value)));
    result.unwrap_or_else(|error| panic!("{error}"));
}

impl Case {
    async fn write(&self, stack: &Stack) {
        stack.write(self.messages.iter().enumerate().map(|(number, (recipient, script))| (*recipient, number, script.clone()))).await;
    }

    fn map(&self, stack: &Stack) -> Mappings {
        let mapping = StreamMapping {
            batch_size: self.batch_size,
            bisect_batch_on_error: self.bisect,
            maximum_retry_attempts: Some(self.retries),
            maximum_record_age: Some(Duration::from_secs(3_600)),
            ..stream_mapping()
        };
        stack.map_stream(mapping, &Options { weather: Weather::new(self.odds.clone()), ..stack.options() })
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
    async fn of(stack: &Stack) -> Story {
        let number = |record: &Value| scripted::label(record).parse::<usize>().unwrap();
        let numbers: BTreeMap<_, _> = stack.shards().await.iter().flatten().map(|record| (scripted::id(record), number(record))).collect();
        let (mut invocations, mut handled) = (Vec::new(), Vec::new());
        for line in stack.invocations() {
            let seen: Vec<_> = line["Records"].as_array().unwrap().iter().map(number).collect();
            handled.extend(&seen[..line["handled"].as_u64().unwrap() as usize]);
            invocations.push((line["requestId"].as_str().unwrap().to_owned(), seen));
        }
        let letter = |letter: Value| {
            let info = &letter["DDBStreamBatchInfo"];
            let [first, last] = ["startSequenceNumber", "endSequenceNumber"].map(|name| info[name].as_str().unwrap());
            let id = letter["requestContext"]["requestId"].as_str().unwrap().to_owned();
            let range = numbers[first]..=numbers[last];
            // Between them in the table's records there may be some of other shards. What was never delivered is not in any invocation.
            let of = match invocations.iter().find(|(request, _)| *request == id) {
                Some((_, seen)) => seen.iter().copied().filter(|message| range.contains(message)).collect(),
                None => range.collect::<Vec<_>>(),
            };
            assert_eq!(info["batchSize"], of.len());
            (id, of)
        };
        let dead = stack.dead_letters().await.into_iter().map(letter).collect();
        Story { invocations, handled, dead }
    }

    /// All that was handled or dead-lettered, in the order of the messages.
    fn left(&self) -> Vec<usize> {
        let mut left: Vec<_> = self.handled.iter().chain(self.dead.iter().flat_map(|(_, messages)| messages)).copied().collect();
        left.sort_unstable();
        left
    }

    /// Nothing is lost, and each recipient's messages are first delivered in their order.
    fn is_complete(&self, case: &Case) -> Result<(), TestCaseError> {
        let left: BTreeSet<_> = self.left().into_iter().collect();
        prop_assert_eq!(left, (0..case.messages.len()).collect::<BTreeSet<_>>());
        for recipient in 0u8..6 {
            let of = |message: &usize| case.messages[*message].0 == recipient;
            let (mut seen, all) = (BTreeSet::new(), self.invocations.iter().flat_map(|(_, seen)| seen).copied());
            let first: Vec<_> = all.filter(of).filter(|message| seen.insert(*message)).collect();
            prop_assert!(first.is_sorted(), "player{recipient} got {first:?}");
        }
        Ok(())
    }

    /// What was dead-lettered is not delivered after that.
    fn lets_the_dead_rest(&self) -> Result<(), TestCaseError> {
        for (id, dead) in &self.dead {
            let Some(last) = self.invocations.iter().position(|(request, _)| request == id) else { continue };
            let later = self.invocations[last + 1..].iter().find(|(_, seen)| seen.iter().any(|message| dead.contains(message)));
            prop_assert!(later.is_none(), "{dead:?} was dead-lettered after {id}, and delivered again: {later:?}");
        }
        Ok(())
    }

    /// Each message is handled or dead-lettered once, and those of each recipient are handled in their order.
    fn is_exact(&self, case: &Case) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.left(), (0..case.messages.len()).collect::<Vec<_>>());
        for recipient in 0u8..6 {
            let of: Vec<_> = self.handled.iter().filter(|message| case.messages[**message].0 == recipient).collect();
            prop_assert!(of.is_sorted(), "player{recipient} got {of:?}");
        }
        self.lets_the_dead_rest()
    }
}

/// Runs a case to its end. The clock jumps over the age limit after `ages` milliseconds.
async fn run(case: &Case, ages: Option<u64>) -> Story {
    let stack = Stack::with_shards(case.odds.shards).await;
    let mappings = case.map(&stack);
    stack.let_the_clock_run();
    if let Some(milliseconds) = ages {
        let clock = stack.clock.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            clock.advance(Duration::from_secs(7_200));
        });
    }
    case.write(&stack).await;
    stack.until_finished().await;
    let story = Story::of(&stack).await;
    stack.stop(mappings).await;
    story
}

/// Whatever fails, whenever, every record is handled or dead-lettered, once and in order, and nothing is delivered after that.
#[test]
fn every_record_is_handled_or_dead_lettered_once_and_in_order() {
    check_cases(case(calm()), async |case| {
        let story = run(&case, None).await;
        story.is_complete(&case)?;
        story.is_exact(&case)
    });
}

/// The same if records grow too old meanwhile.
#[test]
fn records_that_grow_too_old_are_dead_lettered_once_and_in_order() {
    check_cases((case(Just(Odds::default())), 0u64..200), async |(case, ages)| run(&case, Some(ages)).await.is_exact(&case));
}

/// In bad weather, every record is handled or dead-lettered once at least, and each recipient's are first delivered in order.
#[test]
fn in_bad_weather_every_record_is_handled_or_dead_lettered_and_first_delivered_in_order() {
    check_cases(case(bad_weather()), async |case| {
        let story = run(&case, None).await;
        story.is_complete(&case)?;
        story.lets_the_dead_rest()
    });
}

/// The same across restarts, whenever they come: nothing is lost.
#[test]
fn nothing_is_lost_when_the_stack_restarts() {
    check_cases((case(bad_weather()), prop::collection::vec(0u64..60, 1..4)), async |(case, restarts)| {
        let mut stack = Stack::with_shards(case.odds.shards).await;
        let mut mappings = case.map(&stack);
        stack.let_the_clock_run();
        case.write(&stack).await;
        for milliseconds in restarts {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            // The queue outlives the restarts, as it would on AWS.
            let sqs = stack.sqs.clone();
            stack = Stack::again(stack.stop(mappings).await, sqs, sharded(case.odds.shards)).await;
            mappings = case.map(&stack);
        }
        stack.until_finished().await;
        let story = Story::of(&stack).await;
        stack.stop(mappings).await;
        story.is_complete(&case)
    });
}
