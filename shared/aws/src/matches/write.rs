//! Writing a match: as it begins, as it is joined, and as the rules change it.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use muster_game::rounds::Match;
use muster_protocol::{MatchState, Seat, SeatKind};

use super::{MatchRow, Matches, read};
use crate::{
    Failure, Fault, SeatRow, Seats, clock,
    conditional::{self, Item, Written},
    seats::Claim,
    transactions,
};

/// What became of an attempt to take a seat in a match.
#[derive(Clone, Debug)]
pub enum Joined {
    /// The player is in it.
    In(Box<MatchRow>),
    /// The same request has led to this match before.
    Before(String),
    /// The match is not as it was read, or there is one of this id.
    Changed,
}

/// How often a round is tried to be resolved: both plays can come between, and after them only somebody else who has resolved it.
const RESOLVE_ATTEMPTS: u32 = 3;

/// What is being done when a row cannot be made.
const MAKING: &str = "making the match's row";

impl Matches {
    /// Inserts a match that waits for its second player, and takes the first one's seat.
    ///
    /// # Errors
    /// [`Code::Seated`](muster_protocol::Code::Seated) if the player holds a seat in something else; a [`Fault`] if the tables cannot be written.
    pub async fn open(&self, seats: &Seats, row: MatchRow, request_id: Option<String>) -> Result<Joined, Failure> {
        let insert = self.put(&row, "attribute_not_exists(matchId)", &[])?;
        self.take(seats, insert, row, request_id).await
    }

    /// Writes a match that its second player joins, on condition that it is as it was read, and takes that player's seat.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn join(&self, seats: &Seats, before: &MatchRow, after: MatchRow, request_id: Option<String>) -> Result<Joined, Failure> {
        let write = self.put(&after, UNCHANGED, &unchanged(before))?;
        self.take(seats, write, after, request_id).await
    }

    /// The last player of `row` is the one who takes a seat in it.
    async fn take(&self, seats: &Seats, write: TransactWriteItem, row: MatchRow, request_id: Option<String>) -> Result<Joined, Failure> {
        let player = row.players.last().ok_or_else(|| Fault::because("a match without the player who takes a seat in it"))?;
        let seat = Seat { kind: SeatKind::Match, id: row.match_id.clone(), request_id };
        let seat = SeatRow::new(player, seat, row.seat_expiry(), &row.cause);
        match seats.claim(write, &seat, "taking a seat in a match").await? {
            Claim::Taken => Ok(Joined::In(Box::new(row))),
            Claim::Repeated(held) => Ok(Joined::Before(held.holds)),
            Claim::Refused => Ok(Joined::Changed),
        }
    }

    /// The part of a transaction that inserts a match whose players have been matched.
    pub(crate) fn insert(&self, row: &MatchRow) -> Result<TransactWriteItem, Fault> {
        self.put(row, "attribute_not_exists(matchId)", &[])
    }

    fn put(&self, row: &MatchRow, condition: &str, values: &[(&str, AttributeValue)]) -> Result<TransactWriteItem, Fault> {
        let mut put = transactions::putting(&self.table, row, MAKING)?.condition_expression(condition);
        for (name, value) in values {
            put = put.expression_attribute_values(*name, value.clone());
        }
        transactions::part(put, MAKING)
    }

    /// Writes what the rules have made of a match, on condition that it is as it was read: a play that was written meanwhile is not lost.
    /// Answers with the match as it is now, or `None` if it has changed.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn write(&self, before: &MatchRow, rules: &Match) -> Result<Option<MatchRow>, Fault> {
        let after = before.with(rules, clock::now_milliseconds());
        let item = conditional::item_of(&after, MAKING)?;
        let mut put = self.client.put_item().table_name(&self.table).set_item(Some(item)).condition_expression(UNCHANGED);
        for (name, value) in unchanged(before) {
            put = put.expression_attribute_values(name, value);
        }
        match conditional::put(put, "writing a match").await? {
            Written::Done(_) => Ok(Some(after)),
            Written::Refused(_) => Ok(None),
        }
    }

    /// Resolves the open round, if it is ready: both have played, or its time is up. Whoever loses against another write looks again at what is
    /// there, since that may have been a play, and nobody else may come. The match as it was last seen.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read or written.
    pub async fn resolve(&self, row: MatchRow) -> Result<MatchRow, Fault> {
        let mut row = row;
        for _ in 0..RESOLVE_ATTEMPTS {
            // A match that is over can be shown without its mode.
            let is_open = row.state == MatchState::Playing;
            let Some(rules) =
                is_open.then(|| row.rounds()).transpose()?.and_then(|rounds| row.rules().resolved(rounds, clock::now_milliseconds()))
            else {
                break;
            };
            if let Some(after) = self.write(&row, &rules).await? {
                let over = after.ending;
                tracing::info!(cause = after.cause, matchId = after.match_id, round = row.round, ending = ?over, "resolved");
                return Ok(after);
            }
            match self.get(&row.match_id).await? {
                Some(now) => row = now,
                None => break,
            }
        }
        Ok(row)
    }
}

impl MatchRow {
    /// When the seats in it count no more, in whole epoch seconds: after all its rounds, should its end never be told. Twice their time, since timers
    /// may be late.
    pub(crate) fn seat_expiry(&self) -> u64 {
        let rounds = self.rounds().map_or(0, |rounds| rounds.seconds * u64::from(rounds.most_rounds));
        self.expires_at + 2 * rounds
    }
}

/// That a match is as it was read. Its version tells all changes but plays, and those are counted.
const UNCHANGED: &str = "version = :version AND played = :played";

fn unchanged(row: &MatchRow) -> [(&'static str, AttributeValue); 2] {
    [(":version", AttributeValue::N(row.version.to_string())), (":played", AttributeValue::N(row.played.to_string()))]
}

/// The row that a refused write has returned.
pub(super) fn read_refused(row: Option<Item>) -> Result<Option<MatchRow>, Fault> {
    row.map(read).transpose()
}
