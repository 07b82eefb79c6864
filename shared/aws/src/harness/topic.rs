//! The harness of a topic: notifications that SNS hands over.
//!
//! What may succeed later fails the invocation, which Lambda tries again after one and two minutes and then puts into the dead-letter
//! queue. What can never succeed is sent there at once.

use aws_lambda_events::sns::SnsRecord;
use lambda_runtime::{Error, LambdaEvent};
use muster_protocol::events::Event;
use serde_json::value::RawValue;
use tokio::time::timeout_at;
use tracing::Instrument;

use super::{BURIAL, Config, ConfigError, Fault, Metrics, Trouble, answer::Answer, record::Batch, run, work_deadline};
use crate::dead_letters::DeadLetters;

/// What somebody has published.
#[derive(Clone, Debug)]
pub struct Notification<T> {
    /// The message.
    pub message: T,
    /// SNS's id of it, which is the same however often it is handed over: the cause of all that it leads to.
    pub id: String,
    /// When it was published, in epoch milliseconds.
    pub published_at: u64,
}

/// Runs the handler of messages that are a `T`. Reads `DEAD_LETTERS_URL`, besides what the handler's state reads.
///
/// # Errors
/// If the function cannot start.
pub async fn topic<S, T, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    T: Event,
    H: AsyncFn(&S, Notification<T>, &Metrics) -> Result<(), Trouble>,
{
    let state = |config: &Config| Ok((state(config)?, DeadLetters::from_config(config)?));
    run(state, async |(state, dead_letters): &(S, DeadLetters), event: LambdaEvent<Batch>, metrics: &Metrics| {
        let deadline = work_deadline(event.context.deadline) - BURIAL;
        // SNS hands over one at a time. Were it more, one that fails must not keep the others from being handled.
        let mut failed = None;
        let mut answer = Answer::default();
        for record in &event.payload.records {
            let handled = async {
                let notification = read(record).map_err(Trouble::Impossible)?;
                let cause = notification.id.clone();
                let span = tracing::info_span!("notification", cause = cause.as_str());
                handler(state, notification, metrics).instrument(span).await.map_err(|trouble| trouble.of_request(&cause))
            };
            let handled = timeout_at(deadline, handled).await;
            let handled = handled.unwrap_or_else(|late| Err(Fault::new("working in time", late).into()));
            if let Err(trouble) = handled {
                if event.payload.replay {
                    answer.fail_replay(None, &trouble.into_fault());
                    continue;
                }
                failed = trouble.settle(dead_letters, record).await.err().or(failed);
            }
        }
        failed.map_or_else(|| Ok::<Answer, Fault>(answer), Err)
    })
    .await
}

fn read<T: Event>(record: &RawValue) -> Result<Notification<T>, Fault> {
    let record: SnsRecord = serde_json::from_str(record.get()).map_err(|error| Fault::new("understanding the notification", error))?;
    let id = record.sns.message_id;
    let message =
        T::read(&record.sns.message).map_err(|complaint| Fault::new("understanding the message", complaint).of_request(id.clone()))?;
    let published_at = u64::try_from(record.sns.timestamp.timestamp_millis()).unwrap_or_default();
    Ok(Notification { message, id, published_at })
}

#[cfg(test)]
mod tests {
    use muster_protocol::events::Announcement;
    use serde_json::json;

    use super::*;

    fn record(message: &str) -> Box<RawValue> {
        let record = json!({"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:us-east-1:123456789012:t:u",
            "Sns": {"Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Subject": null,
                "Message": message, "Timestamp": "2015-08-18T18:02:32.111Z", "SignatureVersion": "1", "Signature": "s",
                "SigningCertUrl": "https://c", "UnsubscribeUrl": "https://u", "MessageAttributes": {"k": {"Type": "String", "Value": "v"}}}});
        serde_json::value::to_raw_value(&record).unwrap()
    }

    #[test]
    fn a_notification_is_read_with_its_id_and_time() {
        let notification: Notification<Announcement> = read(&record(r#"{"playerIds":["a"],"type":"t"}"#)).unwrap();
        assert_eq!((notification.id.as_str(), notification.published_at), ("m1", 1_439_920_952_111));
        assert_eq!(notification.message.kind, "t");
    }

    #[test]
    fn a_message_that_is_not_as_it_should_be_says_which_it_was() {
        let fault = read::<Announcement>(&record(r#"{"playerIds":["a"],"type":7}"#)).unwrap_err();
        assert_eq!(fault.cause(), Some("m1"));
        assert_eq!(fault.chain(), "understanding the message: type: invalid type: integer `7`, expected a string");
        assert!(read::<Announcement>(&serde_json::value::to_raw_value("odd").unwrap()).unwrap_err().chain().contains("notification"));
    }
}
