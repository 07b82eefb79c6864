//! Dead letters of our own: what a consumer can never succeed with goes into its dead-letter queue at once, whole, with the reason.
//!
//! What may succeed at another time goes there by AWS's rules instead, after its retries. Those letters hold a position in the stream; ours
//! hold the record itself, and so outlive the stream's 24 hours.

use std::sync::OnceLock;

use aws_sdk_sqs::Client;
use aws_smithy_types::{DateTime, date_time::Format, retry::RetryConfig};
use aws_types::SdkConfig;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Config, ConfigError, Fault, clock, sdk};

/// Largest message of SQS, in bytes.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// The dead-letter queue of this function.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    sdk: SdkConfig,
    /// Made when the first dead letter is written, since most environments never write one.
    client: OnceLock<Client>,
    queue: String,
    function: String,
}

/// What the queue's message says.
#[derive(Debug, Serialize)]
struct DeadLetter<'a> {
    version: &'static str,
    time: String,
    function: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    record: &'a RawValue,
}

impl DeadLetters {
    /// Reads `DEAD_LETTERS_URL`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub(crate) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            sdk: sdk::sdk_config(config, config.endpoint("SQS"), RetryConfig::standard())?,
            client: OnceLock::new(),
            queue: config.required("DEAD_LETTERS_URL")?.to_owned(),
            function: config.function().to_owned(),
        })
    }

    /// Writes down `record`, byte for byte as it came, with the fault that it will always end in.
    ///
    /// # Errors
    /// A [`Fault`] if the queue cannot be written to, or if the letter is larger than it takes.
    pub(crate) async fn send(&self, record: &RawValue, reason: &Fault) -> Result<(), Fault> {
        let time = i64::try_from(clock::now_milliseconds()).map(DateTime::from_millis).unwrap_or(DateTime::from_secs(0));
        let letter = DeadLetter {
            version: "1",
            time: time.fmt(Format::DateTime).map_err(|error| Fault::new("writing the time", error))?,
            function: &self.function,
            reason: &reason.chain(),
            cause: reason.cause(),
            record,
        };
        let body = serde_json::to_string(&letter).map_err(|error| Fault::new("writing a dead letter as JSON", error))?;
        if body.len() > LARGEST_MESSAGE {
            return Err(Fault::because(format!(
                "the record is too large to be a dead letter: {} bytes, {LARGEST_MESSAGE} at most",
                body.len()
            )));
        }
        let client = self.client.get_or_init(|| Client::new(&self.sdk));
        let sent = client.send_message().queue_url(&self.queue).message_body(body).send().await;
        sent.map(|_| ()).map_err(|error| Fault::new("writing a dead letter", error))
    }
}
