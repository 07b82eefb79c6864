//! The harness of a task: operators and their state machine invoke it, and wait for its answer.
//!
//! What cannot be done is an answer with a `problem`. A fault fails the invocation, and whoever invoked it may try again.

use lambda_runtime::{Error, LambdaEvent};
use muster_protocol::reading;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use super::{Config, ConfigError, Failure, Fault, Metrics, run, work_deadline};

/// A request of an operator.
#[derive(Clone, Debug)]
pub struct Task<A> {
    /// What is asked.
    pub asked: A,
    /// Lambda's id of the invocation: which request it was that changed a row.
    pub id: String,
    /// When the work must be over.
    pub deadline: Instant,
}

/// Runs the handler of requests that are an `A`.
///
/// # Errors
/// If the function cannot start.
pub async fn task<S, A, R, H>(state: impl FnOnce(&Config) -> Result<S, ConfigError>, handler: H) -> Result<(), Error>
where
    A: DeserializeOwned,
    R: Serialize,
    H: AsyncFn(&S, Task<A>) -> Result<R, Failure>,
{
    run(state, async |state: &S, event: LambdaEvent<Box<RawValue>>, _: &Metrics| {
        let deadline = work_deadline(event.context.deadline);
        let asked: A = match reading::read(event.payload.get()) {
            Ok(asked) => asked,
            Err(complaint) => return Ok(json!({"problem": complaint.to_string()})),
        };
        match handler(state, Task { asked, id: event.context.request_id, deadline }).await {
            Ok(answer) => serde_json::to_value(answer).map_err(|error| Fault::new("writing the answer as JSON", error)),
            Err(Failure::Rejection(rejection)) => Ok::<Value, Fault>(json!({"problem": rejection.message})),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    })
    .await
}
