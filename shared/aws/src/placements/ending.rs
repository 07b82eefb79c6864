//! The end of a placement, whoever brings it about: GameLift's event, the forwarder or the timer.
//!
//! First the outcome is written down, once. Then the players are told, step by step, by whoever finds that they have not been: each step
//! may be done again, so that a death between them is made good by the repetition, by anyone who comes later, and by the timer at the
//! latest. A player's seat is given up before that player is told, so that it can ask again at once.

use futures_util::{StreamExt, stream};
use muster_game::placement::Change;
use muster_protocol::SeatKind;

use super::{End, PlacementRow, Placements};
use crate::{Config, ConfigError, Fault, PlayerSessionRow, PlayerSessions, Seats};

/// How many players are told side by side.
const PLAYERS_AT_ONCE: usize = 32;

/// Ends placements.
#[derive(Debug)]
pub struct Ending {
    /// The placements.
    pub placements: Placements,
    player_sessions: PlayerSessions,
    seats: Seats,
}

impl Ending {
    /// Reads `PLACEMENTS_TABLE`, `PLAYER_SESSIONS_TABLE`, and what [`Seats`] reads.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self {
            placements: Placements::from_config(config)?,
            player_sessions: PlayerSessions::from_config(config)?,
            seats: Seats::from_config(config)?,
        })
    }

    /// Ends a placement, unless it has ended before, and tells its players how it has: also where another was first, which may have died
    /// before it told anybody. The placement as it is then, if it is known.
    ///
    /// # Errors
    /// A [`Fault`] if a table cannot be written: then this is to be done again.
    pub async fn end(&self, placement_id: &str, by: &str, end: &End) -> Result<Option<PlacementRow>, Fault> {
        let ended = self.placements.end(placement_id, by, end).await?;
        let Some(row) = ended.row else { return Ok(None) };
        let (cause, outcome, late) = (&row.cause, row.outcome, (!ended.written).then_some(end.outcome));
        tracing::info!(cause, by, placementId = placement_id, ?outcome, reason = row.reason, ?late, "ended");
        self.tell(&row).await?;
        Ok(Some(row))
    }

    /// Tells the players of a placement that has ended, and frees them. Done again, it changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] if a table cannot be written: then this is to be done again.
    pub async fn tell(&self, row: &PlacementRow) -> Result<(), Fault> {
        if row.told {
            return Ok(());
        }
        let rows = PlayerSessionRow::of_placement(row);
        for_each(rows.iter().map(async |told| {
            self.seats.release(&told.player_id, row.lane(), SeatKind::Placement, &row.placement_id).await?;
            self.player_sessions.insert(told).await
        }))
        .await?;
        self.placements.change(&row.placement_id, &row.by, |row| row.after(Change::Tell).filter(|_| !row.told)).await.map(drop)
    }

    /// Closes the session of every player of a fulfilled placement whose game session is over. Done again, it changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] if a table cannot be written: then this is to be done again.
    pub async fn close(&self, row: &PlacementRow) -> Result<(), Fault> {
        let rows = PlayerSessionRow::of_placement(row);
        for_each(rows.iter().map(|row| self.player_sessions.close(row))).await
    }
}

/// Does what is to be done for each player, some side by side, also where it fails for one: nobody is to wait for another's row.
async fn for_each(players: impl Iterator<Item = impl Future<Output = Result<(), Fault>>>) -> Result<(), Fault> {
    let done: Vec<Result<(), Fault>> = stream::iter(players).buffer_unordered(PLAYERS_AT_ONCE).collect().await;
    done.into_iter().collect()
}
