//! Asynchronous invocation: events that were accepted and are on their way to their functions, whatever it takes.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    InvokeError, LambdaOptions, failure,
    invocation::Request,
    invocation_record::{self, GivenUp},
    pool::Pool,
    retries::{Outcome, Retries, RetryWaits, Step},
};
use crate::{
    clock,
    sqs::{LARGEST_MESSAGE, Sqs},
};

/// The events of all functions. Dropping it loses them.
pub(super) struct EventQueue {
    waits: RetryWaits,
    /// Where the queues for failures are.
    sqs: Option<Sqs>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl EventQueue {
    pub(super) fn new(options: &LambdaOptions) -> EventQueue {
        let (tasks, stopping) = Default::default();
        EventQueue { waits: options.retry_waits, sqs: options.sqs.clone(), tasks, stopping }
    }

    /// Accepts an event, which is delivered from now on; not while the stack stops.
    pub(super) fn accept(&self, pool: &Arc<Pool>, request: Request) -> Result<(), InvokeError> {
        if self.stopping.is_cancelled() {
            return Err(failure::stopped(&request.id));
        }
        pool.events.fetch_add(1, Relaxed);
        let retries = Retries::new(&pool.function.event_invoke, self.waits, clock::now());
        let event = Event { pool: Arc::clone(pool), sqs: self.sqs.clone(), request };
        self.tasks.spawn(self.stopping.clone().run_until_cancelled_owned(event.deliver(retries)));
        Ok(())
    }

    /// Stops delivering. What is not at its end then counts as lost.
    pub(super) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

struct Event {
    pool: Arc<Pool>,
    sqs: Option<Sqs>,
    /// The same for every attempt, so that they have one request id, as on AWS.
    request: Request,
}

impl Event {
    async fn deliver(self, mut retries: Retries) {
        let mut error = None;
        loop {
            match retries.next(clock::now()) {
                Step::Invoke => {
                    let outcome = match self.pool.invoke(self.request.clone()).await {
                        Ok(_) => Outcome::Handled,
                        Err(InvokeError::Throttled) => Outcome::Throttled,
                        Err(failure) => {
                            error = Some(failure);
                            Outcome::Failed
                        }
                    };
                    retries.answered(outcome);
                }
                Step::Wait(time) => {
                    sleep(time).await;
                    retries.waited();
                }
                Step::GiveUp(condition) => {
                    let given_up = GivenUp {
                        request_id: &self.request.id,
                        function_arn: &self.pool.arn,
                        condition,
                        invocations: retries.invocations(),
                        request: &self.request.payload,
                        error: error.as_ref(),
                    };
                    if let Err(why) = self.tell(&given_up) {
                        self.pool.logs.lost(&format!("the event {} was given up ({condition:?}), and {why}", self.request.id));
                    }
                    break;
                }
                Step::Done => break,
            }
        }
        self.pool.events.fetch_sub(1, Relaxed);
    }

    /// Tells the queue for failures of an event that was given up, or says why it was not told.
    fn tell(&self, given_up: &GivenUp<'_>) -> Result<(), String> {
        let Some(queue) = &self.pool.function.event_invoke.on_failure_queue else { return Err("there is no queue to tell".to_owned()) };
        let not_told = |why: &dyn std::fmt::Display| format!("{queue} was not told: {why}");
        let Some(sqs) = &self.sqs else { return Err(not_told(&"this Lambda has no SQS")) };
        let body = invocation_record::body(given_up, clock::now()).map_err(|error| not_told(&error))?;
        if body.len() > LARGEST_MESSAGE {
            return Err(not_told(&format_args!("its record has {} bytes, more than a message may have", body.len())));
        }
        sqs.send(queue, body).map(drop).map_err(|error| not_told(&error))
    }
}
