//! A match as somebody sees it.

use std::borrow::Cow;

use muster_protocol::{MatchEnding, MatchPush, MatchState};
use serde_json::Value;

use super::Match;
use crate::{
    Millis, SeatSet, Table, Viewer,
    erased::{Broken, ErasedTable},
};

/// When somebody sees a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Something has happened: the events are shown, and which of the viewer's actions are among them.
    Push,
    /// The viewer has asked.
    Reply,
}

impl Match {
    /// What its game is told of it at `now`.
    pub(super) fn table(&self, now: Millis) -> ErasedTable<'_> {
        Table {
            options: &self.options,
            now,
            revision: self.revision,
            host: self.host,
            seats: self.seats.clone(),
            awaits: self.awaits,
            due_at: self.due_at,
        }
    }

    /// The match as the player in `seat` sees it, or whoever watches it.
    ///
    /// # Errors
    /// [`Broken`], if its game cannot show it.
    pub fn seen_by(&self, seat: Option<usize>, occasion: Occasion, now: Millis) -> Result<MatchPush, Broken> {
        let (mut view, mut events) = (None, Vec::new());
        // One that came to nothing before it began has no state, and that of a void one cannot be shown.
        let is_void = self.outcome.as_ref().is_some_and(|outcome| outcome.ending == MatchEnding::Void);
        // And one whose mode is gone is shown by how it ended.
        let was_played = self.is_over() && !self.state.is_empty() && !is_void && self.played().is_ok();
        let has_view = self.phase == MatchState::Playing || was_played;
        let mut least = None;
        if has_view || self.phase == MatchState::Waiting {
            let game = self.played()?.game;
            if self.phase == MatchState::Waiting {
                let seats = game.seats(&self.options)?;
                least = Some(*seats.start());
            }
            if has_view {
                let viewer = seat.map_or(Viewer::Watcher(None), Viewer::Seat);
                // The same write is shown in the same way, whenever it is.
                let table = self.table(self.changed_at);
                let is_older = self.rules < game.rules();
                let state = if is_older { Cow::Owned(game.migrate(self.rules, &self.state)?) } else { Cow::Borrowed(&*self.state) };
                view = Some(game.view(&state, viewer, &table)?);
                if occasion == Occasion::Push && !self.events.is_empty() {
                    let all: Vec<Value> =
                        serde_json::from_str(&self.events).map_err(|error| Broken(format!("the events cannot be read: {error}")))?;
                    events = game.show(&all, viewer, &table)?;
                }
            }
        }
        let ack = seat.and_then(|seat| self.acks.get(seat)?.clone()).filter(|_| occasion == Occasion::Push);
        Ok(MatchPush {
            match_id: self.match_id.clone(),
            mode: self.mode.clone(),
            version: self.version,
            state: self.phase,
            players: self.seats.clone(),
            seat,
            host: least.is_some().then_some(self.host),
            least,
            awaits: self.awaits_as_seen_by(seat).iter().collect(),
            now,
            due_at: self.due_at,
            events,
            view,
            ack,
            outcome: self.outcome.clone(),
        })
    }

    /// Who must act, as far as `seat` may know: of the others, what everybody was told last.
    fn awaits_as_seen_by(&self, seat: Option<usize>) -> SeatSet {
        match seat {
            Some(seat) if self.awaits.contains(seat) => self.shown.with(seat),
            Some(seat) => self.shown.without(seat),
            None => self.shown,
        }
    }
}
