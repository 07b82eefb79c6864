//! All that can happen to a match.

use muster_protocol::{Code, MatchState, Rejection};

use super::{Answer, Change, Circumstances, Draft, Match, Occasion, REQUESTS, Stop, Wish};
use crate::{Actor, Millis, Played, erased::Happening};

impl Match {
    /// What comes of a wish, in these circumstances.
    #[must_use]
    pub fn change(&self, wish: Wish<'_>, at: Circumstances<'_>) -> Change {
        if let Wish::Act { player, request_id, .. } = wish
            && self.has_done(player, request_id.unwrap_or(at.by))
        {
            return Change { row: None, answer: Ok(Answer::Repeated) };
        }
        let mut draft = Draft::of(self, at);
        let answer = match draft.fulfil(wish, at) {
            Ok(()) => Ok(Answer::Done),
            Err(Stop::Rejected(rejection)) => Err(rejection.in_match(&self.match_id)),
            Err(Stop::Broken(broken)) => {
                draft.void(broken);
                Ok(Answer::Done)
            }
        };
        let row = draft.finished();
        let answer = answer.map_err(|rejection| Self::with_the_match(rejection, row.as_ref().unwrap_or(self), wish, at.now));
        Change { row, answer }
    }

    /// Whoever has missed what went on is shown the match as it is.
    fn with_the_match(rejection: Rejection, row: &Self, wish: Wish<'_>, now: Millis) -> Rejection {
        let Wish::Act { player, .. } = wish else { return rejection };
        if rejection.code != Code::Stale {
            return rejection;
        }
        let seen = row.seen_by(row.seat_of(player), Occasion::Reply, now).ok();
        Rejection { in_match: seen.map(Box::new), ..rejection }
    }

    fn has_done(&self, player: &str, request: &str) -> bool {
        let seat = self.seats.iter().position(|seat| seat.player_id == player && !seat.bot);
        seat.and_then(|seat| self.requests.get(seat)).is_some_and(|done| done.contains(&hash(request)))
    }
}

/// What is remembered of a request: FNV-1a, <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>. Whoever finds two alike fools
/// itself alone.
fn hash(request: &str) -> u64 {
    request.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The rejection of whoever does not sit in a match: somebody else's is as unknown as one that never was.
pub(super) fn not_found() -> Stop {
    Rejection::new(Code::NotFound, "body.matchId: you are in no such match").into()
}

impl Draft<'_> {
    fn fulfil(&mut self, wish: Wish<'_>, at: Circumstances<'_>) -> Result<(), Stop> {
        if self.row.is_over() {
            return self.when_over(wish);
        }
        let played = self.row.played()?;
        self.migrate(played)?;
        self.catch_up(played)?;
        if self.row.is_over() {
            return self.when_over(wish);
        }
        match wish {
            Wish::Join(player) => self.join(player, played),
            Wish::Start(player) => self.start(player, played),
            Wish::Act { player, action, request_id, version } => self.act(player, action, version, played).map(|seat| {
                self.remember(seat, request_id, at.by);
            }),
            Wish::Leave(player) => self.leave(player, played),
            Wish::Return(player) => self.row.seat_of(player).ok_or_else(not_found).map(|seat| self.set_away(seat, false)),
            Wish::GoAway(player) => self.row.seat_of(player).ok_or_else(not_found).map(|seat| self.set_away(seat, true)),
            Wish::Tick => Ok(()),
            Wish::Arm => {
                (self.touched, self.rearmed) = (true, true);
                Ok(())
            }
        }
    }

    /// A match that is over stays as it is. Who was in it may look at it, and nobody else.
    fn when_over(&self, wish: Wish<'_>) -> Result<(), Stop> {
        let over = || Rejection::new(Code::MatchOver, "body.matchId: the match is over").into();
        match wish {
            Wish::Leave(player) | Wish::Return(player) | Wish::GoAway(player) if !self.row.knows(player) => Err(not_found()),
            Wish::Act { player, .. } | Wish::Start(player) if !self.row.knows(player) => Err(not_found()),
            Wish::Join(player) if !self.row.knows(player) => Err(over()),
            Wish::Act { .. } | Wish::Start(_) => Err(over()),
            _ => Ok(()),
        }
    }

    /// A state of older rules is read as these rules have it. Newer ones, of functions that are deployed already, are left to those.
    fn migrate(&mut self, played: &Played) -> Result<(), Stop> {
        let rules = played.game.rules();
        if self.row.phase != MatchState::Playing {
            return Ok(());
        }
        if self.row.rules > rules {
            return Err(Rejection::new(Code::Busy, "body.matchId: the match is played by newer rules: send it again").into());
        }
        if self.row.rules < rules {
            self.row.state = played.game.migrate(self.row.rules, &self.row.state)?;
            self.row.rules = rules;
            self.touched = true;
        }
        // A state that cannot be read ends the match, whoever comes across it.
        self.row.seen_by(None, Occasion::Reply, self.now)?;
        Ok(())
    }

    /// A player acts. Answers with its seat.
    fn act(&mut self, player: &str, action: &str, version: Option<u64>, played: &Played) -> Result<usize, Stop> {
        let seat = self.row.seat_of(player).ok_or_else(not_found)?;
        if self.row.phase == MatchState::Waiting {
            return Err(Rejection::new(Code::MatchNotBegun, "body.matchId: the match waits for players").into());
        }
        let seen = version.unwrap_or(self.row.version);
        if seen > self.row.version {
            return Err(Rejection::field("body.version", format_args!("at most {}, not {seen}", self.row.version)).into());
        }
        // What was done in view of a deadline that had passed is not for what came behind it.
        if seen < self.row.moved || self.moved {
            return Err(Rejection::new(Code::Stale, "body.version: the match has gone on; it is here as it is now").into());
        }
        if !self.row.awaits.contains(seat) {
            return Err(Rejection::new(Code::NotYourTurn, "body.action: it is not your turn").into());
        }
        let due_at = self.row.due_at;
        self.happen(played, Happening::Act(Actor::Seat(seat), action))?;
        // The deadline that is open is not missed; one that begins with this is yet to be seen.
        self.row.missed = if self.row.due_at == due_at { -1 } else { 0 };
        self.set_away(seat, false);
        self.let_bots_act(played)?;
        Ok(seat)
    }

    /// Remembers a request that was done.
    fn remember(&mut self, seat: usize, request_id: Option<&str>, by: &str) {
        let seats = self.row.seats.len();
        self.row.requests.resize(seats, Vec::new());
        let done = &mut self.row.requests[seat];
        done.push(hash(request_id.unwrap_or(by)));
        if done.len() > REQUESTS {
            done.remove(0);
        }
        if let Some(request_id) = request_id {
            self.row.acks.resize(seats, None);
            self.row.acks[seat] = Some(request_id.to_owned());
        }
    }

    pub(super) fn set_away(&mut self, seat: usize, away: bool) {
        if self.row.seats[seat].away != away {
            self.row.seats[seat].away = away;
            self.tell();
        }
    }
}
