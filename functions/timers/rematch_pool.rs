//! A pool in which somebody waits: the timer has it looked at again.
//!
//! - Trigger: the queue rematch-pool, to which tickets_match sends a message for a pool, delayed until it is worth looking.
//! - Writes: the pool's own row, whose stream event makes tickets_match look and, if need be, set the next timer. Reads and pushes nothing.
//! - Safe to repeat: only the timer that the row names touches it, and only once.

use lambda_runtime::Error;
use muster_aws::{
    RematchTimer, Tickets,
    harness::{self, Trouble},
    telemetry::Metrics,
};
use tokio::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::timer(Tickets::from_config, async |tickets: &Tickets, timer: RematchTimer, _: Instant, _: &Metrics| {
        let touched = tickets.touch(&timer.pool, timer.due_at).await;
        touched.map(drop).map_err(|fault| Trouble::Again(fault.of_request(&timer.cause)))
    })
    .await
}
