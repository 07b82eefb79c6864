//! Who sits in a match: opening it, coming in, beginning, and leaving.

use muster_protocol::{Code, MatchPlayer, MatchState, Rejection, limits};
use serde_json::{Map, Value};

use super::{Circumstances, Draft, Match, NO, Stop, acting::not_found};
use crate::{Mode, Played, SeatSet, erased::Happening};

/// What a match is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// What it is to be called.
    pub match_id: &'a str,
    /// The mode, which is played here.
    pub mode: &'static Mode,
    /// Options in the place of the mode's, as a JSON object.
    pub options: Option<&'a str>,
    /// Who sits in it from the beginning, in the order in which they came.
    pub players: &'a [String],
    /// How many seats the computer takes.
    pub bots: usize,
    /// Whether it begins as soon as there are enough, instead of waiting until all seats are taken.
    pub begins: bool,
    /// What its chance comes from: 32 characters that nobody can guess.
    pub seed: &'a str,
}

impl Match {
    /// Opens a match, which begins at once if all its seats are taken, or if it is to and there are enough.
    ///
    /// # Errors
    /// A [`Rejection`], if mode, options or bots will not do.
    pub fn open(opening: Opening<'_>, at: Circumstances<'_>) -> Result<Self, Rejection> {
        let Opening { match_id, mode, options, players, bots, begins, seed } = opening;
        let played = mode.as_played().ok_or_else(|| Rejection::field("body.mode", "a mode that is played here"))?;
        let refused = |refusal: crate::Refusal| Rejection::new(Code::named(refusal.code), refusal.words);
        let options = played.game.chosen(&merged(played.options, options)?).map_err(refused)?;
        let seats = played.game.seats(&options).map_err(|broken| Rejection::field("body.options", broken))?;
        let most = seats.end().saturating_sub(players.len());
        if bots > most {
            return Err(Rejection::field("body.bots", format_args!("at most {most}, not {bots}")));
        }
        let player = |player: &String| MatchPlayer { player_id: player.clone(), bot: false, away: false, left: false };
        let computer = |number: usize| MatchPlayer { player_id: format!("bot#{number}"), bot: true, away: false, left: false };
        let row = Self {
            match_id: match_id.to_owned(),
            item: "match".to_owned(),
            mode: mode.name.to_owned(),
            options,
            phase: MatchState::Waiting,
            seats: players.iter().map(player).chain((1..=bots).map(computer)).collect(),
            host: 0,
            seed: seed.to_owned(),
            rules: played.game.rules(),
            state: String::new(),
            revision: 0,
            version: 0,
            moved: 0,
            announce: NO.to_owned(),
            told: false,
            events: String::new(),
            acks: Vec::new(),
            awaits: SeatSet::EMPTY,
            shown: SeatSet::EMPTY,
            due_at: None,
            idle: false,
            bot_at: None,
            armed: 0,
            steps: 0,
            missed: 0,
            requests: Vec::new(),
            outcome: None,
            fault: None,
            changed_at: at.now,
            expires_at: 0,
            cause: at.by.to_owned(),
            by: String::new(),
        };
        let mut draft = Draft::of(&row, at);
        draft.touched = true;
        if draft.row.seats.len() >= if begins { *seats.start() } else { *seats.end() }
            && let Err(stop) = draft.begin(played)
        {
            match stop {
                Stop::Rejected(rejection) => return Err(rejection),
                Stop::Broken(broken) => draft.void(broken),
            }
        }
        Ok(draft.finished().unwrap_or(row))
    }

    /// The players, in the order of their seats.
    pub fn players(&self) -> impl Iterator<Item = &str> {
        self.seats.iter().filter(|seat| !seat.bot).map(|seat| seat.player_id.as_str())
    }

    /// How many seats the computer has.
    #[must_use]
    pub fn bots(&self) -> usize {
        self.seats.iter().filter(|seat| seat.bot).count()
    }
}

