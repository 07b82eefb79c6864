//! A round whose time is up: the timer resolves it with the plays that are there.
//!
//! - Trigger: the queue resolve-round, to which matches_schedule sends a message for each round that opens, delayed until its time is up.
//! - Reads: the match. Writes: the match behind its round, on condition that it is as it was read. Pushes nothing: the row's stream event tells both
//!   players, and sets the timer of the next round.
//! - Safe to repeat: it checks for which round it was set. One that is late or repeated does nothing, one that is early waits.

use std::time::Duration;

use lambda_runtime::Error;
use muster_aws::{
    Fault, Matches, RoundTimer, clock,
    harness::{self, Trouble},
    telemetry::Metrics,
};
use muster_protocol::MatchState;
use tokio::time::{Instant, sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    harness::timer(Matches::from_config, async |matches: &Matches, timer: RoundTimer, deadline: Instant, _: &Metrics| {
        let resolved = resolve(matches, &timer, deadline).await;
        resolved.map_err(|fault| Trouble::Again(fault.of_request(&timer.cause)))
    })
    .await
}

async fn resolve(matches: &Matches, timer: &RoundTimer, deadline: Instant) -> Result<(), Fault> {
    // A message may come a little early by this machine's clock: it has waited for whole seconds of another one. The clock may be adjusted meanwhile.
    loop {
        let early = Duration::from_millis(timer.due_at.saturating_sub(clock::now_milliseconds()));
        if early.is_zero() {
            break;
        }
        if Instant::now() + early >= deadline {
            return Err(Fault::because(format!("the timer of a round fired {} ms early", early.as_millis())));
        }
        sleep(early).await;
    }
    let Some(row) = matches.get(&timer.match_id).await? else { return Ok(()) };
    if row.state != MatchState::Playing || row.round != timer.round {
        return Ok(());
    }
    let row = matches.resolve(row).await?;
    if row.state == MatchState::Playing && row.round == timer.round {
        // This machine's clock was put back, or others were always faster: the round needs its timer still.
        return Err(Fault::because(format!("round {} is not resolved yet", row.round)));
    }
    Ok(())
}
