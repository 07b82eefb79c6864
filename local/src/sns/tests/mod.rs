//! The room as its publishers and its functions see it, and as the AWS SDK does.

mod batches;
mod delivery;
mod requests;
mod sdk;

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::*;
use crate::{
    account::{function_arn, queue_arn},
    clock::Clock,
    lambda::{
        FunctionConfig,
        test_function::{config, quiet},
    },
    sqs::QueueConfig,
};

/// When the clock of these tests stands still.
const NOW: u64 = 1_700_000_000_123;
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:placements";

/// The topics `placements` and `alarms`, the function `test` and the queues `letters` and `failures`.
struct Stack {
    sns: Sns,
    lambda: Lambda,
    sqs: Sqs,
    log: tempfile::NamedTempFile,
}

/// A subscription to [`TOPIC`].
fn subscription(logical_id: &str, function: &str) -> SubscriptionConfig {
    SubscriptionConfig {
        logical_id: logical_id.to_owned(),
        topic_arn: TOPIC.to_owned(),
        function_arn: function_arn(function),
        dead_letter_queue_arn: Some(queue_arn("letters")),
    }
}

impl Stack {
    /// The function `test` has subscribed to `placements`, and nobody to `alarms`.
    async fn start() -> Stack {
        Stack::start_with(vec![subscription("TestPlaced", "test")], |_| ()).await
    }

    async fn start_with(subscriptions: Vec<SubscriptionConfig>, change: impl FnOnce(&mut FunctionConfig)) -> Stack {
        let queues = ["failures", "letters"].map(|name| QueueConfig { name: name.to_owned(), ..QueueConfig::default() });
        let sqs = Sqs::with_clock(queues.into(), "http://127.0.0.1:1", Clock::standing_at(NOW));
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut function = config("test");
        function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
        change(&mut function);
        let options = crate::lambda::LambdaOptions { sqs: Some(sqs.clone()), ..quiet() };
        let lambda = Lambda::start(vec![function], options).await.unwrap();
        let topics = ["placements", "alarms"].map(|name| TopicConfig { name: name.to_owned() });
        Stack { sns: Sns::new(topics.into(), subscriptions, lambda.clone(), sqs.clone()), lambda, sqs, log }
    }

    /// What the function was invoked with, once every event is at its end.
    async fn events(&self) -> Vec<Value> {
        let start = Instant::now();
        let under_way = || self.lambda.stats()["test"].events > 0 || self.lambda.stats()["test"].busy > 0;
        while under_way() {
            assert!(start.elapsed() < Duration::from_secs(10), "events are under way for too long");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        std::fs::read_to_string(self.log.path()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The bodies of the messages in a queue.
    async fn letters(&self, queue: &str) -> Vec<String> {
        let request = json!({"QueueUrl": self.sqs.url(queue), "MaxNumberOfMessages": 10});
        let answer = self.sqs.request("ReceiveMessage", &request).await.unwrap();
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
    }
}

/// The answer to a form: status and body.
async fn ask(sns: &Sns, parameters: &[(&str, &str)]) -> (u16, String) {
    let response = sns.handle(form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish().as_bytes());
    assert_eq!(response.headers()["content-type"], "text/xml");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What stands between the first of these tags.
fn inside<'a>(body: &'a str, tag: &str) -> &'a str {
    let (_, rest) = body.split_once(&format!("<{tag}>")).unwrap_or_else(|| panic!("there is no {tag} in {body}"));
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

/// The status, the code and the message of a refused request.
async fn refused(sns: &Sns, parameters: &[(&str, &str)]) -> (u16, String, String) {
    let (status, body) = ask(sns, parameters).await;
    assert!(status >= 400, "{parameters:?} is not refused: {body}");
    assert!(body.starts_with("<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>"), "{body}");
    (status, inside(&body, "Code").to_owned(), inside(&body, "Message").to_owned())
}
