//! A match, who is at work on it, and what time it is.

use std::{fmt, hash::Hash, sync::Arc};

use muster_protocol::{MatchState, limits};
use serde_json::Value;

use super::{Kit, Law, Mistake, laws::Wrong, locked, size};
use crate::{Answer, Circumstances, Match, Millis, Occasion, Opening, Viewer, Wish};

/// When matches are opened: of as many digits as times have.
const BEGINNING: Millis = 1_700_000_000_000;

/// Actions that hardly any game has.
const ODD: [&str; 12] = ["", "{", "null", "-1", "99", "4294967296", "1e300", "\"no such thing\"", "[]", "{}", "true", "[[[[0]]]]"];

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Deed {
    /// A player comes in, or back.
    Join(usize),
    /// A player wants it to begin.
    Start(usize),
    /// A player does one of the tries.
    Act(usize, String),
    /// A player sends all that should be refused: odd actions, and versions of the past and of the future.
    Odd(usize),
    /// A player's last request that was done comes again.
    Again(usize),
    /// A player leaves.
    Leave(usize),
    /// A player's last socket closes.
    GoAway(usize),
    /// A player is heard of.
    Return(usize),
    /// The timer is there, early or not.
    Tick,
    /// The timer is set anew.
    Arm,
    /// Time passes, until the clock has to act.
    Wait,
    /// A writer has decided this, and is slow to write it.
    Hold(Box<Deed>),
    /// It writes, or finds that it has lost the race, and decides again.
    Put,
}

/// A deed as it was sent.
#[derive(Clone, Debug)]
struct Request {
    deed: Deed,
    player: String,
    id: String,
    version: u64,
}

impl Request {
    fn new(deed: Deed, row: &Match) -> Self {
        let (Deed::Join(who) | Deed::Start(who) | Deed::Act(who, _) | Deed::Leave(who) | Deed::GoAway(who) | Deed::Return(who)) = deed
        else {
            return Self { deed, player: String::new(), id: String::new(), version: 0 };
        };
        Self { deed, player: name(who), id: format!("{who:02}-{:013}", row.revision), version: row.version }
    }

    fn wish(&self) -> Wish<'_> {
        let player = self.player.as_str();
        match &self.deed {
            Deed::Join(_) => Wish::Join(player),
            Deed::Start(_) => Wish::Start(player),
            Deed::Act(_, action) => Wish::Act { player, action, request_id: Some(&self.id), version: Some(self.version) },
            Deed::Leave(_) => Wish::Leave(player),
            Deed::GoAway(_) => Wish::GoAway(player),
            Deed::Return(_) => Wish::Return(player),
            Deed::Arm => Wish::Arm,
            _ => Wish::Tick,
        }
    }
}

/// What happened, and before it.
#[derive(Debug)]
struct Trail {
    deed: String,
    before: Option<Arc<Trail>>,
}

/// Where a match is.
#[derive(Clone)]
pub(super) struct World {
    pub(super) row: Match,
    pub(super) now: Millis,
    /// A writer that is slow: what it was asked for, when it has decided, and on which revision.
    held: Option<Box<(Request, Millis, u64)>>,
    /// The row before the last write, as a stale reader has it.
    stale: Option<Arc<Match>>,
    /// The last action of each player that was done.
    done: Vec<Option<Request>>,
    trail: Option<Arc<Trail>>,
    /// Write units that were used up.
    pub(super) units: u32,
    wrong: bool,
}

