//! Seats: the row `seat` of the table players (key playerId, item). A player has one at most, which is what keeps it from waiting for two
//! things at once.
//!
//! A seat is taken in the same transaction as what it names is inserted, and given up by a write that is conditional on what it names: so
//! whoever is late with that gives up nobody else's.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};
use muster_protocol::{Code, Rejection, Seat, SeatKind};
use serde::{Deserialize, Serialize};

use crate::{
    Config, ConfigError, Failure, Fault, clock,
    conditional::{self, Item},
    transactions::{self, Part, Transacted},
};

/// The `item` of a seat.
const ITEM: &str = "seat";

/// What a player is in or waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatRow {
    /// Whose it is.
    pub player_id: String,
    item: String,
    /// What it is in.
    pub kind: SeatKind,
    /// The id of that.
    pub holds: String,
    /// The player's own id of the request that took it: by which a repetition is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The pool of the ticket, if it is one: tickets are keyed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// When it counts no more, in whole epoch seconds: long after what it names is over, should that never be told.
    pub expires_at: u64,
    /// The gateway's id of the request that took it.
    pub cause: String,
}

impl SeatRow {
    /// The row of a player's seat.
    #[must_use]
    pub fn new(player_id: &str, seat: Seat, expires_at: u64, cause: &str) -> Self {
        let Seat { kind, id, request_id } = seat;
        Self {
            player_id: player_id.to_owned(),
            item: ITEM.to_owned(),
            kind,
            holds: id,
            request_id,
            pool: None,
            expires_at,
            cause: cause.to_owned(),
        }
    }

    /// The same seat, in a ticket of this pool.
    pub(crate) fn in_pool(self, pool: &str) -> Self {
        Self { pool: Some(pool.to_owned()), ..self }
    }
}

impl From<SeatRow> for Seat {
    fn from(row: SeatRow) -> Self {
        Self { kind: row.kind, id: row.holds, request_id: row.request_id }
    }
}

/// That a seat is in the thing that is meant.
const IN_IT: &str = "holds = :holds AND kind = :kind";

fn in_it(kind: SeatKind, holds: &str) -> Result<Item, Fault> {
    Ok(Item::from([(":holds".to_owned(), AttributeValue::S(holds.to_owned())), (":kind".to_owned(), value_of(kind)?)]))
}

fn value_of(kind: SeatKind) -> Result<AttributeValue, Fault> {
    serde_dynamo::to_attribute_value(kind).map_err(|error| Fault::new("writing the kind of a seat", error))
}

/// How a claim of a seat ended.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is taken.
    Taken,
    /// The player has it already: from this very request, or from an earlier one with the same id.
    Repeated(SeatRow),
    /// The seat is free, but what it was to be in cannot be had.
    Refused,
}

/// The seats.
#[derive(Clone, Debug)]
pub struct Seats {
    client: Client,
    table: String,
}

impl Seats {
    /// Reads `PLAYERS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("PLAYERS_TABLE")?.to_owned() })
    }

    /// The client of all tables, for transactions of seats with other rows.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Takes a seat in what `with` inserts or changes, both or neither, without reading anything: who is seated already is told from the seat for
    /// which the transaction was refused.
    ///
    /// # Errors
    /// [`Code::Seated`] if the player holds a seat in something else; a [`Fault`] if the tables cannot be written.
    pub(crate) async fn claim(&self, with: TransactWriteItem, seat: &SeatRow, doing: &str) -> Result<Claim, Failure> {
        let mut parts = match transactions::transact(&self.client, vec![with, self.take(seat)?], doing).await? {
            Transacted::Done => return Ok(Claim::Taken),
            Transacted::Refused(parts) => parts,
        };
        let Some(Part::Refused(Some(held))) = parts.pop() else { return Ok(Claim::Refused) };
        let held = Self::read(held)?;
        let same_request = seat.request_id.is_some() && held.request_id == seat.request_id;
        if held.kind == seat.kind && (held.holds == seat.holds || same_request) {
            return Ok(Claim::Repeated(held));
        }
        let message = format!("you hold a seat in {} {}: leave it, or wait for its end", held.kind.name(), held.holds);
        Err(Rejection::new(Code::Seated, message).into())
    }

    /// The part of a transaction that moves a player's seat from what is called `from` into another thing. The request that took the seat did not
    /// ask for that one: a later request of the same id, for something else, is no repetition.
    pub(crate) fn move_on(&self, player_id: &str, from: &str, seat: &Seat, expires_at: u64) -> Result<TransactWriteItem, Fault> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Self::key(player_id)))
            .update_expression("SET kind = :kind, holds = :to, expiresAt = :expires REMOVE #pool, requestId")
            .condition_expression("holds = :from")
            .expression_attribute_names("#pool", "pool")
            .expression_attribute_values(":kind", value_of(seat.kind)?)
            .expression_attribute_values(":to", AttributeValue::S(seat.id.clone()))
            .expression_attribute_values(":expires", AttributeValue::N(expires_at.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
            .build()
            .map_err(|error| Fault::new("moving a seat", error))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// The part of a transaction that gives up a player's seat in the thing of this kind and id.
    pub(crate) fn give_up(&self, player_id: &str, kind: SeatKind, holds: &str) -> Result<TransactWriteItem, Fault> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(Self::key(player_id)))
            .condition_expression(IN_IT)
            .set_expression_attribute_values(Some(in_it(kind, holds)?))
            .build()
            .map_err(|error| Fault::new("giving up a seat", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn key(player_id: &str) -> Item {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        Item::from([("playerId".to_owned(), text(player_id)), ("item".to_owned(), text(ITEM))])
    }

    /// The part of a transaction that takes a seat. It is refused, with the seat that is there, if the player has one that counts.
    fn take(&self, seat: &SeatRow) -> Result<TransactWriteItem, Fault> {
        let making = "making the seat's row";
        let put = transactions::putting(&self.table, seat, making)?
            .condition_expression("attribute_not_exists(playerId) OR expiresAt <= :now")
            .expression_attribute_values(":now", AttributeValue::N(clock::now_seconds().to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        transactions::part(put, making)
    }

    /// Gives up the seat of a player in the thing of this kind and id; if it holds another one, or none, nothing happens. The kind is part of it since
    /// a client may name any id.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn release(&self, player_id: &str, kind: SeatKind, holds: &str) -> Result<(), Fault> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Self::key(player_id)))
            .condition_expression(IN_IT)
            .set_expression_attribute_values(Some(in_it(kind, holds)?));
        conditional::delete(delete, "giving up a seat").await.map(drop)
    }

    /// The seat of a player, if it has one that counts.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read, or the row cannot be understood.
    pub async fn of_player(&self, player_id: &str) -> Result<Option<SeatRow>, Fault> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .key("playerId", AttributeValue::S(player_id.to_owned()))
            .key("item", AttributeValue::S(ITEM.to_owned()));
        let answer = get.send().await.map_err(|error| Fault::new("reading a seat", error))?;
        let seat = answer.item.map(Self::read).transpose()?;
        Ok(seat.filter(|seat| seat.expires_at > clock::now_seconds()))
    }

    /// The seat that a refused transaction has returned.
    pub(crate) fn read(item: Item) -> Result<SeatRow, Fault> {
        serde_dynamo::from_item(item).map_err(|error| Fault::new("understanding a seat", error))
    }
}
