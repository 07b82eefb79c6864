//! Somebody looks again at a row of which nothing was heard for as long as something should have been.
//!
//! - Trigger: the queue of timers (SQS), in batches: delayed messages that name a match, a placement or a pool. matches_announce,
//!   placements_forward and tickets_match send them; the timer of a match also sends itself on.
//! - Reads and writes: see `matches.rs`, `placements.rs` and `pools.rs`. Pushes nothing: the rows' stream events do.
//! - Safe to repeat: each says for what it was set. One that is late, early, repeated or about what is over does nothing, or finishes what
//!   its earlier run began.

mod matches;
mod placements;
mod pools;

use lambda_runtime::Error;
use muster_aws::{
    Config, ConfigError, Timer,
    harness::{self, Fired, Trouble},
    telemetry::Metrics,
};

use self::{matches::MatchTimers, placements::PlacementTimers, pools::PoolTimers};

struct State {
    matches: MatchTimers,
    placements: PlacementTimers,
    pools: PoolTimers,
}

/// Answers events for as long as the environment lives.
pub async fn run() -> Result<(), Error> {
    harness::timer(State::from_config, look_again).await
}

impl State {
    fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            matches: MatchTimers::from_config(config)?,
            placements: PlacementTimers::from_config(config)?,
            pools: PoolTimers::from_config(config)?,
        })
    }
}

async fn look_again(state: &State, fired: Fired<Timer>, metrics: &Metrics) -> Result<(), Trouble> {
    let Fired { timer, again, deadline } = &fired;
    let looked = match timer {
        Timer::Match { match_id, armed, .. } => state.matches.look(timer, match_id, *armed, *again).await,
        Timer::Placement { placement_id, recheck, .. } => state.placements.look(placement_id, *recheck, *deadline, metrics).await,
        Timer::Pool { pool, due_at, .. } => state.pools.look(pool, *due_at).await,
    };
    looked.map_err(|fault| Trouble::Again(fault.of_request(timer.cause())))
}
