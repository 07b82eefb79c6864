//! Seats: rows `seat#<lane>` of the table players (key playerId, item). A player has one in each lane at most, which is what keeps it from
//! waiting for two things at once.
//!
//! A seat is taken in the same transaction as what it names is written, and given up by a write that is conditional on what it names: so
//! whoever is late with that gives up nobody else's. One that names something that is not there any more, or is over, is anybody's to take
//! who holds it.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use muster_game::Lane;
use muster_protocol::{Code, Rejection, Seat, SeatKind};
use serde::{Deserialize, Serialize};

use crate::{
    Config, ConfigError, Failure, Fault, clock,
    matches::seat_expiry,
    write::{Item, Part, item_of, number, text, write},
};

/// What the `item` of every seat begins with.
const PREFIX: &str = "seat#";

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
    pub fn new(player_id: &str, lane: Lane, seat: Seat, expires_at: u64, cause: &str) -> Self {
        let Seat { kind, id, request_id } = seat;
        let item = item(lane).to_owned();
        Self { player_id: player_id.to_owned(), item, kind, holds: id, request_id, pool: None, expires_at, cause: cause.to_owned() }
    }

    /// The name of its lane.
    #[must_use]
    pub fn lane(&self) -> &str {
        self.item.strip_prefix(PREFIX).unwrap_or(&self.item)
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

const fn item(lane: Lane) -> &'static str {
    match lane {
        Lane::Main => "seat#main",
        Lane::Party => "seat#party",
    }
}

/// What is to be done about a seat that is in the way.
#[derive(Debug)]
pub(crate) enum Held {
    /// It may be taken, if it still holds this.
    Free(Option<String>),
    /// The player has it from the same request.
    Repeated(SeatRow),
}

/// The seats.
#[derive(Clone, Debug)]
pub struct Seats {
    client: Client,
    table: String,
    /// The tables of what a seat can be in.
    matches: String,
    placements: String,
    tickets: String,
}

