//! Asking for a placement: the row and its players' seats, in one transaction.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use muster_protocol::{Seat, SeatKind};

use super::{PlacementRow, Placements};
use crate::{Failure, Fault, SeatRow, Seats, seats::Claim, transactions};

/// A placement that a player asks for.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// What it is to be called: the same whenever the same request is handled.
    pub placement_id: &'a str,
    /// Who asks and is to be placed.
    pub player_id: &'a str,
    /// The player's own id of its request.
    pub request_id: Option<&'a str>,
    /// The mode.
    pub mode: &'a str,
    /// Milliseconds to a region and back, by region.
    pub latencies: BTreeMap<String, u32>,
    /// When the timer looks, in epoch milliseconds.
    pub due_at: u64,
    /// When the request reached the gateway, in epoch milliseconds.
    pub received_at: u64,
    /// The gateway's id of the request.
    pub cause: &'a str,
}

/// The placement that a request has led to: now, or before, if it is a repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Its id.
    pub placement_id: String,
    /// Whether it was there already.
    pub repeated: bool,
}

impl Placements {
    /// Inserts the placement and takes the player's seat.
    ///
    /// # Errors
    /// [`Code::Seated`](muster_protocol::Code::Seated) if the player holds a seat in something else; a [`Fault`] if the tables cannot be written.
    pub async fn request(&self, seats: &Seats, wish: Wish<'_>) -> Result<Requested, Failure> {
        let Wish { placement_id, player_id, request_id, mode, latencies, due_at, received_at, cause } = wish;
        let latencies = if latencies.is_empty() { BTreeMap::new() } else { BTreeMap::from([(player_id.to_owned(), latencies)]) };
        let row = PlacementRow {
            mode: Some(mode.to_owned()),
            latencies,
            due_at,
            ..PlacementRow::new(placement_id, vec![player_id.to_owned()], received_at, cause)
        };
        let seat = Seat { kind: SeatKind::Placement, id: placement_id.to_owned(), request_id: request_id.map(str::to_owned) };
        let seat = SeatRow::new(player_id, seat, row.seat_expiry(), cause);
        match seats.claim(self.insert(&row)?, &seat, "requesting a placement").await? {
            Claim::Taken => Ok(Requested { placement_id: row.placement_id, repeated: false }),
            Claim::Repeated(held) => Ok(Requested { placement_id: held.holds, repeated: true }),
            // The row is there, and its player is not in it any more: this very event has been handled before, and what came of it is over.
            Claim::Refused => Ok(Requested { placement_id: row.placement_id, repeated: true }),
        }
    }

    /// The part of a transaction that inserts a placement.
    pub(crate) fn insert(&self, row: &PlacementRow) -> Result<TransactWriteItem, Fault> {
        let making = "making the placement's row";
        let put = transactions::putting(&self.table, row, making)?.condition_expression("attribute_not_exists(placementId)");
        transactions::part(put, making)
    }
}
