//! `StartMessageMoveTask`, `CancelMessageMoveTask` and `ListMessageMoveTasks`: dead letters go back to where they came from, or elsewhere.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::sqs::{
    Sqs,
    error::Refusal,
    move_task::{Status, handle, read_handle},
    queues::{Queues, name_of},
    request,
};

/// The queue that the ARN `parameter` names.
fn queue_of<'a>(queues: &Queues, parameter: &str, arn: &'a str) -> Result<&'a str, Refusal> {
    let absent = || Refusal::no_resource(format!("The resource that you specified for the {parameter} parameter doesn't exist."));
    let name = name_of(arn);
    // Only an ARN will do, although the name alone would be found.
    queues.get(name).filter(|_| name != arn).map(|_| name).ok_or_else(absent)
}

impl Sqs {
    pub(super) fn start_move(&self, request: &Value) -> Result<Value, Refusal> {
        let source_arn = request::text(request, "SourceArn")?;
        let destination_arn = request::optional_text(request, "DestinationArn")?;
        let rate = request::number(request, "MaxNumberOfMessagesPerSecond", 1..=500)?;
        let mut queues = self.queues();
        let source = queue_of(&queues, "SourceArn", source_arn)?;
        // Dead letters of Lambda and SNS are none of a queue, and AWS does not move them.
        if queues.sources(source).next().is_none() {
            return Err(Refusal::invalid("Source queue must be configured as a Dead Letter Queue."));
        }
        if let Some(destination_arn) = destination_arn
            && queue_of(&queues, "DestinationArn", destination_arn)? == source
        {
            return Err(Refusal::invalid("Source queue arn and destination queue arn cannot be the same."));
        }
        if queues.tasks(source).any(|task| task.status == Status::Running) {
            let message = "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
            return Err(Refusal::invalid(message));
        }
        let id = queues.begin_task(source, destination_arn.map(str::to_owned), rate, self.clock().now()).ok_or_else(Refusal::no_queue)?;
        tokio::spawn(self.clone().drive(source.to_owned(), id));
        Ok(json!({"TaskHandle": handle(id, source)}))
    }

    pub(super) fn cancel_move(&self, request: &Value) -> Result<Value, Refusal> {
        let handle = read_handle(request::text(request, "TaskHandle")?);
        let (id, source) = handle.ok_or_else(|| Refusal::invalid("Value for parameter TaskHandle is invalid."))?;
        let mut queues = self.queues();
        if queues.get(&source).is_none() {
            return Err(Refusal::no_resource("The resource that you specified for the SourceArn parameter doesn't exist."));
        }
        let task = queues.task_mut(&source, id).ok_or_else(|| Refusal::no_resource("Task does not exist."))?;
        if task.status != Status::Running {
            return Err(Refusal::invalid("Only active tasks can be cancelled."));
        }
        task.status = Status::Cancelled;
        Ok(json!({"ApproximateNumberOfMessagesMoved": task.moved}))
    }

    pub(super) fn list_moves(&self, request: &Value) -> Result<Value, Refusal> {
        let source_arn = request::text(request, "SourceArn")?;
        let most = request::number(request, "MaxResults", 1..=10)?.unwrap_or(1) as usize;
        let queues = self.queues();
        let source = queue_of(&queues, "SourceArn", source_arn)?;
        let tasks: Vec<_> = queues.tasks(source).take(most).map(|task| task.to_json(source)).collect();
        Ok(json!({"Results": tasks}))
    }

    /// Does the task's work until it has ended.
    async fn drive(self, source: String, id: Uuid) {
        loop {
            let step = self.queues().go_on(&source, id, self.clock().now());
            for destination in &step.destinations {
                self.wake(destination);
            }
            let Some(next) = step.next else { return };
            self.clock().sleep_until(next).await;
            // A task without a rate is always due: others get their turn.
            tokio::task::yield_now().await;
        }
    }
}
