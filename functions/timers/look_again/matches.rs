//! A match whose clock has to act.
//!
//! Reads the match. Writes the match behind its clock, which arms the next timer; or sends the timer on to when the clock acts next, if it
//! has been put off. See `muster_game::Match::look` for which timer counts.

use muster_aws::{Asking, Config, ConfigError, Failure, Fault, Matches, Timer, Timers, clock};
use muster_game::{Look, Wish};

/// The timers of matches.
pub(crate) struct MatchTimers {
    matches: Matches,
    timers: Timers,
}

impl MatchTimers {
    pub(crate) fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { matches: Matches::from_config(config)?, timers: Timers::from_config(config)? })
    }

    pub(crate) async fn look(&self, timer: &Timer, match_id: &str, armed: u64, again: bool) -> Result<(), Fault> {
        let mut found = self.matches.get(match_id).await?;
        while let Some(row) = found {
            let by = format!("timer-{armed}");
            let asking = Asking { player_id: "", request_id: None, cause: &by };
            let wish = match row.look(armed, again, clock::now_milliseconds()) {
                Look::End => return Ok(()),
                Look::SendOn(due_at) => {
                    let (match_id, cause) = (match_id.to_owned(), row.cause.clone());
                    return self.timers.set(&Timer::Match { match_id, armed, due_at, cause }).await;
                }
                Look::Act => Wish::Tick,
                Look::Arm => Wish::Arm,
            };
            let changed = self.matches.change(&row, wish, asking).await.map_err(Failure::into_fault)?;
            tracing::info!(cause = timer.cause(), by, matchId = match_id, ?wish, written = changed.written, "looked at a match");
            if changed.written {
                return Ok(());
            }
            // Somebody else was faster: it depends on what is there now.
            found = changed.row;
        }
        Ok(())
    }
}
