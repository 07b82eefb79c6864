//! Mappings from a queue at work.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Stack, queue_mapping, sqs, until};
use crate::{
    account::{REGION, queue_arn},
    clock::Clock,
    lambda::LambdaOptions,
    mappings::{Mappings, Options},
    template::QueueMapping,
    weather::{Odds, Weather},
};

impl Stack {
    /// How many messages of the queue are visible, in flight and delayed.
    async fn counts(&self, queue: &str) -> [u64; 3] {
        let request = json!({"QueueUrl": self.sqs.url(queue), "AttributeNames": ["All"]});
        let attributes = self.sqs.request("GetQueueAttributes", &request).await.unwrap();
        ["", "NotVisible", "Delayed"]
            .map(|kind| attributes["Attributes"][format!("ApproximateNumberOfMessages{kind}")].as_str().unwrap().parse().unwrap())
    }

    async fn until_counts(&self, queue: &str, expected: [u64; 3]) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.counts(queue).await != expected {
            assert!(Instant::now() < end, "{queue} has {:?} and not {expected:?}: {:?}", self.counts(queue).await, self.seen());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn release(&self) {
        std::fs::write(self.directory.path().join("release"), "").unwrap();
    }

    fn map_work(&self) -> Mappings {
        self.map_queue(queue_mapping(), &self.options())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_the_function_and_are_deleted() {
    let stack = Stack::start().await;
    let mappings = stack.map_work();
    let now = stack.clock.now();
    let request = json!({"QueueUrl": stack.sqs.url("work"), "MessageBody": "h timer", "DelaySeconds": 60});
    let sent = stack.sqs.request("SendMessage", &request).await.unwrap();
    stack.send(&["h at once"]);
    stack.until_counts("work", [0, 0, 1]).await;
    stack.clock.advance(Duration::from_secs(60));
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.seen(), [["h at once"], ["h timer"]]);
    let record = stack.invocations()[1]["Records"][0].clone();
    let attributes = &record["attributes"];
    assert_eq!((&attributes["ApproximateReceiveCount"], &attributes["SentTimestamp"]), (&json!("1"), &json!(now.to_string())));
    assert_eq!(attributes["ApproximateFirstReceiveTimestamp"], (now + 60_000).to_string());
    let expected = json!({
        "messageId": sent["MessageId"], "receiptHandle": record["receiptHandle"], "body": "h timer", "attributes": attributes,
        "messageAttributes": {}, "md5OfBody": sent["MD5OfMessageBody"], "eventSource": "aws:sqs", "eventSourceARN": queue_arn("work"),
        "awsRegion": REGION,
    });
    assert_eq!(record, expected);
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_comes_again_after_its_visibility_and_then_is_a_dead_letter() {
    let stack = Stack::start().await;
    stack.send(&["h", "f", "h, too"]);
    let mappings = stack.map_work();
    stack.until_counts("work", [0, 1, 0]).await;
    assert_eq!(stack.seen(), [["h", "f", "h, too"]]);
    stack.clock.advance(Duration::from_millis(599_999));
    assert_eq!(stack.counts("work").await, [0, 1, 0]);
    stack.clock.advance(Duration::from_millis(1));
    until(|| stack.seen().len() == 2).await;
    assert_eq!(stack.counts("work").await, [0, 1, 0]);
    stack.clock.advance(Duration::from_secs(600));
    stack.until_counts("dead-letters", [1, 0, 0]).await;
    assert_eq!((stack.counts("work").await, stack.seen().len()), ([0, 0, 0], 2));
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_or_a_report_that_is_not_understood_fails_the_whole_batch() {
    for script in ["e", "g"] {
        let stack = Stack::start().await;
        stack.send(&["h", script]);
        let mappings = stack.map_work();
        for times in 1..=2 {
            until(|| stack.seen().len() == times).await;
            stack.until_counts("work", [0, 2, 0]).await;
            stack.clock.advance(Duration::from_secs(600));
        }
        stack.until_counts("dead-letters", [2, 0, 0]).await;
        assert_eq!(stack.seen(), [["h", script], ["h", script]]);
        stack.stop(mappings).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_has_at_most_six_megabytes() {
    let stack = Stack::start().await;
    let body = format!("h {}", "x".repeat(1_000_000));
    stack.send(&[body.as_str(); 8]);
    let mappings = stack.map_queue(QueueMapping { maximum_concurrency: Some(1), ..queue_mapping() }, &stack.options());
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!(stack.seen().iter().map(Vec::len).collect::<Vec<_>>(), [6, 2]);
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_batches_than_allowed_are_in_the_function_at_once() {
    for (environments, maximum_concurrency) in [(10, Some(2)), (2, None)] {
        let stack = Stack::start().await;
        stack.send(&["w"; 5]);
        let mapping = QueueMapping { batch_size: 1, maximum_concurrency, ..queue_mapping() };
        let mappings = stack.map_queue(mapping, &Options { environments, ..stack.options() });
        until(|| stack.seen().len() == 2).await;
        assert_eq!(stack.counts("work").await, [3, 2, 0], "the others are left to whoever can take them");
        stack.release();
        stack.until_counts("work", [0, 0, 0]).await;
        assert_eq!(stack.lambda.stats()["deliver"].processes.len(), 2);
        stack.stop(mappings).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_batch_is_tried_again_while_its_messages_are_hidden() {
    let options = LambdaOptions { max_environments: 1, queue_wait: Duration::from_millis(20), ..super::scripted::options() };
    let clock = Clock::standing_at(1_700_000_000_000);
    let stack = Stack::again(tempfile::tempdir().unwrap(), sqs(clock.clone()), options).await;
    stack.send(&["w"; 2]);
    let mappings = stack.map_queue(QueueMapping { batch_size: 1, ..queue_mapping() }, &stack.options());
    until(|| {
        // The first three waits are of 100, 200 and 400 milliseconds.
        clock.advance(Duration::from_millis(50));
        stack.lambda.stats()["deliver"].throttles >= 3
    })
    .await;
    stack.release();
    // The longest wait is of ten seconds, and the messages are hidden for ten minutes.
    until(|| {
        clock.advance(Duration::from_millis(100));
        stack.seen().len() == 2
    })
    .await;
    stack.until_counts("work", [0, 0, 0]).await;
    assert_eq!((clock.now() < 1_700_000_600_000, stack.lambda.stats()["deliver"].errors), (true, 0));
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_bad_weather_a_message_comes_again_also_after_it_was_deleted() {
    let stack = Stack::start().await;
    stack.send(&["h one", "h two"]);
    let mappings =
        stack.map_queue(queue_mapping(), &Options { weather: Weather::new(Odds { twice: 1.0, ..Odds::default() }), ..stack.options() });
    stack.until_counts("work", [0, 0, 0]).await;
    // The poller and the two that come again.
    until(|| stack.seen().len() + stack.clock.waiting() >= 4).await;
    stack.clock.advance(Duration::from_secs(600));
    until(|| stack.seen().concat().len() == 4).await;
    let mut seen = stack.seen().concat();
    seen.sort_unstable();
    assert_eq!(seen, ["h one", "h one", "h two", "h two"]);
    stack.stop(mappings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_bad_weather_a_batch_that_was_handled_comes_again_at_once() {
    let stack = Stack::start().await;
    stack.send(&["h", "hf"]);
    let weather = Weather::new(Odds { batch_again: 1.0, ..Odds::default() });
    let mappings = stack.map_queue(queue_mapping(), &Options { weather, ..stack.options() });
    stack.until_counts("work", [0, 1, 0]).await;
    assert_eq!(stack.seen(), [["h", "hf"], ["h", "hf"]]);
    stack.stop(mappings).await;
}
