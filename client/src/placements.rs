//! What a program has been told of its player's placements, so that it is told each thing once and never of a game server that is gone. A
//! pure state machine, as the inbox is one: it sends nothing, reads no clock, and hands pushes to whoever calls it.
//!
//! Of one placement there are at most two things to tell: where the game server is, and that it is over. They come by pushes, which may be
//! repeated and overtake one another, and by the state that every resume begins with, which may be older than a push that was faster. So a
//! placement only goes forward: from nothing to its session, and from either to its end. Whatever would be a step back, or none, is
//! dropped. That makes the order in which they arrive irrelevant, and nothing of this needs to wait for the inbox.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
};

use muster_protocol::{PlacementPush, Seat, SeatKind, SessionPush, routes::PlayerState};

use crate::{Event, inbox::Offer};

/// How many placements are remembered. A player holds one seat, so this many come one after another, each asked for and ended, and the
/// first of them is long past being pushed again. Nor can a state show as many: the protocol leaves it 26 KB, which is 26 bytes for each.
const MOST_PLACEMENTS: usize = 1_024;

/// How far a placement has come, for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Its game server was handed out.
    Session,
    /// Its end was handed out. Nothing comes after it.
    Over,
}

/// A bounded memory of placements. It takes no heap before the first one.
#[derive(Debug)]
pub(crate) struct Placements {
    /// By the hash of their ids, which is keyed at random as that of messages is. The one heard of last is the last.
    told: VecDeque<(u64, Stage)>,
    /// What the latest state said.
    seat: Option<Seat>,
    /// Something was pushed and could not be handed out.
    due: bool,
    hasher: RandomState,
}

impl Placements {
    /// Nothing was told yet.
    pub(crate) fn new() -> Self {
        Self { told: VecDeque::new(), seat: None, due: false, hasher: RandomState::new() }
    }

    /// Whether something waits for the state that a resume begins with, and did not when the last resume began.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// A resume begins: whatever happened by now, its state shows.
    pub(crate) fn asked(&mut self) {
        self.due = false;
        self.seat = None;
    }

    /// A game server was pushed.
    pub(crate) fn session(&mut self, push: SessionPush, offer: &mut impl FnMut(Event) -> Offer) {
        self.due |= self.hand_out_session(push, offer) == Some(Offer::Full);
    }

    /// The end of a placement was pushed.
    pub(crate) fn ended(&mut self, push: PlacementPush, offer: &mut impl FnMut(Event) -> Offer) {
        self.due |= self.hand_out_end(push, offer) == Some(Offer::Full);
    }

    /// A resume has begun with this state. `false` if there was no room for all of it, so that it has to be asked for again.
    pub(crate) fn state(&mut self, state: PlayerState, offer: &mut impl FnMut(Event) -> Offer) -> bool {
        let PlayerState { seat, sessions, placements } = state;
        self.seat = seat;
        // What is known of it is not to make room for what is new in it.
        for id in sessions.iter().map(|push| &push.placement_id).chain(placements.iter().map(|push| &push.placement_id)) {
            self.touch(self.hasher.hash_one(id));
        }
        // The newest comes first, and is to be told last. A session that is over is not worth telling any more, hence the ends come first.
        placements.into_iter().rev().all(|push| self.hand_out_end(push, offer) != Some(Offer::Full))
            && sessions.into_iter().rev().all(|push| self.hand_out_session(push, offer) != Some(Offer::Full))
    }

    /// What the player waits for by the state of this resume. If a push has answered that meanwhile, it is nothing.
    pub(crate) fn take_seat(&mut self) -> Option<Seat> {
        let seat = self.seat.take()?;
        let answered = seat.kind == SeatKind::Placement && self.touch(self.hasher.hash_one(&seat.id)).is_some();
        (!answered).then_some(seat)
    }

    fn hand_out_session(&mut self, push: SessionPush, offer: &mut impl FnMut(Event) -> Offer) -> Option<Offer> {
        let placement = self.hasher.hash_one(&push.placement_id);
        self.hand_out(placement, Stage::Session, Event::Session(push), offer)
    }

    fn hand_out_end(&mut self, push: PlacementPush, offer: &mut impl FnMut(Event) -> Offer) -> Option<Offer> {
        let placement = self.hasher.hash_one(&push.placement_id);
        self.hand_out(placement, Stage::Over, Event::Placement(push), offer)
    }

    /// Hands out `event` if it brings its placement forward to `stage` (else `None`). Only what was taken counts, so that a state brings
    /// the rest.
    fn hand_out(&mut self, placement: u64, stage: Stage, event: Event, offer: &mut impl FnMut(Event) -> Offer) -> Option<Offer> {
        let before = self.touch(placement);
        if before >= Some(stage) {
            return None;
        }
        let offer = offer(event);
        if offer == Offer::Taken {
            if before.is_some() {
                self.told.pop_back();
            } else if self.told.len() == MOST_PLACEMENTS {
                self.told.pop_front();
            }
            self.told.push_back((placement, stage));
        }
        Some(offer)
    }

    /// How far a placement has come, of which something was heard just now: if it is known, it is the last one from now on.
    fn touch(&mut self, placement: u64) -> Option<Stage> {
        let at = self.told.iter().position(|(other, _)| *other == placement)?;
        let known = self.told.remove(at)?;
        self.told.push_back(known);
        Some(known.1)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
