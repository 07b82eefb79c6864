//! Rows on their way to the player they are for: what every consumer does that pushes what it was handed.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use muster_protocol::ServerFrame;
use tracing::Instrument;

use crate::{
    Push, clock,
    harness::{FailedRow, Row},
    push::{Outgoing, PushFault},
    telemetry::{Metric, Metrics},
};

/// How many players are served side by side; [`Push`] bounds the connections.
const PLAYERS_AT_ONCE: usize = 32;

/// A row that is pushed.
pub trait Deliverable {
    /// Who is to get it, and what each of them sees.
    fn frames(&self) -> Vec<(&str, ServerFrame)>;

    /// From when on it is of no use to anybody, in whole epoch seconds.
    fn expires_at(&self) -> u64;

    /// When what led to it reached Muster, in epoch milliseconds.
    fn since(&self) -> u64;

    /// The message that it is, for the log.
    fn message_id(&self) -> Option<&str> {
        None
    }

    /// The match that it is of, for the log.
    fn match_id(&self) -> Option<&str> {
        None
    }

    /// The placement that it is about, for the log.
    fn placement_id(&self) -> Option<&str> {
        None
    }
}

/// Pushes a batch of rows to every device of their players, to each player in the order of the stream, and answers with those that failed. A
/// row that fits into no frame can never succeed. What nobody is there to take is left to `resume`.
pub async fn deliver<T: Deliverable>(push: &Push, batch: &[Row<T>], metrics: &Metrics) -> Vec<FailedRow> {
    let now = clock::now_seconds();
    let mut players: BTreeMap<&str, Vec<(&Row<T>, Outgoing)>> = BTreeMap::new();
    let mut failed = Vec::new();
    for row in batch.iter().filter(|row| row.row.expires_at() > now) {
        for (player, frame) in row.row.frames() {
            match Outgoing::new(&frame, row.row.since()) {
                Ok(frame) => players.entry(player).or_default().push((row, frame)),
                Err(fault) => failed.push(FailedRow::impossible(row, fault)),
            }
        }
    }
    let deliveries = players.into_iter().map(|(player, rows)| deliver_to(push, player, rows, metrics));
    let undelivered: Vec<FailedRow> =
        stream::iter(deliveries).buffer_unordered(PLAYERS_AT_ONCE).filter_map(async |row| row).collect().await;
    failed.extend(undelivered);
    failed
}

/// Pushes rows to their player, and returns the first that failed: the stream repeats everything from there.
async fn deliver_to<T: Deliverable>(push: &Push, player: &str, rows: Vec<(&Row<T>, Outgoing)>, metrics: &Metrics) -> Option<FailedRow> {
    let (rows, frames): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let pushed = push.to_player(player, &frames, metrics).instrument(tracing::info_span!("inbox", playerId = player)).await;
    match pushed {
        Ok(connections) => {
            for row in &rows {
                let (message, placement, in_match) = (row.row.message_id(), row.row.placement_id(), row.row.match_id());
                tracing::info!(
                    cause = row.cause(),
                    playerId = player,
                    messageId = message,
                    placementId = placement,
                    matchId = in_match,
                    connections,
                    "delivered"
                );
            }
            if connections > 0 {
                metrics.record(Metric::RowsDelivered, rows.len() as u64);
            }
            None
        }
        Err(PushFault { index, fault }) => Some(FailedRow::new(rows[index], fault)),
    }
}
