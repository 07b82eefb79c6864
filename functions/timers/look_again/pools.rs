//! A pool in which somebody waits.
//!
//! Reads whether anybody still does: most have been matched by then. Writes the pool's own row, whose stream event makes tickets_match look
//! and, if need be, set the next timer. Only the timer that the row names touches it, and only once.

use muster_aws::{Config, ConfigError, Fault, Tickets};

/// The timers of pools.
pub(crate) struct PoolTimers(Tickets);

impl PoolTimers {
    pub(crate) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Tickets::from_config(config).map(Self)
    }

    pub(crate) async fn look(&self, pool: &str, due_at: u64) -> Result<(), Fault> {
        // Where nobody is, the row goes on naming this time, which is past: whoever comes notes another one.
        if self.0.has_any(pool).await? {
            self.0.touch(pool, due_at).await?;
        }
        Ok(())
    }
}
