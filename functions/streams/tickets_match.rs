//! tickets → matches: whoever waits in a pool is matched with others, as soon as there are any who fit.
//!
//! - Trigger: the stream of tickets, in batches: tickets that were inserted or are back, and pools whose timer has fired.
//! - Reads: for each pool in the batch its oldest tickets, those of the neighbouring bands that widening allows, and the connections of the
//!   players who are chosen. Writes: for each match one transaction that deletes its tickets, moves the seats on and inserts the match, or
//!   the placement of a hosted mode; tickets whose players are away are stamped, and closed and removed when that lasts; and when the pool
//!   is to be looked at again (SQS).
//! - Pushes: `pool`, to those whose ticket came to nothing.
//! - Safe to repeat: a ticket is used once, since its transaction deletes it; however many look at a pool, the others are refused.

mod look;
mod pool;
mod used;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use lambda_runtime::Error;
use look::Looker;
use muster_aws::{
    PoolRow, TicketRow,
    harness::{self, FailedRow, Row},
    telemetry::Metrics,
};
use pool::Pool;

/// How many pools are looked at side by side.
const POOLS_AT_ONCE: usize = 8;

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::changes(Looker::from_config, match_tickets).await
}

async fn match_tickets(looker: &Looker, batch: Vec<Row<PoolRow>>, metrics: &Metrics) -> Vec<FailedRow> {
    let mut pools: BTreeMap<&str, Vec<&Row<PoolRow>>> = BTreeMap::new();
    for row in &batch {
        pools.entry(row.row.pool()).or_default().push(row);
    }
    let looked = pools.into_iter().map(async |(pool, rows)| {
        let known = rows.iter().filter_map(|row| match &row.row {
            PoolRow::Ticket(ticket) => Some(ticket.clone()),
            PoolRow::Look(_) => None,
        });
        let known: Vec<TicketRow> = known.collect();
        match Pool::of(pool) {
            Ok(pool) => match looker.look(&pool, known, rows[0].cause(), metrics).await {
                Ok(()) => Vec::new(),
                Err(fault) => vec![FailedRow::new(rows[0], fault)],
            },
            Err(_) => rows.iter().filter_map(|row| Some(FailedRow::impossible(row, Pool::of(pool).err()?))).collect(),
        }
    });
    stream::iter(looked).buffer_unordered(POOLS_AT_ONCE).flat_map(stream::iter).collect().await
}
