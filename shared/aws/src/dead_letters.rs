//! Dead letters of our own: what a consumer can never succeed with goes into its dead-letter queue at once, whole, with the reason.
//!
//! What may succeed at another time goes there by AWS's rules instead, after its retries. Those letters hold a position in the stream; ours
//! hold the record itself, and so outlive the stream's 24 hours.

use std::sync::OnceLock;

use aws_sdk_sqs::Client;
use aws_smithy_types::{DateTime, date_time::Format, retry::RetryConfig};
use aws_types::SdkConfig;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{Config, ConfigError, Fault, clock, letters::records, sdk};

/// Largest message of SQS, in bytes.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// How much of a reason is written down.
const SHOWN_CHARACTERS: usize = 1_000;

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

    /// Writes down `record` with the fault that it will always end in: byte for byte as it came, or without its images if it is larger
    /// than a message can be.
    ///
    /// # Errors
    /// A [`Fault`] if the queue cannot be written to.
    pub(crate) async fn send(&self, record: &RawValue, reason: &Fault) -> Result<(), Fault> {
        let mut body = self.letter(record, reason)?;
        if body.len() > LARGEST_MESSAGE {
            body = self.letter(&without_images(record)?, reason)?;
        }
        let client = self.client.get_or_init(|| Client::new(&self.sdk));
        let sent = client.send_message().queue_url(&self.queue).message_body(body).send().await;
        sent.map(|_| ()).map_err(|error| Fault::new("writing a dead letter", error))
    }

    fn letter(&self, record: &RawValue, reason: &Fault) -> Result<String, Fault> {
        let time = i64::try_from(clock::now_milliseconds()).map(DateTime::from_millis).unwrap_or(DateTime::from_secs(0));
        // A complaint may quote the whole value that it is about.
        let shown: String = reason.chain().chars().take(SHOWN_CHARACTERS).collect();
        let letter = DeadLetter {
            version: "1",
            time: time.fmt(Format::DateTime).map_err(|error| Fault::new("writing the time", error))?,
            function: &self.function,
            reason: &shown,
            cause: reason.cause(),
            record,
        };
        let body = serde_json::to_string(&letter).map_err(|error| Fault::new("writing a dead letter as JSON", error))?;
        Ok(acceptable(&body))
    }
}

/// `body`, a JSON text, without the two characters that JSON allows as they are and SQS refuses.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn acceptable(body: &str) -> String {
    body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

/// The record without its images.
fn without_images(record: &RawValue) -> Result<Box<RawValue>, Fault> {
    let unreadable = |error| Fault::new("shortening a dead letter", error);
    let record: Value = serde_json::from_str(record.get()).map_err(unreadable)?;
    serde_json::value::to_raw_value(&records::without_images(&record)).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_sqs_refuses_is_escaped_and_means_the_same() {
        let body = serde_json::to_string(&json!({"text": "a\u{fffe}b\u{ffff}"})).unwrap();
        assert_eq!(acceptable(&body), r#"{"text":"a\ufffeb\uffff"}"#);
        assert_eq!(serde_json::from_str::<Value>(&acceptable(&body)).unwrap(), json!({"text": "a\u{fffe}b\u{ffff}"}));
    }

    #[test]
    fn a_record_without_its_images_still_says_which_row_it_is_about() {
        let record = json!({"eventID": "e", "dynamodb": {"Keys": {"k": {"S": "1"}}, "NewImage": {"n": {"N": "1"}}, "SequenceNumber": "7"}});
        let short = without_images(&serde_json::value::to_raw_value(&record).unwrap()).unwrap();
        let short: Value = serde_json::from_str(short.get()).unwrap();
        assert_eq!(short, json!({"eventID": "e", "dynamodb": {"Keys": {"k": {"S": "1"}}, "SequenceNumber": "7"}}));
    }
}
