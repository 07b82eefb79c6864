//! messages → push: a row inserted into an inbox is pushed to every device of its player.
//!
//! - Trigger: the stream of messages, inserted rows only, in batches.
//! - Reads: the connections of each distinct recipient, once a batch. Writes: deletes the rows of connections that are gone.
//! - Pushes: `message`, to each connection in the order of the stream. A row that fits into no frame becomes a dead letter.
//! - Safe to repeat: a push that is repeated carries the same messageId, by which clients drop it. What nobody is there to take
//!   stays in the inbox.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use muster_aws::{
    MessageRow, Push, clock,
    harness::{self, FailedRow, Row},
    push::{Outgoing, PushFault},
    telemetry::{Metric, Metrics},
};
use muster_protocol::ServerFrame;
use tracing::Instrument;

/// How many players are served side by side; [`Push`] bounds the connections.
const PLAYERS_AT_ONCE: usize = 32;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::stream(Push::from_config, deliver).await
}

async fn deliver(push: &Push, batch: Vec<Row<MessageRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let now = clock::now_seconds();
    let mut inboxes: BTreeMap<String, Vec<(Row<MessageRow>, Outgoing)>> = BTreeMap::new();
    let mut failed = Vec::new();
    for row in batch.into_iter().filter(|row| row.row.expires_at > now) {
        match Outgoing::new(&ServerFrame::Message(row.row.clone().into()), row.row.sent_at) {
            Ok(frame) => inboxes.entry(row.row.recipient_id.clone()).or_default().push((row, frame)),
            Err(fault) => failed.push(FailedRow::impossible(&row, fault)),
        }
    }
    let deliveries = inboxes.into_iter().map(|(player, inbox)| deliver_to(push, player, inbox, metrics));
    let undelivered: Vec<FailedRow> =
        stream::iter(deliveries).buffer_unordered(PLAYERS_AT_ONCE).filter_map(async |row| row).collect().await;
    failed.extend(undelivered);
    failed
}

/// Pushes rows to their player, and returns the first that failed: the stream repeats everything from there.
async fn deliver_to(push: &Push, player: String, inbox: Vec<(Row<MessageRow>, Outgoing)>, metrics: &Metrics) -> Option<FailedRow> {
    let (rows, frames): (Vec<_>, Vec<_>) = inbox.into_iter().unzip();
    let pushed = push.to_player(&player, &frames, metrics).instrument(tracing::info_span!("inbox", playerId = player)).await;
    match pushed {
        Ok(connections) => {
            for Row { row, .. } in &rows {
                tracing::info!(cause = row.cause, playerId = player, messageId = row.message_id, connections, "delivered");
            }
            if connections > 0 {
                metrics.record(Metric::RowsDelivered, rows.len() as u64);
            }
            None
        }
        Err(PushFault { index, fault }) => Some(FailedRow::new(&rows[index], fault)),
    }
}
