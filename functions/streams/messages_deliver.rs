//! messages → push: a row inserted into an inbox is pushed to every device of its player.
//!
//! - Trigger: the stream of messages, inserted rows only, in batches.
//! - Reads: the connections of each distinct recipient, once a batch. Writes: deletes the rows of connections that are gone.
//! - Pushes: `message`, to each connection in the order of the stream.
//! - Safe to repeat: a push that is repeated carries the same messageId, by which clients drop it. What nobody is there to take
//!   stays in the inbox.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use muster_aws::{
    Fault, MessageRow, Push, clock,
    harness::{self, FailedRow, Row},
    push::{Outgoing, PushFault},
    telemetry::{Metric, Metrics},
};
use muster_protocol::{MessagePush, ServerFrame};
use tracing::Instrument;

/// How many players are served side by side; [`Push`] bounds the connections.
const PLAYERS_AT_ONCE: usize = 32;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::stream(Push::from_config, deliver).await
}

async fn deliver(push: &Push, batch: Vec<Row<MessageRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let now = clock::now_seconds();
    let mut inboxes: BTreeMap<String, Vec<Row<MessageRow>>> = BTreeMap::new();
    for row in batch.into_iter().filter(|row| row.row.expires_at > now) {
        inboxes.entry(row.row.recipient_id.clone()).or_default().push(row);
    }
    let deliveries = inboxes.iter().map(|(player, rows)| deliver_to(push, player, rows, metrics));
    stream::iter(deliveries).buffer_unordered(PLAYERS_AT_ONCE).filter_map(async |failed| failed).collect().await
}

/// Pushes `rows` to one player, and returns the first that failed: the stream repeats everything from there.
async fn deliver_to(push: &Push, player: &str, rows: &[Row<MessageRow>], metrics: &Metrics) -> Option<FailedRow> {
    let delivered = async {
        let frames = rows.iter().map(|row| frame(&row.row)).collect::<Result<Vec<_>, Fault>>();
        let frames = frames.map_err(|fault| PushFault { index: 0, fault })?;
        push.to_player(player, &frames, metrics).await
    };
    match delivered.instrument(tracing::info_span!("inbox", playerId = player)).await {
        Ok(connections) => {
            for Row { row, .. } in rows {
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

fn frame(row: &MessageRow) -> Result<Outgoing, Fault> {
    let message = MessagePush {
        message_id: row.message_id.clone(),
        sender_id: row.sender_id.clone(),
        request_id: row.request_id.clone(),
        message: row.message.clone(),
        sent_at: row.sent_at,
    };
    Outgoing::new(&ServerFrame::Message(message), row.sent_at)
}