/// The mode's options with those that were chosen in their place.
fn merged(options: &str, chosen: Option<&str>) -> Result<String, Rejection> {
    let Some(chosen) = chosen else { return Ok(options.to_owned()) };
    let mut all: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
    let chosen: Map<String, Value> =
        serde_json::from_str(chosen).map_err(|error| Rejection::field("body.options", format_args!("must be an object: {error}")))?;
    all.extend(chosen.into_iter().filter(|(_, value)| !value.is_null()));
    let text = Value::Object(all).to_string();
    if text.len() > limits::OPTIONS_BYTES {
        return Err(Rejection::field("body.options", format_args!("at most {} bytes", limits::OPTIONS_BYTES)));
    }
    Ok(text)
}

impl Draft<'_> {
    /// A player comes in, or back.
    pub(super) fn join(&mut self, player: &str, played: &Played) -> Result<(), Stop> {
        if let Some(seat) = self.row.seat_of(player) {
            self.set_away(seat, false);
            return Ok(());
        }
        if self.row.knows(player) {
            return Err(Rejection::new(Code::MatchBegun, "body.matchId: you have left this match").into());
        }
        let most = *played.game.seats(&self.row.options)?.end();
        if self.row.seats.len() >= most {
            let problem = format!("body.matchId: all {most} seats of the match are taken");
            return Err(Rejection::new(Code::MatchFull, problem).into());
        }
        self.row.seats.push(MatchPlayer { player_id: player.to_owned(), bot: false, away: false, left: false });
        let came_in = match self.row.phase {
            MatchState::Waiting if self.row.seats.len() < most => Ok(()),
            MatchState::Waiting => self.begin(played),
            _ => self.happen(played, Happening::Join(self.row.seats.len() - 1)).and_then(|()| self.let_bots_act(played)),
        };
        match came_in {
            Err(Stop::Rejected(rejection)) => {
                self.row.seats.pop();
                Err(rejection.into())
            }
            other => {
                self.tell();
                other
            }
        }
    }

    /// The host has the match begin.
    pub(super) fn start(&mut self, player: &str, played: &Played) -> Result<(), Stop> {
        let seat = self.row.seat_of(player).ok_or_else(not_found)?;
        if self.row.phase != MatchState::Waiting {
            return Ok(());
        }
        if seat != self.row.host {
            return Err(Rejection::new(Code::NotHost, "body.matchId: only its host can start the match").into());
        }
        let (least, there) = (*played.game.seats(&self.row.options)?.start(), self.row.seats.len());
        if there < least {
            let problem = format!("body.matchId: the match needs {least} players, and has {there}");
            return Err(Rejection::new(Code::MatchNotBegun, problem).into());
        }
        self.begin(played)
    }

    /// The match begins, with everybody who is there.
    fn begin(&mut self, played: &Played) -> Result<(), Stop> {
        if played.drawn {
            let host = self.row.seats[self.row.host].player_id.clone();
            let mut chance = self.chance();
            chance.shuffle(&mut self.row.seats);
            self.row.host = self.row.seats.iter().position(|seat| seat.player_id == host).unwrap_or_default();
        }
        self.row.phase = MatchState::Playing;
        self.happen(played, Happening::Begin)?;
        self.tell();
        self.let_bots_act(played)
    }

    /// A player leaves for good.
    pub(super) fn leave(&mut self, player: &str, played: &Played) -> Result<(), Stop> {
        let Some(seat) = self.row.seat_of(player) else {
            return if self.row.knows(player) { Ok(()) } else { Err(not_found()) };
        };
        self.tell();
        let is_waiting = self.row.phase == MatchState::Waiting;
        self.row.seats[seat].left = true;
        (self.row.awaits, self.row.shown) = (self.row.awaits.without(seat), self.row.shown.without(seat));
        let Some(first) = self.row.seats.iter().position(|seat| !seat.bot && !seat.left) else {
            self.abandon("nobody is left");
            return Ok(());
        };
        if is_waiting {
            if self.row.host == seat {
                self.row.host = first;
            }
            self.row.seats.remove(seat);
            self.row.host -= usize::from(self.row.host > seat);
            return Ok(());
        }
        self.happen(played, Happening::Leave(seat))?;
        self.let_bots_act(played)
    }
}