impl Seats {
    /// Reads `PLAYERS_TABLE`, `MATCHES_TABLE`, `PLACEMENTS_TABLE` and `TICKETS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let table = |name| config.required(name).map(str::to_owned);
        Ok(Self {
            client: config.dynamodb()?,
            table: table("PLAYERS_TABLE")?,
            matches: table("MATCHES_TABLE")?,
            placements: table("PLACEMENTS_TABLE")?,
            tickets: table("TICKETS_TABLE")?,
        })
    }

    /// The client of all tables, for writes of seats with other rows.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// The part of a write that takes a seat, unless the player has one that counts; `over` does not.
    pub(crate) fn take(&self, seat: &SeatRow, over: Option<&str>) -> Result<TransactWriteItem, Fault> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item_of(seat, "making the seat's row")?));
        let put = put.expression_attribute_values(":now", number(clock::now_seconds()));
        match over {
            None => put.condition_expression("attribute_not_exists(playerId) OR expiresAt <= :now"),
            Some(over) => put
                .condition_expression("attribute_not_exists(playerId) OR expiresAt <= :now OR holds = :over")
                .expression_attribute_values(":over", text(over)),
        }
        .part()
    }

    /// What is to be done about the seat that is in the way of `wanted`.
    ///
    /// # Errors
    /// [`Code::Seated`] if it counts; a [`Fault`] if what it names cannot be read.
    pub(crate) async fn settle(&self, wanted: &SeatRow, held: Option<Item>) -> Result<Held, Failure> {
        let Some(held) = held.map(read).transpose()? else { return Ok(Held::Free(None)) };
        let same_request = wanted.request_id.is_some() && held.request_id == wanted.request_id;
        let is_in_it = held.kind == wanted.kind && held.holds == wanted.holds;
        // What is about to be written says who is in it: a seat in that very thing may be left from before.
        let counts = !is_in_it && self.is_alive(&held).await?;
        if counts && held.kind == wanted.kind && same_request {
            return Ok(Held::Repeated(held));
        }
        if !counts {
            return Ok(Held::Free(Some(held.holds)));
        }
        let message = format!("you hold a seat in {} {}: leave it, or wait for its end", held.kind.name(), held.holds);
        Err(Rejection::new(Code::Seated, message).into())
    }

    /// Whether what a seat names is there and not over, and its player still in it.
    async fn is_alive(&self, seat: &SeatRow) -> Result<bool, Fault> {
        let (table, key) = match (seat.kind, &seat.pool) {
            (SeatKind::Match, _) => (&self.matches, crate::matches::key(&seat.holds)),
            (SeatKind::Placement, _) => (&self.placements, Item::from([("placementId".to_owned(), text(&seat.holds))])),
            (SeatKind::Ticket, Some(pool)) => {
                (&self.tickets, Item::from([("pool".to_owned(), text(pool)), ("ticketId".to_owned(), text(&seat.holds))]))
            }
            (SeatKind::Ticket, None) => return Ok(false),
            // A later version knows what it is, and whether that is over. It counts until it expires.
            (SeatKind::Unknown, _) => return Ok(true),
        };
        let get = self.client.get_item().table_name(table).consistent_read(true).set_key(Some(key));
        let Some(item) = get.send().await.map_err(|error| Fault::new("reading what a seat is in", error))?.item else { return Ok(false) };
        let has = |name: &str, value: &str| item.get(name).and_then(|found| found.as_s().ok()).is_some_and(|found| found == value);
        let expires_at = item.get("expiresAt").and_then(|at| at.as_n().ok()?.parse().ok()).unwrap_or(u64::MAX);
        let is_over = has("phase", "over") || has("status", "ended") || item.contains_key("outcome");
        Ok(expires_at > clock::now_seconds() && !is_over && !has_left(&item, &seat.player_id))
    }

    /// The part of a write that moves a player's seat from what is called `from` into another thing. The request that took the seat did not
    /// ask for that one: a later request of the same id, for something else, is no repetition.
    pub(crate) fn move_on(&self, player_id: &str, lane: Lane, from: &str, seat: &Seat) -> Result<TransactWriteItem, Fault> {
        let update = Update::builder().table_name(&self.table).set_key(Some(key(player_id, item(lane))));
        update
            .update_expression("SET kind = :kind, holds = :to, expiresAt = :expires REMOVE #pool, requestId")
            .condition_expression("holds = :from")
            .expression_attribute_names("#pool", "pool")
            .expression_attribute_values(":kind", value_of(seat.kind)?)
            .expression_attribute_values(":to", text(&seat.id))
            .expression_attribute_values(":expires", number(seat_expiry()))
            .expression_attribute_values(":from", text(from))
            .part()
    }

    /// The part of a write that gives up a player's seat in the thing of this kind and id. The kind is part of it since a client may name
    /// any id.
    pub(crate) fn give_up(&self, player_id: &str, lane: Lane, kind: SeatKind, holds: &str) -> Result<TransactWriteItem, Fault> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key(player_id, item(lane))));
        delete
            .condition_expression("holds = :holds AND kind = :kind")
            .expression_attribute_values(":holds", text(holds))
            .expression_attribute_values(":kind", value_of(kind)?)
            .part()
    }

    /// Gives up the seat of a player in the thing of this kind and id; if it holds another one, or none, nothing happens.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn release(&self, player_id: &str, lane: Lane, kind: SeatKind, holds: &str) -> Result<(), Fault> {
        let given_up = write(&self.client, vec![self.give_up(player_id, lane, kind, holds)?], "giving up a seat").await?;
        // What is in the way is another seat, or none.
        given_up.or(Ok(()))
    }

    /// Gives up this seat, whatever it is in, if it is still what the player has in its lane.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn free(&self, seat: &SeatRow) -> Result<(), Fault> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key(&seat.player_id, &seat.item)));
        let delete = delete.condition_expression("holds = :holds").expression_attribute_values(":holds", text(&seat.holds));
        write(&self.client, vec![delete.part()?], "giving up a seat").await?.or(Ok(()))
    }

    /// The seats of a player that count, in all lanes.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read, or a row not understood.
    pub async fn of_player(&self, player_id: &str) -> Result<Vec<SeatRow>, Fault> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query
            .key_condition_expression("playerId = :player AND begins_with(#item, :prefix)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":player", text(player_id))
            .expression_attribute_values(":prefix", text(PREFIX));
        let answer = query.send().await.map_err(|error| Fault::new("reading the player's seats", error))?;
        let seats: Vec<SeatRow> = answer.items.unwrap_or_default().into_iter().map(read).collect::<Result<_, _>>()?;
        let now = clock::now_seconds();
        Ok(seats.into_iter().filter(|seat| seat.expires_at > now).collect())
    }
}

fn key(player_id: &str, item: &str) -> Item {
    Item::from([("playerId".to_owned(), text(player_id)), ("item".to_owned(), text(item))])
}

fn value_of(kind: SeatKind) -> Result<AttributeValue, Fault> {
    serde_dynamo::to_attribute_value(kind).map_err(|error| Fault::new("writing the kind of a seat", error))
}

fn read(item: Item) -> Result<SeatRow, Fault> {
    serde_dynamo::from_item(item).map_err(|error| Fault::new("understanding a seat", error))
}

/// Whether a row says that this player has left its seat in it.
fn has_left(item: &Item, player_id: &str) -> bool {
    let seats = item.get("seats").and_then(|seats| seats.as_l().ok());
    let is_this = |seat: &&Item| seat.get("playerId").and_then(|id| id.as_s().ok()).is_some_and(|id| id == player_id);
    seats.is_some_and(|seats| {
        let seat = seats.iter().filter_map(|seat| seat.as_m().ok()).find(is_this);
        seat.is_none_or(|seat| seat.get("left").is_some_and(|left| left.as_bool() == Ok(&true)))
    })
}
