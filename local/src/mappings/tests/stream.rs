//! Mappings from a stream at work.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::{Stack, scripted::label, stream_mapping, until};
use crate::{
    mappings::{Options, Pace, stream::next_poll},
    template::StreamMapping,
    weather::{Odds, Weather},
};

fn numbers(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_reach_the_function_in_order_in_batches() {
    let stack = Stack::start().await;
    stack.write((0..100).map(|number| ((number % 3) as u8, number, "h".to_owned()))).await;
    let mappings = stack.map_stream(StreamMapping { batch_size: 40, ..stream_mapping() }, &stack.options());
    stack.until_finished().await;
    assert_eq!(stack.seen().concat(), numbers(0..100));
    assert!(stack.seen().iter().all(|batch| batch.len() <= 40));
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_records_that_match_a_pattern_reach_the_function() {
    let stack = Stack::start().await;
    let patterns = ["player1", "player9"].map(|player| json!({"dynamodb": {"NewImage": {"recipientId": {"S": [player]}}}}));
    let mappings = stack.map_stream(StreamMapping { filter_patterns: patterns.to_vec(), ..stream_mapping() }, &stack.options());
    stack.write((0..30).map(|number| ((number % 3) as u8, number, "h".to_owned()))).await;
    stack.until_finished().await;
    assert_eq!(stack.seen().concat(), (0..10).map(|number| (3 * number + 1).to_string()).collect::<Vec<_>>());
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_failing_becomes_dead_letters_and_the_stream_goes_on() {
    let stack = Stack::start().await;
    stack.let_the_clock_run();
    stack.write_to_one(&["g"; 4]).await;
    let function_arn = stream_mapping().function_arn + ":live";
    let mappings = stack.map_stream(StreamMapping { function_arn: function_arn.clone(), ..stream_mapping() }, &stack.options());
    stack.until_finished().await;
    let sizes: Vec<_> = stack.seen().iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
    let (letters, invocations) = (stack.dead_letters().await, stack.invocations());
    assert_eq!(letters.len(), 4);
    // The last invocation with each of the records.
    for (letter, last) in letters.iter().zip([3, 5, 8, 10]) {
        let (info, record) = (&letter["DDBStreamBatchInfo"], &invocations[last]["Records"][0]);
        assert_eq!(info["startSequenceNumber"], record["dynamodb"]["SequenceNumber"]);
        assert_eq!(info["endSequenceNumber"], info["startSequenceNumber"]);
        assert_eq!(info["batchSize"], 1);
        assert!(info["shardId"].as_str().unwrap().starts_with("shardId-"), "{info}");
        assert_eq!(info["streamArn"], record["eventSourceARN"]);
        assert_eq!(info["approximateArrivalOfFirstRecord"].as_str().unwrap().len(), "2019-11-14T00:13:19Z".len());
        assert_eq!(letter["timestamp"].as_str().unwrap().len(), "2019-11-14T00:13:49.717Z".len());
        assert_eq!(letter["version"], "1.0");
        let context = json!({
            "requestId": invocations[last]["requestId"], "functionArn": function_arn, "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        });
        assert_eq!(letter["requestContext"], context);
        assert_eq!(letter["responseContext"], json!({"statusCode": 200, "executedVersion": "1", "functionError": null}));
    }
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_crashes_costs_retries_and_then_the_batch() {
    let stack = Stack::start().await;
    stack.write_to_one(&["x"; 3]).await;
    let mapping = StreamMapping { bisect_batch_on_error: false, maximum_retry_attempts: Some(0), ..stream_mapping() };
    let mappings = stack.map_stream(mapping, &stack.options());
    stack.until_finished().await;
    let letters = stack.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["DDBStreamBatchInfo"]["batchSize"], 3);
    assert_eq!(letters[0]["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(letters[0]["responseContext"]["functionError"], "Unhandled");
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_of_minutes_every_record_is_handled() {
    let stack = Stack::start().await;
    // One failure as a batch of four, one as a batch of two, and then 23 with waits of 166.3 seconds.
    let script = "e".repeat(25) + "h";
    stack.write_to_one(&[&script, "h", "h", "h"]).await;
    let age = Some(Duration::from_secs(3_600));
    let mapping = StreamMapping { maximum_retry_attempts: None, maximum_record_age: age, ..stream_mapping() };
    let (mappings, began) = (stack.map_stream(mapping, &stack.options()), stack.clock.now());
    until(|| stack.seen().len() == 3).await;
    stack.let_the_clock_run();
    stack.until_finished().await;
    assert!(stack.clock.now() - began > 166_000);
    assert_eq!(stack.seen().split_off(25), [numbers(0..1), numbers(1..2), numbers(2..4)]);
    assert!(stack.dead_letters().await.is_empty());
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_stops_in_the_middle_of_a_retry_and_its_records_stay() {
    let stack = Stack::start().await;
    stack.write_to_one(&["e"]).await;
    let mappings = stack.map_stream(stream_mapping(), &stack.options());
    until(|| stack.seen().len() == 1 && stack.clock.waiting() == 1).await;
    assert!(stack.db.has_unfinished_records().await.unwrap());
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_pace_of_aws_a_record_waits_for_the_next_quarter_of_a_second() {
    let stack = Stack::start().await;
    let mappings = stack.map_stream(stream_mapping(), &Options { pace: Pace::Aws, ..stack.options() });
    stack.write_to_one(&["h"; 2]).await;
    until(|| stack.clock.waiting() == 1).await;
    stack.write([(0, 2, "h".to_owned())]).await;
    // The watcher of the stream tells of a write a moment later.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(stack.seen().is_empty());
    stack.clock.advance(Duration::from_millis(250));
    stack.until_finished().await;
    assert_eq!(stack.seen(), [numbers(0..3)]);
    // The next poll is another quarter of a second later.
    stack.write([(0, 3, "h".to_owned())]).await;
    until(|| stack.clock.waiting() == 1).await;
    assert_eq!(stack.seen().len(), 1);
    stack.clock.advance(Duration::from_millis(250));
    stack.until_finished().await;
    assert_eq!(stack.seen().len(), 2);
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_keeps_failing_holds_up_its_own_shard_and_no_other() {
    let stack = Stack::with_shards(4).await;
    let script = |number| if number == 0 { "eeeeeh" } else { "h" }.to_owned();
    stack.write((0..16).map(|number| (number, number.into(), script(number)))).await;
    let (mut held, mut free) = (Vec::new(), Vec::new());
    for shard in stack.shards().await {
        let labels: Vec<_> = shard.iter().map(label).collect();
        assert!(labels.len() > 1, "each shard has its part: {labels:?}");
        if labels[0] == "0" { held = labels } else { free.extend(labels) }
    }
    let mapping = StreamMapping { maximum_retry_attempts: None, batch_size: 1, ..stream_mapping() };
    let mappings = stack.map_stream(mapping, &stack.options());
    let seen = || {
        let (failing, mut others): (Vec<_>, Vec<_>) = stack.seen().concat().into_iter().partition(|label| label == "0");
        others.sort_unstable();
        (failing.len(), others)
    };
    free.sort_unstable();
    for times in 1..=4 {
        until(|| seen() == (times, free.clone()) && stack.clock.waiting() == 1).await;
        assert!(stack.db.has_unfinished_records().await.unwrap(), "one shard is not finished");
        stack.clock.advance(Duration::from_millis(50 << times));
    }
    let recipient = free[0].parse().unwrap();
    stack.write([(recipient, 16, "h".to_owned())]).await;
    until(|| seen().1.len() == free.len() + 1).await;
    assert!(stack.db.has_unfinished_records().await.unwrap(), "another shard goes on, and this one is not finished");
    stack.let_the_clock_run();
    stack.until_finished().await;
    assert_eq!((seen().0, seen().1.len()), (6, 16), "then comes what was behind it");
    let order: Vec<_> = stack.seen().concat().into_iter().filter(|label| held.contains(label)).skip(5).collect();
    assert_eq!(order, held);
    stack.stop(mappings).await;
}

proptest! {
    #[test]
    fn polls_are_a_quarter_of_a_second_apart(now in 1_000u64..1_000_000, phase in 0u64..250) {
        let next = next_poll(now, phase);
        prop_assert!(next > now && next <= now + 250 && next % 250 == phase);
        prop_assert_eq!(next_poll(next, phase), next + 250);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_bad_weather_a_batch_comes_twice_before_any_later_record() {
    for odds in [Odds { twice: 1.0, ..Odds::default() }, Odds { batch_again: 1.0, ..Odds::default() }] {
        let stack = Stack::start().await;
        stack.write_to_one(&["h"; 6]).await;
        let mapping = StreamMapping { batch_size: 3, ..stream_mapping() };
        let mappings = stack.map_stream(mapping, &Options { weather: Weather::new(odds), ..stack.options() });
        stack.until_finished().await;
        assert_eq!(stack.seen(), [0..3, 0..3, 3..6, 3..6].map(numbers));
        stack.stop(mappings).await;
    }
}
