//! Asking for a placement, and changing it.

use std::collections::BTreeMap;

use muster_game::{Lane, placement::Change};
use muster_protocol::{Outcome, Seat, SeatKind};

use super::{PlacementRow, Placements, read::key};
use crate::{
    Changed, Failure, Fault, SeatRow, Seats,
    change::{Decision, Read},
    clock,
    game_sessions::GameSession,
    matches::seat_expiry,
};

/// How a placement ends, with all that is to be remembered of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// The game session, if it is fulfilled.
    pub session: Option<GameSession>,
    /// The player sessions in it, by player.
    pub player_sessions: BTreeMap<String, String>,
}

impl End {
    /// There is a game session.
    #[must_use]
    pub fn fulfilled(session: GameSession, player_sessions: BTreeMap<String, String>) -> Self {
        Self { outcome: Outcome::Fulfilled, reason: None, session: Some(session), player_sessions }
    }

    /// There is none, and this is why.
    pub fn without(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()), session: None, player_sessions: BTreeMap::new() }
    }

    /// There is none, for the usual reason of this outcome.
    #[must_use]
    pub fn usual(outcome: Outcome) -> Self {
        let reason = match outcome {
            Outcome::TimedOut => "no game server was free in time",
            Outcome::Cancelled => "the placement was cancelled",
            _ => "no game server could be started",
        };
        Self::without(outcome, reason)
    }

    /// The row with this end, if it has none yet.
    pub(super) fn of(&self, row: &PlacementRow) -> Option<PlacementRow> {
        let ended = row.after(Change::End(self.outcome))?;
        Some(PlacementRow {
            ended_at: Some(clock::now_milliseconds()),
            reason: self.reason.clone(),
            session: self.session.clone(),
            player_sessions: self.player_sessions.clone(),
            ..ended
        })
    }
}

/// A placement that a player asks for.
#[derive(Clone, Debug)]
pub struct PlacementRequest<'a> {
    /// What it is to be called: the same whenever the same request is handled.
    pub placement_id: &'a str,
    /// Who asks and is to be placed.
    pub player_id: &'a str,
    /// The player's own id of its request.
    pub request_id: Option<&'a str>,
    /// The mode.
    pub mode: &'a str,
    /// Which of the player's seats it takes.
    pub lane: Lane,
    /// Milliseconds to a region and back, by region.
    pub latencies: BTreeMap<String, u32>,
    /// When the timer looks, in epoch milliseconds.
    pub due_at: u64,
    /// When the request reached the gateway, in epoch milliseconds.
    pub received_at: u64,
    /// The gateway's id of the request.
    pub cause: &'a str,
}

impl Placements {
    /// Inserts the placement and takes the player's seat. Answers with its id: that of an earlier one, if the request is a repetition.
    ///
    /// # Errors
    /// [`Code::Seated`](muster_protocol::Code::Seated) if the player holds a seat in something else; a [`Fault`] if the tables cannot be
    /// written.
    pub async fn request(&self, seats: &Seats, request: PlacementRequest<'_>) -> Result<String, Failure> {
        let PlacementRequest { placement_id, player_id, request_id, mode, lane, latencies, due_at, received_at, cause } = request;
        let latencies = if latencies.is_empty() { BTreeMap::new() } else { BTreeMap::from([(player_id.to_owned(), latencies)]) };
        let new = || PlacementRow {
            mode: Some(mode.to_owned()),
            latencies: latencies.clone(),
            due_at,
            ..PlacementRow::new(placement_id, vec![player_id.to_owned()], received_at, cause)
        };
        let seat = Seat { kind: SeatKind::Placement, id: placement_id.to_owned(), request_id: request_id.map(str::to_owned) };
        let seat = SeatRow::new(player_id, lane, seat, seat_expiry(), cause);
        let decide = |row: Option<&PlacementRow>| match row {
            // This very event has been handled before.
            Some(_) => Decision::nothing(Ok(())),
            None => Decision { row: Some(new()), seat: Some(seat.clone()), answer: Ok(()) },
        };
        let changed = self.rows.change(&key(placement_id), Read::Absent, Some(seats), decide).await?;
        Ok(changed.answer.map_or_else(|held| held.holds, |()| placement_id.to_owned()))
    }

    /// Changes a placement as `after` says, on behalf of `by`; not at all where that gives no row. The answer is whether there is one.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read or written.
    pub async fn change(
        &self,
        placement_id: &str,
        by: &str,
        after: impl Fn(&PlacementRow) -> Option<PlacementRow>,
    ) -> Result<Changed<PlacementRow, ()>, Fault> {
        let decide = |row: Option<&PlacementRow>| {
            let next = row.and_then(|row| Some(PlacementRow { revision: row.revision + 1, by: by.to_owned(), ..after(row)? }));
            Decision { row: next, seat: None, answer: Ok(()) }
        };
        self.rows.change(&key(placement_id), Read::Eventual, None, decide).await.map_err(Failure::into_fault)
    }

    /// Ends a placement, if it has not ended.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read or written.
    pub async fn end(&self, placement_id: &str, by: &str, end: &End) -> Result<Changed<PlacementRow, ()>, Fault> {
        self.change(placement_id, by, |row| end.of(row)).await
    }

    /// Notes that the game session of a fulfilled placement is over; the first time counts. The placement, unless it has another session.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read or written.
    pub async fn close(&self, placement_id: &str, by: &str, arn: &str, results: Option<&String>) -> Result<Option<PlacementRow>, Fault> {
        let is_its_session = |row: &PlacementRow| row.session.as_ref().is_some_and(|session| session.game_session_arn == arn);
        let closed = self.change(placement_id, by, |row| {
            let results = row.results.clone().or_else(|| results.cloned());
            let closed = PlacementRow { closed_at: row.closed_at.or_else(|| Some(clock::now_milliseconds())), results, ..row.clone() };
            (is_its_session(row) && closed != *row).then_some(closed)
        });
        Ok(closed.await?.row.filter(is_its_session))
    }
}
