//! Matches: rows of the table matches (key matchId, item). What may become of one is in [`muster_game::Match`], which is the row itself;
//! here is how it is read and written.

use std::time::Duration;

use muster_game::{Answer, Circumstances, Match, Mode, Occasion, Opening, Wish};
use muster_protocol::{Code, MatchPush, Rejection, Seat, SeatKind, ServerFrame};
use uuid::Uuid;

use crate::{
    Changed, Config, ConfigError, Deliverable, Delivery, Failure, Fault, SeatRow, Seats,
    change::{Decision, Read, Revised, Rows},
    clock,
    write::{Item, text},
};

impl Revised for Match {
    const KEY: &'static str = "matchId";
    const WHAT: &'static str = "a match";

    fn revision(&self) -> u64 {
        self.revision
    }
}

/// The key of a match.
pub(crate) fn key(match_id: &str) -> Item {
    Item::from([("matchId".to_owned(), text(match_id)), ("item".to_owned(), text("match"))])
}

/// The matches.
#[derive(Clone, Debug)]
pub struct Matches {
    pub(crate) rows: Rows,
    seats: Seats,
}

/// A player who asks for something.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Who.
    pub player_id: &'a str,
    /// The player's own id of its request, if it had one.
    pub request_id: Option<&'a str>,
    /// The gateway's id of it.
    pub cause: &'a str,
}

impl Matches {
    /// Reads `MATCHES_TABLE`, and what [`Seats`] reads.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let rows = Rows { client: config.dynamodb()?, table: config.required("MATCHES_TABLE")?.to_owned() };
        Ok(Self { rows, seats: Seats::from_config(config)? })
    }

    /// The match of this id, as it is now.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn get(&self, match_id: &str) -> Result<Option<Match>, Fault> {
        let row: Option<Match> = self.rows.get(&key(match_id), true).await?;
        Ok(row.filter(is_remembered))
    }

    /// Fulfils a wish of a match, which `by` has. Whoever comes in takes a seat.
    ///
    /// # Errors
    /// A [`Rejection`] that says why it is not fulfilled; a [`Fault`] if a table cannot be read or written.
    pub async fn wish(&self, match_id: &str, wish: Wish<'_>, asking: Asking<'_>, read: Read) -> Result<Changed<Match, Answer>, Failure> {
        self.rows.change(&key(match_id), read, Some(&self.seats), |row: Option<&Match>| self.decide(match_id, row, wish, asking)).await
    }

    /// Fulfils a wish of a match as it was read for sure, once: where another write was faster, nothing is done, and the row is as it is
    /// now.
    ///
    /// # Errors
    /// As for [`wish`](Self::wish).
    pub async fn change(&self, read: &Match, wish: Wish<'_>, asking: Asking<'_>) -> Result<Changed<Match, ()>, Failure> {
        let change = read.change(wish, Circumstances { now: clock::now_milliseconds(), by: asking.cause });
        change.answer?;
        self.rows.replace(read, change.row).await.map_err(Failure::from)
    }

    fn decide(&self, match_id: &str, row: Option<&Match>, wish: Wish<'_>, asking: Asking<'_>) -> Decision<Match, Answer> {
        let Some(row) = row.filter(|row| is_remembered(row)) else {
            let message = format!("body.matchId: there is no match {match_id}");
            return Decision::nothing(Err(Rejection::new(Code::NotFound, message).in_match(match_id).into()));
        };
        let change = row.change(wish, Circumstances { now: clock::now_milliseconds(), by: asking.cause });
        let takes_seat = change.answer.is_ok() && change.row.as_ref().is_some_and(|after| comes_in(row, after, asking.player_id));
        let seat = change.row.as_ref().filter(|_| takes_seat).and_then(|after| seat_row(after, asking));
        Decision { row: change.row, seat, answer: change.answer.map_err(Failure::from) }
    }

    /// Opens a match, in which whoever asks takes a seat; the host's comes first. If there is one of this id that was opened so before, or
    /// is the one that others have opened who may, the player comes into that. `None` if there is another one.
    ///
    /// # Errors
    /// As for [`wish`](Self::wish).
    pub async fn open(&self, wanted: Wanted<'_>, asking: Asking<'_>) -> Result<Option<Changed<Match, Answer>>, Failure> {
        let Wanted { match_id, mode, options, bots, shared } = wanted;
        let seed = new_seed();
        let players = [asking.player_id.to_owned()];
        let opening = Opening { match_id, mode, options, players: &players, bots, begins: false, seed: &seed };
        let decide = |row: Option<&Match>| match row.filter(|row| is_remembered(row)) {
            None => match Match::open(opening, Circumstances { now: clock::now_milliseconds(), by: asking.cause }) {
                Ok(opened) => Decision { seat: seat_row(&opened, asking), row: Some(opened), answer: Ok(Some(Answer::Done)) },
                Err(rejection) => Decision::nothing(Err(rejection.into())),
            },
            Some(row) if (shared && !row.is_over()) || row.cause == asking.cause => {
                let Decision { row, seat, answer } = self.decide(match_id, Some(row), Wish::Join(asking.player_id), asking);
                Decision { row, seat, answer: answer.map(Some) }
            }
            Some(_) => Decision::nothing(Ok(None)),
        };
        let Changed { row, written, answer } = self.rows.change(&key(match_id), Read::Absent, Some(&self.seats), decide).await?;
        Ok(match answer {
            Ok(None) => None,
            Ok(Some(answer)) => Some(Changed { row, written, answer: Ok(answer) }),
            Err(held) => Some(Changed { row, written, answer: Err(held) }),
        })
    }
}

