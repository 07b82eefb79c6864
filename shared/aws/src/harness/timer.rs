//! The harness of a timer: delayed messages of a queue, each answered for by itself.
//!
//! What may succeed later is reported to Lambda, so that the queue hands it over again, and moves it into the dead-letter queue when that
//! has happened too often. What can never succeed is sent there at once.

use aws_lambda_events::sqs::SqsMessage;
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent};
use muster_protocol::reading;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::{BURIAL, Config, ConfigError, Fault, Metric, Metrics, Trouble, answer::Answer, record::Batch, run, work_deadline};
use crate::dead_letters::DeadLetters;

/// A timer that is there.
#[derive(Clone, Debug)]
pub struct Fired<T> {
    /// What it says.
    pub timer: T,
    /// Whether it was handed over before: it may have been dealt with then, in part or wholly.
    pub again: bool,
    /// By when its handler must be through.
    pub deadline: Instant,
}

/// Runs the handler of timers that are `T` as JSON, several at once. Reads `DEAD_LETTERS_URL`, besides
/// what the handler's state reads.
///
/// # Errors
/// If the function cannot start.
pub async fn timer<S, T, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    T: DeserializeOwned,
    H: AsyncFn(&S, Fired<T>, &Metrics) -> Result<(), Trouble>,
{
    let state = |config: &Config| Ok((state(config)?, DeadLetters::from_config(config)?));
    run(state, async |(state, dead_letters): &(S, DeadLetters), event: LambdaEvent<Batch>, metrics: &Metrics| {
        let (deadline, is_replay) = (work_deadline(event.context.deadline) - BURIAL, event.payload.replay);
        let handled = event.payload.records.iter().map(async |record| {
            let handled = async { handler(state, read(record, deadline).map_err(Trouble::Impossible)?, metrics).await };
            let handled = timeout_at(deadline, handled).await;
            let Err(trouble) = handled.unwrap_or_else(|late| Err(Fault::new("working in time", late).into())) else { return None };
            if is_replay {
                return Some((identifier(record), Some(trouble.into_fault())));
            }
            let fault = trouble.settle(dead_letters, record).await.err()?;
            tracing::error!(cause = fault.cause(), error = fault.chain(), "a timer failed");
            metrics.record(Metric::Faults, 1);
            Some((identifier(record), None))
        });
        let mut answer = Answer::default();
        for failed in join_all(handled).await.into_iter().flatten() {
            match failed {
                (identifier, Some(fault)) => answer.fail_replay(identifier, &fault),
                (identifier, None) => answer.fail(identifier),
            }
        }
        Ok::<_, Fault>(answer)
    })
    .await
}

fn read<T: DeserializeOwned>(record: &RawValue, deadline: Instant) -> Result<Fired<T>, Fault> {
    let message: SqsMessage = serde_json::from_str(record.get()).map_err(|error| Fault::new("understanding the queue's message", error))?;
    let received = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1_u32);
    let body = message.body.unwrap_or_default();
    let timer = reading::read(&body).map_err(|complaint| Fault::new("understanding the timer", complaint))?;
    Ok(Fired { timer, again: received > 1, deadline })
}

/// What a message is reported by.
fn identifier(record: &RawValue) -> Option<String> {
    serde_json::from_str::<SqsMessage>(record.get()).ok()?.message_id
}
