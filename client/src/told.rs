//! What a program has been told of its player's placements, tickets and matches, so that it is told each thing once and never of one that
//! has been overtaken. A pure state machine, as the inbox is one: it sends nothing, reads no clock, and hands pushes to whoever calls it.
//!
//! Of one placement there are at most two things to tell: where the game server is, and that it is over. Of one ticket there is one, that
//! it came to nothing; of one match, a view for each of its versions. They come by pushes, which may be repeated and overtake one another,
//! by replies, and by the state that every resume begins with, which may be older than a push that was faster. So each of them only goes
//! forward: a placement from nothing to its session and from either to its end, a match to higher versions. Whatever would be a step back,
//! or none, is dropped. That makes the order in which they arrive irrelevant, and nothing of this needs to wait for the inbox.
//!
//! A state has no match that is over. How one ended while its player was away is asked for besides: see [`playing`].

mod playing;

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
};

use muster_protocol::{MatchPush, MatchState, Seat, SeatKind, routes::PlayerState};

use self::playing::Playing;
use crate::{Event, inbox::Offer, news::News};

/// How many placements, tickets and matches are remembered. A player holds few seats, so this many come one after another, each asked for
/// and ended, and the first of them is long past being pushed again. Nor can a state show as many: the protocol leaves it 26 KB, which is
/// 26 bytes for each.
const MOST_REMEMBERED: usize = 1_024;

/// What is remembered of a placement, a ticket or a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    /// The hash of its kind and id, which is keyed at random as that of messages is.
    subject: u64,
    /// How far it has come, for the program.
    step: u64,
    /// Whether a seat that names it is out of date.
    settled: bool,
}

/// A bounded memory of what was told. It takes no heap before the first thing.
#[derive(Debug)]
pub(crate) struct Told {
    /// The one heard of last is the last.
    known: VecDeque<Known>,
    playing: Playing,
    /// What the latest state said.
    seats: Vec<Seat>,
    /// There is such a state, of the resume that is under way.
    stated: bool,
    /// Since then, what a ticket waits for was pushed.
    found: bool,
    /// Something was pushed and could not be handed out.
    due: bool,
    hasher: RandomState,
}

impl Told {
    /// Nothing was told yet.
    pub(crate) fn new() -> Self {
        Self {
            known: VecDeque::new(),
            playing: Playing::default(),
            seats: Vec::new(),
            stated: false,
            found: false,
            due: false,
            hasher: RandomState::new(),
        }
    }

    /// Whether something waits for the state that a resume begins with, and did not when the last resume began.
    pub(crate) fn is_due(&self) -> bool {
        self.due
    }

    /// A resume begins: whatever happened by now, its state shows.
    pub(crate) fn asked(&mut self) {
        (self.due, self.found) = (false, false);
        (self.seats, self.stated) = (Vec::new(), false);
        self.playing.asked();
    }

    /// Something was pushed, or is in an answer.
    pub(crate) fn pushed(&mut self, news: News, offer: &mut impl FnMut(Event) -> Offer) {
        let answers_ticket = news.answers_ticket();
        let offer = self.hand_out(news, offer);
        self.due |= offer == Some(Offer::Full);
        self.found |= answers_ticket && offer == Some(Offer::Taken);
    }

    /// A resume has begun with this state. `false` if there was no room for all of it, so that it has to be asked for again.
    pub(crate) fn state(&mut self, state: PlayerState, offer: &mut impl FnMut(Event) -> Offer) -> bool {
        let PlayerState { seats, matches, sessions, placements } = state;
        (self.seats, self.stated) = (seats, true);
        // The newest comes first, and is to be told last. A session that is over is not worth telling any more, hence the ends come first.
        let ends = placements.into_iter().rev().map(News::Placement);
        let sessions = sessions.into_iter().rev().map(News::Session);
        let all: Vec<News> = ends.chain(sessions).chain(matches.into_iter().map(News::Match)).collect();
        // What is known of it is not to make room for what is new in it.
        for news in &all {
            self.touch(news.subject());
        }
        all.into_iter().all(|news| self.hand_out(news, offer) != Some(Offer::Full))
    }

    /// A match that was played when the program was last told of it, and has ended since, by the state of this resume: its end is to be
    /// asked for.
    pub(crate) fn ended_unseen(&self) -> Option<&str> {
        let seated: Vec<&str> = self.seats.iter().filter(|seat| seat.kind == SeatKind::Match).map(|seat| seat.id.as_str()).collect();
        self.playing.ended(&seated).filter(|_| self.stated)
    }

    /// A match that was asked for is shown. `false` if there was no room for it, so that it has to be asked for again.
    pub(crate) fn shown(&mut self, match_id: &str, push: MatchPush, offer: &mut impl FnMut(Event) -> Offer) -> bool {
        let told = self.hand_out(News::Match(push), offer) != Some(Offer::Full);
        if told {
            self.playing.answered(match_id);
        }
        told
    }

    /// How this match ended cannot be told.
    pub(crate) fn forget(&mut self, match_id: &str) {
        self.playing.forget(match_id);
    }

    /// What the player is in or waits for by the state of this resume, without that to which a push has put an end meanwhile.
    pub(crate) fn take_seats(&mut self) -> Vec<Seat> {
        let mut seats = std::mem::take(&mut self.seats);
        seats.retain(|seat| {
            let settled = self.touch((seat.kind, &seat.id)).is_some_and(|known| known.settled);
            // Matches and placements do not tell of which ticket they came.
            let found = seat.kind == SeatKind::Ticket && self.found;
            !settled && !found
        });
        seats
    }

    /// Hands out what brings its subject forward, and drops the rest (`None`). Only what was taken counts, so that a state brings what was
    /// not.
    fn hand_out(&mut self, news: News, offer: &mut impl FnMut(Event) -> Offer) -> Option<Offer> {
        let before = self.touch(news.subject());
        if before.is_some_and(|before| before.step >= news.step()) {
            return None;
        }
        let known = Known { subject: self.hash(news.subject()), step: news.step(), settled: news.settles() };
        let in_match = if let News::Match(push) = &news { Some((push.match_id.clone(), is_played(push))) } else { None };
        let offer = offer(news.into());
        if offer == Offer::Taken {
            if let Some((match_id, is_played)) = in_match {
                self.playing.told(&match_id, is_played);
            }
            if before.is_some() {
                self.known.pop_back();
            } else if self.known.len() == MOST_REMEMBERED {
                self.known.pop_front();
            }
            self.known.push_back(known);
        }
        Some(offer)
    }

    /// What is known of a subject of which something was heard just now: if it is known, it is the last one from now on.
    fn touch(&mut self, subject: (SeatKind, &str)) -> Option<Known> {
        let subject = self.hash(subject);
        let at = self.known.iter().position(|known| known.subject == subject)?;
        let known = self.known.remove(at)?;
        self.known.push_back(known);
        Some(known)
    }

    /// Each kind has ids of its own, and one may choose what another has.
    fn hash(&self, (kind, id): (SeatKind, &str)) -> u64 {
        self.hasher.hash_one((kind.name(), id))
    }
}

/// Whether a match goes on, with this player in it.
fn is_played(push: &MatchPush) -> bool {
    let player = push.seat.and_then(|seat| push.players.get(seat));
    push.state == MatchState::Playing && player.is_some_and(|player| !player.left)
}

#[cfg(test)]
mod match_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod pushes;
#[cfg(test)]
mod tests;
