//! The room as its publishers and its functions see it, and as the AWS SDK does.

mod delivery;
mod requests;
mod sdk;

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;
use crate::{
    account::{arn, function_arn, queue_arn},
    clock::Clock,
    lambda::test_function::{config, quiet},
    sqs::tests::queue,
    template::Function,
};

/// When the clock of these tests stands still.
const NOW: u64 = 1_700_000_000_123;

/// The topics `placements` and `alarms`, the function `test` and the queues `letters` and `failures`.
struct Stack {
    sns: Sns,
    lambda: Lambda,
    sqs: Sqs,
    log: tempfile::NamedTempFile,
}

/// The ARN of the topic that is published to.
fn topic() -> String {
    arn("sns", "placements")
}

/// A subscription to [`topic`].
fn subscription(logical_id: &str, function: &str) -> TopicSubscription {
    TopicSubscription {
        logical_id: logical_id.to_owned(),
        topic_arn: topic(),
        function_arn: function_arn(function),
        dead_letter_queue_arn: Some(queue_arn("letters")),
    }
}

impl Stack {
    /// The function `test` has subscribed to `placements`, and nobody to `alarms`.
    async fn start() -> Stack {
        Stack::start_with(vec![subscription("TestPlaced", "test")], |_| ()).await
    }

    async fn start_with(subscriptions: Vec<TopicSubscription>, change: impl FnOnce(&mut Function)) -> Stack {
        let sqs = Sqs::with_clock(["failures", "letters"].map(queue).into(), "http://127.0.0.1:1", Clock::standing_at(NOW));
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut function = config("test");
        function.environment.insert("TEST_FUNCTION_LOG".to_owned(), log.path().to_str().unwrap().to_owned());
        change(&mut function);
        let options = crate::lambda::LambdaOptions { sqs: Some(sqs.clone()), ..quiet() };
        let lambda = Lambda::start(&[function], options).await.unwrap();
        let topics = ["placements", "alarms"].map(|name| Topic { name: name.to_owned(), arn: arn("sns", name) });
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
    let response = sns.handle(&parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect());
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
    assert!(body.starts_with("<ErrorResponse><Error><Type>Sender</Type>"), "{body}");
    (status, inside(&body, "Code").to_owned(), inside(&body, "Message").to_owned())
}
