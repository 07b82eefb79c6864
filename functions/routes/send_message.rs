//! `sendMessage`: a message from the calling player to up to a hundred players.
//!
//! - Trigger: a client's frame.
//! - Writes: one row in messages per recipient. Reads nothing, and pushes nothing: the rows' stream events do (messages_deliver).
//! - Safe to repeat: the same event gives every row the same key and content, and a write that changes nothing has no stream event.
//!   A client that sends its request again makes new rows with the same sender and requestId, by which recipients know them.

use lambda_runtime::Error;
use muster_aws::{
    Failure, MessageRow, Messages,
    harness::{self, Call},
    message_id,
};
use muster_protocol::routes::{SendMessage, SentMessages};

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::route(Messages::from_config, send_message).await
}

async fn send_message(messages: &Messages, call: Call<SendMessage>) -> Result<SentMessages, Failure> {
    let expires_at = messages.expiry(call.received_at);
    let row = |recipient: &str| MessageRow {
        recipient_id: recipient.to_owned(),
        message_id: message_id(call.received_at, &call.player.id, &call.player.cause, recipient).to_string(),
        sender_id: call.player.id.clone(),
        announcement: None,
        request_id: call.request_id.clone(),
        message: call.body.message.clone(),
        sent_at: call.received_at,
        expires_at,
        cause: call.player.cause.clone(),
    };
    let mut rows: Vec<MessageRow> = call.body.recipients().map(row).collect();
    let unwritten = messages.insert(&rows, call.deadline).await?;

    rows.retain(|row| !unwritten.contains(row));
    tracing::info!(stored = rows.len(), unsent = unwritten.len(), "sent");
    Ok(SentMessages {
        message_ids: rows.into_iter().map(|row| (row.recipient_id, row.message_id)).collect(),
        unsent: unwritten.into_iter().map(|row| row.recipient_id).collect(),
    })
}
