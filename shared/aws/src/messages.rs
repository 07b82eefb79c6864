//! The inbox: rows of the table messages (key recipientId, messageId), kept until they expire.

mod insert;
mod read;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use muster_protocol::{MessagePush, ServerFrame};
use serde::{Deserialize, Serialize};

pub use read::{Page, Place};

use crate::{Config, ConfigError, Deliverable, Delivery, Fault};

/// One message in one player's inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Whose inbox it is in.
    pub recipient_id: String,
    /// A UUIDv7: see [`crate::message_id`].
    pub message_id: String,
    /// Who sent it.
    pub sender_id: String,
    /// The `type` of an announcement, which only a service can send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<String>,
    /// The sender's own id of its request, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The text.
    pub message: String,
    /// When the request reached the gateway, in epoch milliseconds.
    pub sent_at: u64,
    /// When the inbox forgets it, in whole epoch seconds.
    pub expires_at: u64,
    /// The gateway's id of the request that led to it.
    pub cause: String,
}

impl From<MessageRow> for MessagePush {
    /// The message as its recipient sees it, whether it is pushed or read from the inbox.
    fn from(row: MessageRow) -> Self {
        Self {
            message_id: row.message_id,
            sender_id: row.sender_id,
            announcement: row.announcement,
            request_id: row.request_id,
            message: row.message,
            sent_at: row.sent_at,
        }
    }
}

impl Deliverable for MessageRow {
    const IS_NEWS: bool = false;

    fn frames(&self) -> Result<Vec<(&str, ServerFrame)>, Fault> {
        Ok(vec![(&self.recipient_id, ServerFrame::Message(self.clone().into()))])
    }

    fn expires_at(&self) -> u64 {
        self.expires_at
    }

    fn since(&self) -> u64 {
        self.sent_at
    }

    fn log(&self, delivery: &Delivery<'_>) {
        let Delivery { cause, by, batch, connections, sockets } = delivery;
        let (player, id) = (&self.recipient_id, &self.message_id);
        tracing::info!(cause, by, playerId = player, messageId = id, batch, connections, sockets, "delivered");
    }
}

/// The inboxes.
#[derive(Debug)]
pub struct Messages {
    client: Client,
    table: String,
    retention: Duration,
}

impl Messages {
    /// Reads `MESSAGES_TABLE` and `RETENTION_HOURS`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            client: config.dynamodb()?,
            table: config.required("MESSAGES_TABLE")?.to_owned(),
            retention: Duration::from_secs(config.number("RETENTION_HOURS")? * 3_600),
        })
    }

    /// When a message that was sent at `sent_at` (epoch milliseconds) expires, in whole epoch seconds. It depends on nothing else,
    /// so that a repeated write is the same write.
    #[must_use]
    pub fn expiry(&self, sent_at: u64) -> u64 {
        sent_at / 1_000 + self.retention.as_secs()
    }
}
