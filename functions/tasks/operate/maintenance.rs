//! Closing the game for maintenance, and telling those who are connected.

use muster_aws::{Failure, MessageRow, clock, message_id, operations::Maintenance};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{State, as_json};

/// Who it is from, as announcements are.
const SENDER: &str = "service";

/// The type of the announcement.
const KIND: &str = "maintenance";

/// What of the time of an invocation is kept for answering.
const ANSWERING: Duration = Duration::from_secs(5);

impl State {
    /// Closes or opens the game, and tells a page of the players who are connected. The answer's `next` says where to go on.
    pub(super) async fn maintain(&self, on: bool, who: &str, next: Option<Value>, deadline: Instant) -> Result<Value, Failure> {
        let mut maintenance = self.operations.maintenance().await?;
        if maintenance.on != on {
            maintenance = Maintenance { on, since: clock::now_milliseconds(), who: who.to_owned() };
            self.operations.set_maintenance(&maintenance).await?;
            tracing::info!(on, who, "maintenance");
        }
        let (players, next) = self.tables.connected(next.as_ref()).await?;
        // The time is that of the change, so that a page which is told again makes the same rows.
        let row = |player: &String| MessageRow {
            recipient_id: player.clone(),
            message_id: message_id(maintenance.since, SENDER, KIND, player).to_string(),
            sender_id: SENDER.to_owned(),
            announcement: Some(KIND.to_owned()),
            request_id: None,
            message: json!({ "on": on }).to_string(),
            sent_at: maintenance.since,
            expires_at: self.messages.expiry(maintenance.since),
            cause: format!("{KIND}-{}", maintenance.since),
        };
        let rows: Vec<MessageRow> = players.iter().map(row).collect();
        let unwritten = self.messages.insert(&rows, deadline - ANSWERING).await?;
        let mut answer = as_json(&maintenance)?;
        answer["told"] = (rows.len() - unwritten.len()).into();
        if let Some(next) = next {
            answer["next"] = next;
        }
        Ok(answer)
    }
}
