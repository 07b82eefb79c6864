//! Seats: the row `seat` of the table players (key playerId, item). A player has one at most, which is what keeps it from waiting for two
//! things at once.
//!
//! A seat is taken in the same transaction as what it names is inserted, and given up by a write that is conditional on what it names: so
//! whoever is late with that gives up nobody else's.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use muster_protocol::{Seat, SeatKind};
use serde::{Deserialize, Serialize};

use crate::{
    Config, ConfigError, Fault, clock,
    conditional::{self, Item},
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
        Self { player_id: player_id.to_owned(), item: ITEM.to_owned(), kind, holds: id, request_id, expires_at, cause: cause.to_owned() }
    }
}

impl From<SeatRow> for Seat {
    fn from(row: SeatRow) -> Self {
        Self { kind: row.kind, id: row.holds, request_id: row.request_id }
    }
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

    /// The part of a transaction that takes a seat. It is refused, with the seat that is there, if the player has one that counts.
    pub(crate) fn take(&self, seat: &SeatRow) -> Result<TransactWriteItem, Fault> {
        let making = |error: Box<dyn std::error::Error + Send + Sync>| Fault::new("making the seat's row", error);
        let item: Item = serde_dynamo::to_item(seat).map_err(|error| making(error.into()))?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(playerId) OR expiresAt <= :now")
            .expression_attribute_values(":now", AttributeValue::N(clock::now_seconds().to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| making(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Gives up the seat of a player in what is called `holds`; if it holds another one, or none, nothing happens.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn release(&self, player_id: &str, holds: &str) -> Result<(), Fault> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("playerId", AttributeValue::S(player_id.to_owned()))
            .key("item", AttributeValue::S(ITEM.to_owned()))
            .condition_expression("holds = :holds")
            .expression_attribute_values(":holds", AttributeValue::S(holds.to_owned()));
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