impl World {
    /// What tells states apart: neither counters, nor request ids, nor absolute times do.
    fn key(&self) -> impl Hash + PartialEq + '_ {
        let row = &self.row;
        let from_now = |at: Option<Millis>| at.map(|at| at.saturating_sub(self.now));
        let held = self.held.as_ref().map(|held| (&held.0.deed, held.2 == row.revision));
        let clock = (from_now(row.due_at), from_now(row.bot_at), row.idle, row.missed);
        (row.phase, &row.seats, row.host, &row.seed, &row.state, row.awaits, row.shown, clock, held, self.wrong)
    }

    pub(super) const fn is_wrong(&self) -> bool {
        self.wrong
    }

    /// Matches as they are opened, by as many players and with as many bots: by one, by one with the computer in all other seats, by all.
    pub(super) fn openings(kit: &Kit) -> Vec<(usize, usize)> {
        let most = kit.played.game.seats(kit.played.options).map_or(1, |seats| *seats.end()).min(limits::SEATS);
        if most > 1 { vec![(1, 0), (1, most - 1), (most, 0)] } else { vec![(1, 0)] }
    }

    /// A match that is opened like this. There is none, if that would not do.
    pub(super) fn opened(kit: &Kit, (players, bots): (usize, usize), seed: usize) -> Option<Self> {
        let players: Vec<String> = (0..players).map(name).collect();
        let seed = format!("{seed:032}");
        let opening =
            Opening { match_id: &"m".repeat(36), mode: kit.mode, options: None, players: &players, bots, begins: false, seed: &seed };
        let at = Circumstances { now: BEGINNING, by: "by-0000000000000" };
        let row = Match::open(opening, at).ok()?;
        let units = 2 * size::units(&row) + 2;
        let mut world = Self { row, now: at.now, held: None, stale: None, done: Vec::new(), trail: None, units, wrong: false };
        world.remember(format!("opened by {} with {bots} bots", players.len()));
        if let Err(wrong) = kit.opens_lawfully(&world.row, at.now) {
            world.goes_wrong(kit, wrong);
        }
        Some(world)
    }

    /// What can happen now, with at most so many tries of each player.
    pub(super) fn deeds(&self, kit: &Kit, most: usize) -> Vec<Deed> {
        if self.wrong {
            return Vec::new();
        }
        let row = &self.row;
        let humans: Vec<usize> = (0..=row.seats.len()).filter(|who| row.seat_of(&name(*who)).is_some()).collect();
        let next = (0..).find(|who| !row.knows(&name(*who))).unwrap_or_default();
        let mut deeds = vec![Deed::Join(next), Deed::Odd(next)];
        for who in humans.iter().copied() {
            let seat = row.seat_of(&name(who)).unwrap_or_default();
            let tries = self.tries(kit, seat);
            let some = tries.iter().step_by(tries.len().div_ceil(most).max(1));
            deeds.extend(some.map(|action| Deed::Act(who, action.to_string())));
            deeds.extend(self.done.get(who).and_then(Option::as_ref).map(|_| Deed::Again(who)));
            deeds.extend(row.awaits.contains(seat).then_some(Deed::Odd(who)));
            deeds.push(Deed::Leave(who));
            if row.phase == MatchState::Waiting {
                deeds.push(Deed::Start(who));
            }
        }
        deeds.extend(humans.first().map(|who| Deed::Join(*who)));
        let away = humans.first().and_then(|who| Some((*who, row.seats[row.seat_of(&name(*who))?].away)));
        // Only one goes away, so that there are fewer states.
        deeds.extend(away.map(|(who, away)| if away { Deed::Return(who) } else { Deed::GoAway(who) }));
        if row.phase == MatchState::Playing {
            deeds.extend([Deed::Tick, Deed::Arm]);
            deeds.extend(row.wakes_at().filter(|at| *at > self.now).map(|_| Deed::Wait));
        }
        if self.held.is_some() {
            deeds.push(Deed::Put);
        } else {
            // Of each kind one is slow.
            let kinds: [fn(&&Deed) -> bool; 2] = [|deed| matches!(deed, Deed::Act(..)), |deed| **deed == Deed::Tick];
            let first = kinds.into_iter().filter_map(|kind| deeds.iter().find(kind));
            let held: Vec<Deed> = first.map(|deed| Deed::Hold(Box::new(deed.clone()))).collect();
            deeds.extend(held);
        }
        deeds
    }

    /// Whether somebody only plays: comes in, begins, or acts where it is awaited.
    pub(super) fn is_play(&self, deed: &Deed) -> bool {
        match deed {
            Deed::Act(who, _) => self.row.seat_of(&name(*who)).is_some_and(|seat| self.row.awaits.contains(seat)),
            Deed::Join(who) => self.row.phase == MatchState::Waiting && !self.row.knows(&name(*who)),
            Deed::Start(who) => self.row.seat_of(&name(*who)) == Some(self.row.host),
            _ => false,
        }
    }

    /// What may be tried in a seat, if it is awaited. It was held to be there when the row was written.
    fn tries(&self, kit: &Kit, seat: usize) -> Vec<Value> {
        let view = self.row.seen_by(Some(seat), Occasion::Reply, self.now).ok().and_then(|seen| seen.view);
        view.and_then(|view| kit.played.game.tries(&view, Viewer::Seat(seat)).ok()).unwrap_or_default()
    }

    /// What comes of a deed. Nothing, if nothing has changed.
    pub(super) fn after(&self, kit: &Kit, deed: Deed) -> Option<Self> {
        let mut next = Self { held: self.held.clone(), ..self.clone() };
        next.remember(deed.to_string());
        match next.take(kit, deed) {
            Ok(changed) => changed.then_some(next),
            Err(wrong) => {
                next.goes_wrong(kit, wrong);
                Some(next)
            }
        }
    }

    fn take(&mut self, kit: &Kit, deed: Deed) -> Result<bool, Wrong> {
        match deed {
            Deed::Wait => {
                self.now = self.row.wakes_at().unwrap_or_default().max(self.now);
                Ok(true)
            }
            Deed::Odd(who) => self.refuse_all(kit, who).map(|()| false),
            Deed::Again(who) => {
                let Some(request) = self.done.get(who).cloned().flatten() else { return Ok(false) };
                let again = kit.lawful(&self.row, request.wish(), self.now)?;
                let known = again.row.is_none() && again.answer == Ok(Answer::Repeated);
                let words = || (Law::RepeatsChangeNothing, format!("sent again, it is answered {:?}", again.answer));
                if known { Ok(false) } else { Err(words()) }
            }
            Deed::Hold(deed) => {
                let request = Request::new(*deed, &self.row);
                // Only who would write can lose.
                let writes = kit.lawful(&self.row, request.wish(), self.now)?.row.is_some();
                self.held = writes.then(|| Box::new((request, self.now, self.row.revision)));
                Ok(writes)
            }
            Deed::Put => {
                let Some((request, at, revision)) = self.held.take().map(|held| *held) else { return Ok(false) };
                let at = if revision == self.row.revision { at } else { self.now };
                self.send(kit, request, at).map(|_| true)
            }
            other => {
                let request = Request::new(other, &self.row);
                self.send(kit, request, self.now)
            }
        }
    }

    /// Has a request change the row.
    fn send(&mut self, kit: &Kit, request: Request, at: Millis) -> Result<bool, Wrong> {
        let wish = request.wish();
        if let Some(stale) = &self.stale {
            // Whoever reads an older row decides something else, which then is not written. But it does decide.
            let decided = stale.change(wish, Circumstances { now: at, by: "stale" }).row.and_then(|row| row.fault);
            decided.map_or(Ok(()), |fault| Err((Law::NoStepBreaks, format!("on the row before this one: {fault}"))))?;
        }
        let change = kit.lawful(&self.row, wish, at)?;
        if let (Wish::Act { player, version, .. }, Err(rejection)) = (wish, &change.answer) {
            let awaited = self.row.seat_of(player).is_some_and(|seat| self.row.awaits.contains(seat));
            let fresh = version == Some(self.row.version) && self.row.wakes_at().is_some_and(|wakes_at| wakes_at > at);
            if awaited && fresh {
                return Err((Law::TriesAreAllowed, format!("what may be tried is refused: {}", rejection.message)));
            }
        }
        let Some(row) = change.row else { return Ok(false) };
        let seated = row.seats.len() > self.row.seats.len();
        self.units += if seated { 2 * size::units(&row) + 2 } else { size::units(&row) };
        if row.is_over() {
            self.units += u32::try_from(row.players().count()).unwrap_or(u32::MAX);
        }
        self.stale = Some(Arc::new(std::mem::replace(&mut self.row, row)));
        if let (Deed::Act(who, _), Ok(_)) = (&request.deed, &change.answer) {
            self.done.resize(self.done.len().max(who + 1), None);
            self.done[*who] = Some(request.clone());
        }
        Ok(true)
    }

    /// What should be refused is.
    fn refuse_all(&self, kit: &Kit, who: usize) -> Result<(), Wrong> {
        let player = name(who);
        let seat = self.row.seat_of(&player);
        let tries = seat.map(|seat| self.tries(kit, seat)).unwrap_or_default();
        let before = self.stale.as_ref().zip(seat).map(|(stale, seat)| Self { row: Match::clone(stale), ..self.clone() }.tries(kit, seat));
        let other = |action: &String| serde_json::from_str::<Value>(action).is_ok_and(|action| tries.contains(&action));
        let odd = ODD.iter().map(|action| (*action).to_owned()).chain(before.into_iter().flatten().map(|action| action.to_string()));
        let version = self.row.version;
        let odd = odd.filter(|action| !other(action)).map(|action| (action, version));
        let some = tries.first().map_or_else(|| "0".to_owned(), Value::to_string);
        for (action, seen) in odd.chain([(some.clone(), version + 1), (some, self.row.moved.wrapping_sub(1))]) {
            let wish = Wish::Act { player: &player, action: &action, request_id: None, version: Some(seen) };
            let change = self.row.change(wish, Circumstances { now: self.now, by: "odd" });
            if change.row.is_some() {
                kit.lawful(&self.row, wish, self.now)?;
            }
            if change.answer.is_ok() && (seen != version || !kit.played.check.sampled) {
                return Err((Law::TriesAreAllowed, format!("{} may do {action} of version {seen}", label(who))));
            }
        }
        Ok(())
    }

    fn remember(&mut self, deed: String) {
        self.trail = Some(Arc::new(Trail { deed, before: self.trail.take() }));
    }

    /// A law does not hold here.
    pub(super) fn goes_wrong(&mut self, kit: &Kit, (law, words): Wrong) {
        self.wrong = true;
        let mut trail: Vec<String> =
            std::iter::successors(self.trail.as_ref(), |trail| trail.before.as_ref()).map(|step| step.deed.clone()).collect();
        trail.reverse();
        locked(&kit.found).get_or_insert(Mistake { mode: kit.mode.name, law, words, trail });
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Hash for World {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.row, self.now)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join(who) => write!(f, "{} joins", label(*who)),
            Self::Start(who) => write!(f, "{} starts", label(*who)),
            Self::Act(who, action) => write!(f, "{} does {action}", label(*who)),
            Self::Odd(who) => write!(f, "{} does what should be refused", label(*who)),
            Self::Again(who) => write!(f, "{} sends its last action again", label(*who)),
            Self::Leave(who) => write!(f, "{} leaves", label(*who)),
            Self::GoAway(who) => write!(f, "{} goes away", label(*who)),
            Self::Return(who) => write!(f, "{} is back", label(*who)),
            Self::Tick => write!(f, "the timer is there"),
            Self::Arm => write!(f, "the timer is set anew"),
            Self::Wait => write!(f, "the time is up"),
            Self::Hold(deed) => write!(f, "somebody decides, and does not write yet: {deed}"),
            Self::Put => write!(f, "that is written, or decided again"),
        }
    }
}

fn label(who: usize) -> String {
    format!("player {who}")
}

/// A player's id, as long as they get.
pub(super) fn name(who: usize) -> String {
    format!("{who:040}")
}
