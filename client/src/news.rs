//! What a player is told beside its messages: of a placement, a ticket or a match. Each of these has an id and only goes forward.

use muster_protocol::{MatchPush, MatchState, PlacementPush, PoolPush, SeatKind, SessionPush};

use crate::Event;

/// A push that has no place in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// This player's game server.
    Session(SessionPush),
    /// The end of one of this player's placements.
    Placement(PlacementPush),
    /// A match of this player, as it is now.
    Match(MatchPush),
    /// The end of one of this player's tickets.
    Pool(PoolPush),
}

impl News {
    /// Of what it is.
    pub(crate) fn subject(&self) -> (SeatKind, &str) {
        match self {
            Self::Session(push) => (SeatKind::Placement, &push.placement_id),
            Self::Placement(push) => (SeatKind::Placement, &push.placement_id),
            Self::Match(push) => (SeatKind::Match, &push.match_id),
            Self::Pool(push) => (SeatKind::Ticket, &push.ticket_id),
        }
    }

    /// How far its subject has come with it. Whatever does not bring it further is old.
    pub(crate) const fn step(&self) -> u64 {
        match self {
            Self::Session(_) | Self::Pool(_) => 0,
            Self::Placement(_) => 1,
            // A version that came by a reply came without its events. A push that has them brings it further.
            Self::Match(push) => push.version.saturating_mul(2).saturating_add(if push.events.is_empty() { 0 } else { 1 }),
        }
    }

    /// Whether its subject is no reason to hold a seat any more: what was waited for is there, or there is nothing more to come.
    pub(crate) fn settles(&self) -> bool {
        match self {
            Self::Session(_) | Self::Placement(_) | Self::Pool(_) => true,
            Self::Match(push) => push.state == MatchState::Over,
        }
    }

    /// Whether it is what a ticket waits for: a match that goes on, or a game server.
    pub(crate) fn answers_ticket(&self) -> bool {
        match self {
            Self::Session(_) => true,
            Self::Match(push) => push.state != MatchState::Over,
            Self::Placement(_) | Self::Pool(_) => false,
        }
    }
}

impl From<News> for Event {
    fn from(news: News) -> Self {
        match news {
            News::Session(push) => Self::Session(push),
            News::Placement(push) => Self::Placement(push),
            News::Match(push) => Self::Match(push),
            News::Pool(push) => Self::Pool(push),
        }
    }
}
