//! The actions, as the JSON protocol names them.

mod batch;
mod describe;
mod moves;
mod receive;
mod send;
mod settle;

use serde_json::{Value, json};

use super::{Sqs, error::Refusal, request};

impl Sqs {
    /// The answer to the request `action`.
    pub(super) async fn act(&self, action: &str, request: &Value) -> Result<Value, Refusal> {
        match action {
            "SendMessage" => self.send_message(request),
            "SendMessageBatch" => self.send_message_batch(request),
            "ReceiveMessage" => self.receive_message(request).await,
            "DeleteMessage" => self.delete_message(request::queue_name(request)?, request),
            "DeleteMessageBatch" => {
                batch::each(request, "DeleteMessageBatchRequestEntry", |queue, entry| self.delete_message(queue, entry))
            }
            "ChangeMessageVisibility" => self.change_visibility(request::queue_name(request)?, request),
            "ChangeMessageVisibilityBatch" => {
                let name = "ChangeMessageVisibilityBatchRequestEntry";
                batch::each(request, name, |queue, entry| self.change_visibility(queue, entry))
            }
            "GetQueueUrl" => self.queue_url(request),
            "GetQueueAttributes" => self.queue_attributes(request),
            "ListQueues" => self.list_queues(request),
            "ListDeadLetterSourceQueues" => self.list_sources(request),
            "PurgeQueue" => self.purge(request),
            "StartMessageMoveTask" => self.start_move(request),
            "CancelMessageMoveTask" => self.cancel_move(request),
            "ListMessageMoveTasks" => self.list_moves(request),
            "CreateQueue" | "DeleteQueue" | "SetQueueAttributes" => {
                Err(Refusal::unsupported(format!("{action} is refused: the queues of this stack are those of its template.")))
            }
            _ => Err(Refusal::unsupported(format!("{action} is not implemented by this stack."))),
        }
    }

    fn purge(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request::queue_name(request)?;
        let now = self.clock().now();
        let purged = self.queues().get_mut(name).ok_or_else(Refusal::no_queue)?.purge(now);
        if purged { Ok(json!({})) } else { Err(Refusal::purge_in_progress(name)) }
    }
}
