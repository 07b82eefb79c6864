//! What the command reaches: the two tasks by Lambda's Invoke, the log group by FilterLogEvents, and STS, which says who asks.

use std::{collections::BTreeSet, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig};
use aws_sdk_lambda::{config::Credentials, primitives::Blob};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{Options, Result, fault::said, trace::Line};

/// Where the local stack is, if nothing else is said.
const LOCAL: &str = "http://127.0.0.1:6878";
/// The local stack's Region.
const LOCAL_REGION: &str = "eu-central-1";
/// Whose rights the command has on the local stack.
const POLICY: &str = "policy:OperatorPolicy";
/// The alias of the functions that are live.
const LIVE: &str = "live";
/// Attempts to search the log, with growing pauses: CloudWatch answers few questions a second.
const SEARCHES: u32 = 6;
/// How long a connection may take. How long a task may, its own time-out says.
const CONNECTING: Duration = Duration::from_secs(5);

/// A task: a function that operators invoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Deals with dead letters.
    ReplayDeadLetters,
    /// Everything else.
    Operate,
}

impl Task {
    /// What its name ends with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReplayDeadLetters => "replay-dead-letters",
            Self::Operate => "operate",
        }
    }
}

/// A stack, within reach.
#[derive(Debug)]
pub struct Access {
    /// The game.
    pub game: String,
    /// The stage.
    pub stage: String,
    /// The Region.
    pub region: String,
    /// The address that was given; AWS's own, if none was.
    pub endpoint: Option<String>,
    config: SdkConfig,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    who: OnceCell<String>,
}

impl Access {
    /// The stack that the options name. Asks nothing of it yet.
    ///
    /// # Errors
    /// If no Region is configured.
    pub async fn new(options: &Options) -> Result<Self> {
        let endpoint = options.endpoint_url.clone().or_else(|| options.local.then(|| LOCAL.to_owned()));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .timeout_config(aws_config::timeout::TimeoutConfig::builder().connect_timeout(CONNECTING).build())
            // A task answers when it is through, and is silent until then.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        // A local stack, which tells by the key whose rights count. Real credentials have no business on a line without encryption.
        if is_local(endpoint.as_deref()) {
            let key = Credentials::new(access_key_of(POLICY), "local", None, None, "local stack");
            loader = loader.region(Region::new(LOCAL_REGION)).credentials_provider(key);
        }
        let config = loader.load().await;
        let logs = aws_sdk_cloudwatchlogs::config::Builder::from(&config);
        let logs = logs.retry_config(RetryConfig::standard().with_max_attempts(SEARCHES)).build();
        let region = config.region().ok_or("no Region is configured: set AWS_REGION or AWS_PROFILE, or give --local")?.to_string();
        Ok(Self {
            game: options.game.clone(),
            stage: options.stage.clone(),
            region,
            endpoint,
            lambda: aws_sdk_lambda::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs),
            config,
            who: OnceCell::new(),
        })
    }

    /// Asks a task, and reads its answer.
    ///
    /// # Errors
    /// What the task says is the problem; or why there is no answer that can be read.
    pub async fn ask<A: DeserializeOwned>(&self, task: Task, request: &impl Serialize) -> Result<A> {
        let answer = self.invoke(task, serde_json::to_vec(request)?).await?;
        if let Some(problem) = answer["problem"].as_str() {
            return Err(problem.into());
        }
        serde_json::from_value(answer).map_err(|error| format!("{} answered something else: {error}", task.name()).into())
    }

    /// A task's answer to a request, as JSON: a `problem`, too.
    ///
    /// # Errors
    /// If the task is not there, may not be invoked, or fails.
    pub async fn invoke(&self, task: Task, request: Vec<u8>) -> Result<Value> {
        let function = format!("{}-{}-{}", self.game, self.stage, task.name());
        let invoked = self.lambda.invoke().function_name(&function).qualifier(LIVE).payload(Blob::new(request)).send().await;
        let invoked = invoked.map_err(|error| format!("cannot invoke {function}: {}", said(&error)))?;
        let payload = invoked.payload().map(Blob::as_ref).unwrap_or_default();
        if let Some(kind) = invoked.function_error() {
            return Err(format!("{function} failed ({kind}): {}", String::from_utf8_lossy(payload)).into());
        }
        serde_json::from_slice(payload).map_err(|error| format!("{function} answered no JSON: {error}").into())
    }

    /// The lines of all functions that contain this text, since a time in epoch milliseconds, as they are found; without those whose
    /// event is in `known`, which then has them.
    ///
    /// # Errors
    /// If CloudWatch cannot be asked.
    pub async fn lines(&self, text: &str, since: u64, known: &mut BTreeSet<String>) -> Result<Vec<Line>> {
        let group = format!("/muster/{}-{}", self.game, self.stage);
        let asked = self.logs.filter_log_events().log_group_name(&group).filter_pattern(format!("\"{text}\""));
        let mut pages = asked.start_time(i64::try_from(since)?).into_paginator().send();
        let mut lines = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| format!("cannot search {group}: {}", said(&error)))?;
            for event in page.events() {
                if known.insert(event.event_id().unwrap_or_default().to_owned()) {
                    let at = u64::try_from(event.timestamp().unwrap_or_default())?;
                    lines.extend(Line::read(at, event.log_stream_name().unwrap_or_default(), event.message().unwrap_or_default()));
                }
            }
        }
        Ok(lines)
    }

    /// Who asks: the ARN that STS tells, or `local`.
    ///
    /// # Errors
    /// If STS cannot be asked.
    pub async fn who(&self) -> Result<String> {
        let who = self.who.get_or_try_init(async || {
            if is_local(self.endpoint.as_deref()) {
                return Ok("local".to_owned());
            }
            let asked = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
            let identity = asked.map_err(|error| format!("cannot ask STS who you are: {}", said(&error)))?;
            identity.arn().map(str::to_owned).ok_or_else(|| "STS does not say who you are".into())
        });
        who.await.cloned()
    }
}

fn is_local(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"))
}

/// The access key by which a local stack knows who has this managed policy, as `local/src/account.rs` writes it.
fn access_key_of(policy: &str) -> String {
    policy.bytes().fold("ASIAF".to_owned(), |key, byte| key + &format!("{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(endpoint: Option<&str>, local: bool) -> Options {
        Options { game: "g".into(), stage: "s".into(), local, endpoint_url: endpoint.map(str::to_owned), json: false }
    }

    #[tokio::test]
    async fn a_local_stack_is_asked_with_the_policys_rights() {
        assert_eq!(access_key_of("policy:O"), "ASIAF706F6C6963793A4F");
        let here = Access::new(&options(None, true)).await.unwrap();
        assert_eq!((here.endpoint.as_deref(), here.region.as_str()), (Some(LOCAL), "eu-central-1"));
        let other = Access::new(&options(Some("http://127.0.0.1:7001"), false)).await.unwrap();
        assert_eq!((other.endpoint.as_deref(), other.who().await.unwrap().as_str()), (Some("http://127.0.0.1:7001"), "local"));
    }

    #[tokio::test]
    async fn what_does_not_answer_is_named_with_its_function() {
        let nobody = Access::new(&options(Some("http://127.0.0.1:9"), false)).await.unwrap();
        let error = nobody.ask::<Value>(Task::Operate, &Value::Null).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot invoke g-s-operate: ") && error.contains("refused"), "{error}");
    }
}
