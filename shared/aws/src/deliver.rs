//! Rows on their way to the players they are for: what every consumer does that pushes what it was handed.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use muster_protocol::ServerFrame;

use crate::{
    Fault, Push, Read, clock,
    harness::{FailedRow, Row},
    push::{Outgoing, PushFault},
    telemetry::{Metric, Metrics},
};

/// How many players are served side by side; [`Push`] bounds the connections.
const PLAYERS_AT_ONCE: usize = 32;

/// How long how something stands is news, in milliseconds: as long as API Gateway lets a socket be silent. Older rows come after a long
/// outage, or from a mapping that was made anew, which begins a day ago. By then players have asked by `resume`, and an over match or an
/// ended session would come to clients that never saw its beginning.
const NEWS: u64 = 10 * 60 * 1_000;

/// A row that is pushed.
pub trait Deliverable {
    /// Who is to get it, and what each of them sees.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be shown. Trying again cannot help.
    fn frames(&self) -> Result<Vec<(&str, ServerFrame)>, Fault>;

    /// From when on it is of no use to anybody, in whole epoch seconds.
    fn expires_at(&self) -> u64;

    /// When what led to it reached Muster, in epoch milliseconds.
    fn since(&self) -> u64;

    /// Whether a player who is told of it late takes it for what is. Then it is not pushed once it is as old as [`NEWS`].
    const IS_NEWS: bool;

    /// Writes a line in the log: what became of it.
    fn log(&self, delivery: &Delivery<'_>);
}

/// What became of a row.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The request that led to the row.
    pub cause: &'a str,
    /// The request that made this write of it.
    pub by: &'a str,
    /// How many rows were handed over with it.
    pub batch: usize,
    /// How many sockets it has reached.
    pub connections: usize,
    /// The first of these, with spaces between.
    pub sockets: &'a str,
}

/// How many sockets a line names.
const NAMED: usize = 8;

/// Pushes a batch of rows to every device of their players, to each player in the order of the stream, and answers with those that failed.
/// A row that can be shown to nobody, or fits into no frame, can never succeed. What nobody is there to take is left to `resume`. `read` is
/// how a player's connections are read.
pub async fn deliver<T: Deliverable>(push: &Push, batch: &[Row<T>], read: Read, metrics: &Metrics) -> Vec<FailedRow> {
    let now = clock::now_milliseconds();
    let is_wanted = |row: &T| row.expires_at() > now / 1_000 && !(T::IS_NEWS && row.since() + NEWS < now);
    let mut players: BTreeMap<&str, Vec<(usize, Outgoing)>> = BTreeMap::new();
    let mut failed = Vec::new();
    for (index, row) in batch.iter().enumerate().filter(|(_, row)| is_wanted(&row.row)) {
        let frames = row.row.frames().and_then(|frames| {
            let outgoing = frames.into_iter().map(|(player, frame)| Ok((player, Outgoing::new(&frame, row.row.since())?)));
            outgoing.collect::<Result<Vec<_>, Fault>>()
        });
        match frames {
            Ok(frames) => frames.into_iter().for_each(|(player, frame)| players.entry(player).or_default().push((index, frame))),
            Err(fault) => failed.push(FailedRow::impossible(row, fault)),
        }
    }
    let deliveries = players.into_iter().map(async |(player, frames)| {
        let (rows, frames): (Vec<usize>, Vec<Outgoing>) = frames.into_iter().unzip();
        let pushed = push.to_player(player, &frames, read, metrics).await;
        (rows, pushed)
    });
    let served: Vec<_> = stream::iter(deliveries).buffer_unordered(PLAYERS_AT_ONCE).collect().await;
    let mut reached: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (rows, pushed) in served {
        let (through, connections) = match pushed {
            Ok(connections) => (rows.len(), connections),
            // The stream repeats everything from the first that failed.
            Err(PushFault { index, fault }) => {
                failed.push(FailedRow::new(&batch[rows[index]], fault));
                (index, Vec::new())
            }
        };
        rows[..through].iter().for_each(|row| reached.entry(*row).or_default().extend(connections.iter().cloned()));
    }
    for (index, connections) in reached {
        let row = &batch[index];
        let sockets = connections[..connections.len().min(NAMED)].join(" ");
        let connections = connections.len();
        row.row.log(&Delivery { cause: row.cause(), by: row.by(), batch: batch.len(), connections, sockets: &sockets });
        if connections > 0 {
            metrics.record(Metric::RowsDelivered, 1);
        }
    }
    failed
}
