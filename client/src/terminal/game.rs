//! What the player is in, as far as this terminal was told: it decides what `leave` and an action are about.

use muster_client::protocol::{MatchPush, MatchState, Seat, SeatKind};

/// The pool or the match.
#[derive(Debug, Default)]
pub(super) struct Game {
    /// The last view of the match, which may be over.
    view: Option<MatchPush>,
    place: Place,
}

/// Where the player is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// The server may know: the inbox may not have been read yet, or another client have asked for something.
    #[default]
    Unknown,
    /// In a pool.
    Pool,
    /// In the match of the last view.
    Match,
}

/// What there is to leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// The pool.
    Pool,
    /// This match.
    Match(String),
    /// The server is to be asked.
    Unknown,
}

impl Game {
    /// Takes in a view; the one of this match before, if any.
    pub(super) fn see(&mut self, view: &MatchPush) -> Option<MatchPush> {
        let before = self.view.take_if(|before| before.match_id == view.match_id);
        let over = view.state == MatchState::Over;
        // The end of another match, told late, is not to hide the one that is played.
        if before.is_none() && over && self.place == Place::Match {
            return None;
        }
        if !over {
            self.place = Place::Match;
        } else if self.place == Place::Match {
            self.place = Place::Unknown;
        }
        self.view = Some(view.clone());
        before
    }

    /// The player has joined a pool. It may be in a match of it already, of which the view was faster than the reply.
    pub(super) fn joined_pool(&mut self) {
        if self.place != Place::Match {
            self.place = Place::Pool;
        }
    }

    /// A ticket came to nothing, or to a game server. If it was another one, the server will know.
    pub(super) fn out_of_pool(&mut self) {
        if self.place == Place::Pool {
            self.place = Place::Unknown;
        }
    }

    /// Whether this terminal knows that the player is in this.
    pub(super) fn knows(&self, seat: &Seat) -> bool {
        match seat.kind {
            SeatKind::Ticket => self.place == Place::Pool,
            SeatKind::Match => self.place == Place::Match && self.view.as_ref().is_some_and(|view| view.match_id == seat.id),
            SeatKind::Placement | SeatKind::Unknown => false,
        }
    }

    /// The server has said what the player is in. That it is in nothing it may have said before a request that was made since; only after
    /// an absence is that sure to be worth more than what was known.
    pub(super) fn resumed(&mut self, seats: &[Seat], was_away: bool) {
        if seats.iter().any(|seat| self.knows(seat)) {
            return;
        }
        if seats.iter().any(|seat| seat.kind == SeatKind::Ticket) {
            self.place = Place::Pool;
        } else if was_away || !seats.is_empty() {
            self.place = Place::Unknown;
        }
    }

    /// What is to be left. If that fails, the next attempt asks the server.
    pub(super) fn leave(&mut self) -> Leaving {
        match (std::mem::take(&mut self.place), &self.view) {
            (Place::Pool, _) => Leaving::Pool,
            (Place::Match, Some(view)) => Leaving::Match(view.match_id.clone()),
            _ => Leaving::Unknown,
        }
    }

    /// The match that the player is in.
    pub(super) fn current(&self) -> Option<&MatchPush> {
        self.view.as_ref().filter(|_| self.place == Place::Match)
    }

    /// The match that was over last, if the player is in no other since.
    pub(super) fn last(&self) -> Option<&MatchPush> {
        self.view.as_ref().filter(|view| view.state == MatchState::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::words::tests::first_round;

    fn view(id: &str, version: u64) -> MatchPush {
        MatchPush { match_id: id.into(), version, ..first_round() }
    }

    fn over(id: &str, version: u64) -> MatchPush {
        MatchPush { state: MatchState::Over, ..view(id, version) }
    }

    fn seat(kind: SeatKind, id: &str) -> Seat {
        Seat { kind, id: id.into(), request_id: None }
    }

    #[test]
    fn an_action_is_for_the_match_that_is_played_and_the_next_one_follows_the_last() {
        let mut game = Game::default();
        assert_eq!(game.current(), None);
        assert_eq!(game.see(&view("a", 1)), None);
        assert_eq!(game.see(&view("a", 2)), Some(view("a", 1)));
        assert_eq!((game.current(), game.last()), (Some(&view("a", 2)), None));
        assert_eq!(game.see(&over("b", 9)), None, "it is told, and changes nothing");
        assert_eq!(game.current(), Some(&view("a", 2)));
        assert_eq!(game.see(&over("a", 3)), Some(view("a", 2)));
        assert_eq!((game.current(), game.last()), (None, Some(&over("a", 3))));
        assert_eq!(game.leave(), Leaving::Unknown);
    }

    #[test]
    fn what_is_left_is_the_pool_until_somebody_is_found() {
        let mut game = Game::default();
        game.joined_pool();
        assert_eq!((game.leave(), game.leave()), (Leaving::Pool, Leaving::Unknown));
        game.joined_pool();
        game.out_of_pool();
        assert_eq!(game.leave(), Leaving::Unknown);
        game.joined_pool();
        game.see(&view("a", 1));
        assert_eq!((game.leave(), game.leave()), (Leaving::Match("a".into()), Leaving::Unknown));
        game.see(&view("b", 1));
        game.joined_pool();
        game.out_of_pool();
        assert_eq!(game.leave(), Leaving::Match("b".into()), "the view was faster than the reply");
    }

    #[test]
    fn a_resume_says_where_the_player_is() {
        let (ticket, in_match) = (seat(SeatKind::Ticket, "t"), seat(SeatKind::Match, "a"));
        let mut game = Game::default();
        assert!(!game.knows(&ticket) && !game.knows(&in_match));
        game.resumed(std::slice::from_ref(&ticket), false);
        assert!(game.knows(&ticket));
        game.see(&view("a", 1));
        game.resumed(&[seat(SeatKind::Placement, "p"), in_match.clone()], true);
        assert!(game.knows(&in_match) && !game.knows(&seat(SeatKind::Match, "b")));
        game.resumed(&[], false);
        assert!(game.knows(&in_match), "the match may be younger than what was read");
        game.resumed(&[], true);
        assert!(!game.knows(&in_match) && game.current().is_none(), "it ended while the player was away");
        game.resumed(&[seat(SeatKind::Match, "b")], false);
        assert_eq!(game.leave(), Leaving::Unknown, "its view was not told");
    }
}