/// A match that is to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What it is to be called: the same whenever the same request is handled.
    pub match_id: &'a str,
    /// The mode.
    pub mode: &'static Mode,
    /// Options in the place of the mode's, as a JSON object.
    pub options: Option<&'a str>,
    /// How many seats the computer takes.
    pub bots: usize,
    /// Whether others open the same one, so that who finds it there comes in.
    pub shared: bool,
}

impl Deliverable for Match {
    const IS_NEWS: bool = true;

    fn frames(&self) -> Result<Vec<(&str, ServerFrame)>, Fault> {
        if !self.told {
            return Ok(Vec::new());
        }
        let now = clock::now_milliseconds();
        let seats = self.seats.iter().enumerate().filter(|(_, seat)| !seat.bot);
        let frames = seats.map(|(seat, player)| {
            let seen = self.seen_by(Some(seat), Occasion::Push, now).map_err(|broken| Fault::new("showing a match", broken.0))?;
            Ok((player.player_id.as_str(), ServerFrame::Match(seen)))
        });
        frames.collect()
    }

    fn expires_at(&self) -> u64 {
        self.expires_at
    }

    fn since(&self) -> u64 {
        self.changed_at
    }

    fn log(&self, delivery: &Delivery<'_>) {
        let Delivery { cause, by, batch, connections, sockets } = delivery;
        let (id, version) = (&self.match_id, self.version);
        tracing::info!(cause, by, matchId = id, version, batch, connections, sockets, "delivered");
    }
}

/// What the chance of a match comes from: 32 characters that nobody can guess.
#[must_use]
pub fn new_seed() -> String {
    Uuid::new_v4().simple().to_string()
}

/// How long a player's seat counts, should the end of its match never be told: a bound, since whoever finds it over may take it.
const SEAT_LIFETIME: Duration = Duration::from_secs(25 * 60 * 60);

fn is_remembered(row: &Match) -> bool {
    row.expires_at > clock::now_seconds()
}

fn comes_in(before: &Match, after: &Match, player_id: &str) -> bool {
    before.seat_of(player_id).is_none() && after.seat_of(player_id).is_some()
}

fn seat_row(row: &Match, asking: Asking<'_>) -> Option<SeatRow> {
    let lane = muster_game::mode(&row.mode)?.lane;
    let seat = Seat { kind: SeatKind::Match, id: row.match_id.clone(), request_id: asking.request_id.map(str::to_owned) };
    Some(SeatRow::new(asking.player_id, lane, seat, seat_expiry(), asking.cause))
}

/// When a seat that is taken now counts no more, in whole epoch seconds.
pub(crate) fn seat_expiry() -> u64 {
    clock::now_seconds() + SEAT_LIFETIME.as_secs()
}

/// A match as one of its players is answered.
///
/// # Errors
/// A [`Fault`] if it is not there, or its game cannot show it.
pub fn seen_by(row: Option<&Match>, player_id: &str) -> Result<MatchPush, Failure> {
    let row = row.ok_or_else(|| Fault::because("a match that was there is gone"))?;
    let seat = row.seats.iter().position(|seat| seat.player_id == player_id && !seat.bot);
    let seen = row.seen_by(seat, Occasion::Reply, clock::now_milliseconds());
    seen.map_err(|broken| Fault::new("showing a match", broken.0).into())
}
