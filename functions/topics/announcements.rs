//! What trusted services have to say to players.
//!
//! - Trigger: the topic announcements (SNS): `{"playerIds":["alice"],"type":"reward","body":{"coins":5}}`.
//! - Writes: one row in messages per player, from the service. Reads and pushes nothing: the rows' stream events do (messages_deliver), and
//!   what a player who is away misses waits in its inbox like any message.
//! - Safe to repeat: soon after it was published, the same message gives every row the same key and content. Later it makes new rows, with
//!   the same sender and requestId, by which clients know them. What cannot be understood becomes a dead letter.

use std::time::Duration;

use lambda_runtime::Error;
use muster_aws::{
    Fault, MessageRow, Messages, clock,
    harness::{self, Notification, Trouble},
    message_id,
    telemetry::Metrics,
};
use muster_protocol::{events::Announcement, routes::OVERLAP_MILLISECONDS};
use tokio::time::Instant;

/// Who an announcement is from. A player of this name can be told apart: its messages have no `announcement`.
const SENDER: &str = "service";

/// How long after its publication an announcement may have an id of that time, in milliseconds. A player who has resumed since looks back
/// no further than the overlap: an older row would never be seen.
const FRESH_MILLISECONDS: u64 = OVERLAP_MILLISECONDS / 3;

/// How long is tried to write all rows.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::topic(Messages::from_config, announce).await
}

async fn announce(messages: &Messages, event: Notification<Announcement>, _: &Metrics) -> Result<(), Trouble> {
    let announcement = event.message;
    announcement.check().map_err(|problem| Trouble::Impossible(Fault::because(problem)))?;
    let sent_at = time_of(event.published_at, clock::now_milliseconds());
    let text = announcement.text();
    let row = |recipient: &str| MessageRow {
        recipient_id: recipient.to_owned(),
        message_id: message_id(sent_at, SENDER, &event.id, recipient).to_string(),
        sender_id: SENDER.to_owned(),
        announcement: Some(announcement.kind.clone()),
        request_id: Some(event.id.clone()),
        message: text.clone(),
        sent_at,
        expires_at: messages.expiry(sent_at),
        cause: event.id.clone(),
    };
    let rows: Vec<MessageRow> = announcement.recipients().into_iter().map(row).collect();
    let unwritten = messages.insert(&rows, Instant::now() + PATIENCE).await?;
    if !unwritten.is_empty() {
        return Err(Fault::because(format!("{} of {} players have not got the announcement", unwritten.len(), rows.len())).into());
    }
    tracing::info!(stored = rows.len(), announcement = announcement.kind, "announced");
    Ok(())
}

/// The time in the ids of an announcement that was published at `published_at` and is handled at `now`.
fn time_of(published_at: u64, now: u64) -> u64 {
    if now.saturating_sub(published_at) <= FRESH_MILLISECONDS { published_at.min(now) } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_that_was_held_up_has_an_id_that_players_still_look_for() {
        assert_eq!(time_of(100_000, 110_000), 100_000);
        assert_eq!(time_of(100_000, 110_001), 110_001);
        assert_eq!(time_of(100_000, 99_000), 99_000);
    }
}
