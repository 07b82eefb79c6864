//! Publishes events on the topic on which Muster listens.

use std::{error::Error, time::Duration};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sns::{Client, config::Credentials};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use serde_json::Value;

use crate::log::log;

/// The topic on which Muster listens.
#[derive(Debug)]
pub(crate) struct Topic {
    arn: String,
    pub(crate) region: String,
    pub(crate) account: String,
}

impl Topic {
    pub(crate) fn parse(arn: &str) -> Result<Self, String> {
        match arn.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "sns", region, account, name] if ![region, account, name].contains(&"") => {
                Ok(Self { arn: arn.to_owned(), region: region.to_owned(), account: account.to_owned() })
            }
            _ => Err(format!("{arn:?} is not the ARN of a topic, such as arn:aws:sns:us-east-1:000000000000:muster-dev-placement-events")),
        }
    }
}

/// Publishes events.
pub(crate) struct Announcer {
    client: Client,
    topic: String,
}

impl Announcer {
    pub(crate) async fn new(topic: &Topic, endpoint: Option<&str>) -> Self {
        // A process that is told to stop is not given long: all attempts together take a quarter of a minute at worst.
        let retries = RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(300));
        let timeouts =
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(1)).operation_attempt_timeout(Duration::from_secs(2)).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            // SNS takes events for a topic only in the topic's own region, wherever this server runs.
            .region(Region::new(topic.region.clone()))
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Some(endpoint) = endpoint {
            loader = loader.endpoint_url(endpoint);
            // A local stack takes any credentials, and real ones have no business on a line without encryption.
            if endpoint.starts_with("http://") {
                loader = loader.credentials_provider(Credentials::new("local", "local", None, None, "local stack"));
            }
        }
        Self { client: Client::new(&loader.load().await), topic: topic.arn.clone() }
    }

    /// Publishes an event, trying again with growing pauses what may pass. Muster knows an event that it has seen, so one that is
    /// published twice because its first answer was lost does no harm.
    pub(crate) async fn publish(&self, event: &Value) -> Result<(), String> {
        let name = event["detail"]["type"].as_str().unwrap_or_default();
        let published = self.client.publish().topic_arn(&self.topic).message(event.to_string()).send().await;
        published.map_err(|error| format!("cannot publish {name} on {}: {}", self.topic, causes(&error)))?;
        log(&format!("published {name}"));
        Ok(())
    }
}

/// An error with its causes, in one line. The SDK's errors say what happened only in their causes.
fn causes(error: &dyn Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.dedup();
    causes.join(": ").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_known_by_its_arn() {
        assert_eq!(Topic::parse("arn:aws-cn:sns:cn-north-1:1:t").unwrap().region, "cn-north-1");
        for wrong in ["t", "arn:aws:sqs:r:1:q", "arn:aws:sns::1:t", "arn:aws:sns:r:1:", "arn:aws:sns:r:1:t:subscription"] {
            assert!(Topic::parse(wrong).unwrap_err().contains(wrong));
        }
    }
}
