//! Writing tickets: joining a pool, leaving it, being matched out of it. Each is one transaction with the seats of its players.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use futures_util::future::try_join_all;
use muster_protocol::{Code, PoolOutcome, Rejection, Seat, SeatKind};

use super::{TicketRow, Tickets};
use crate::{
    Failure, Fault, MatchRow, Matches, PlacementRow, Placements, SeatRow, Seats, conditional,
    seats::Claim,
    transactions::{self, Part, Transacted},
};

/// What the players of tickets are matched into.
#[derive(Clone, Copy, Debug)]
pub enum MatchedInto<'a> {
    /// A match in rounds.
    Match(&'a Matches, &'a MatchRow),
    /// A placement on a game server.
    Placement(&'a Placements, &'a PlacementRow),
}

/// How turning tickets into something ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Turned {
    /// It is there, and the tickets are used up.
    Done,
    /// Nothing was done. These tickets, by id, cannot be used any more: they are gone, or their players have left them.
    Gone(Vec<String>),
}

impl Tickets {
    /// Inserts the ticket of one player and takes its seat. Answers with the id of the ticket: an earlier one's, if the request is a repetition.
    ///
    /// # Errors
    /// [`Code::Seated`] if the player holds a seat in something else; a [`Fault`] if the tables cannot be written.
    pub async fn join(&self, seats: &Seats, row: &TicketRow, request_id: Option<String>) -> Result<String, Failure> {
        let player = row.players.first().ok_or_else(|| Fault::because("a ticket of nobody"))?;
        let seat = Seat { kind: SeatKind::Ticket, id: row.ticket_id.clone(), request_id };
        let seat = SeatRow::new(player, seat, row.expires_at, &row.cause).in_pool(&row.pool);
        let making = "making the ticket's row";
        let put = transactions::putting(&self.table, row, making)?.condition_expression("attribute_not_exists(ticketId)");
        match seats.claim(transactions::part(put, making)?, &seat, "joining a pool").await? {
            // The ticket is there and its player not in it: this event was handled before, and what came of it is over or about to be.
            Claim::Taken | Claim::Refused => Ok(row.ticket_id.clone()),
            Claim::Repeated(held) => Ok(held.holds),
        }
    }

    /// Deletes the ticket that a player holds a seat in, and gives that seat up. Answers with the id of the ticket.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the player has none, or has been matched meanwhile; a [`Fault`] if the tables cannot be read or written.
    pub async fn leave(&self, seats: &Seats, player_id: &str) -> Result<String, Failure> {
        let seat = seats.of_player(player_id).await?;
        let not_waiting = || Rejection::new(Code::NotFound, "you are in no pool");
        let Some(SeatRow { kind: SeatKind::Ticket, holds, pool: Some(pool), .. }) = seat else { return Err(not_waiting().into()) };
        let items = vec![self.delete(&pool, &holds)?, seats.give_up(player_id, SeatKind::Ticket, &holds)?];
        match transactions::transact(seats.client(), items, "leaving a pool").await? {
            Transacted::Done => Ok(holds),
            Transacted::Refused(_) => Err(not_waiting().into()),
        }
    }

    /// Notes how a ticket came to nothing, and gives up its players' seats. Answers with what they are to be told, which somebody else may have noted
    /// before; nothing, if the ticket is gone, or they have left it.
    ///
    /// # Errors
    /// A [`Fault`] if the tables cannot be written, or the row not understood.
    pub async fn close(&self, seats: &Seats, row: &TicketRow, outcome: PoolOutcome) -> Result<Option<PoolOutcome>, Fault> {
        let closing = "closing a ticket";
        let update = Update::builder()
            .table_name(&self.table)
            .key("pool", AttributeValue::S(row.pool.clone()))
            .key("ticketId", AttributeValue::S(row.ticket_id.clone()))
            .update_expression("SET outcome = :outcome")
            .condition_expression("attribute_exists(ticketId) AND attribute_not_exists(outcome)")
            .expression_attribute_values(":outcome", serde_dynamo::to_attribute_value(outcome).map_err(|error| Fault::new(closing, error))?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Fault::new(closing, error))?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        for player in &row.players {
            items.push(seats.give_up(player, SeatKind::Ticket, &row.ticket_id)?);
        }
        let parts = match transactions::transact(seats.client(), items, closing).await? {
            Transacted::Done => return Ok(Some(outcome)),
            Transacted::Refused(parts) => parts,
        };
        match parts.into_iter().next() {
            Some(Part::Refused(Some(closed))) => {
                let closed: TicketRow = serde_dynamo::from_item(closed).map_err(|error| Fault::new("understanding a ticket", error))?;
                Ok(closed.outcome)
            }
            Some(Part::Refused(None)) => Ok(None),
            // It waits, and a player who should be in it is not: nobody can be matched with it, and it must not stand before others for ever.
            Some(Part::Fine) | None => {
                try_join_all(row.players.iter().map(|player| seats.release(player, SeatKind::Ticket, &row.ticket_id))).await?;
                self.forget(row).await?;
                Ok(None)
            }
        }
    }

    /// Deletes a ticket that came to nothing, of which its players have been told. Done again, it does nothing.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn forget(&self, row: &TicketRow) -> Result<(), Fault> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.key("pool", AttributeValue::S(row.pool.clone())).key("ticketId", AttributeValue::S(row.ticket_id.clone()));
        conditional::delete(delete, "forgetting a ticket").await.map(drop)
    }

    /// Turns tickets into a match or a placement: they are deleted if they are still there, and their players' seats move on, all or nothing. So
    /// no ticket is used twice, however many look at the pool.
    ///
    /// # Errors
    /// A [`Fault`] if the tables cannot be written.
    pub async fn turn(&self, seats: &Seats, tickets: &[&TicketRow], into: MatchedInto<'_>) -> Result<Turned, Fault> {
        let (insert, seat, expires_at) = match into {
            MatchedInto::Match(matches, row) => (matches.insert(row)?, seat(SeatKind::Match, &row.match_id), row.seat_expiry()),
            MatchedInto::Placement(placements, row) => {
                (placements.insert(row)?, seat(SeatKind::Placement, &row.placement_id), row.seat_expiry())
            }
        };
        // Each item, and of which ticket it is.
        let mut items = vec![(None, insert)];
        for ticket in tickets {
            items.push((Some(*ticket), self.delete(&ticket.pool, &ticket.ticket_id)?));
            for player in &ticket.players {
                items.push((Some(*ticket), seats.move_on(player, &ticket.ticket_id, &seat, expires_at)?));
            }
        }
        let (of, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        let parts = match transactions::transact(seats.client(), items, "matching tickets").await? {
            Transacted::Done => return Ok(Turned::Done),
            Transacted::Refused(parts) => parts,
        };
        let refused = of.into_iter().zip(parts).filter(|(_, part)| matches!(part, Part::Refused(_)));
        let gone: BTreeSet<&String> = refused.filter_map(|(ticket, _)| Some(&ticket?.ticket_id)).collect();
        if gone.is_empty() {
            // Its id is made of those of the tickets: who inserted it has used them.
            return Ok(Turned::Gone(tickets.iter().map(|ticket| ticket.ticket_id.clone()).collect()));
        }
        Ok(Turned::Gone(gone.into_iter().cloned().collect()))
    }

    fn delete(&self, pool: &str, ticket_id: &str) -> Result<TransactWriteItem, Fault> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .key("pool", AttributeValue::S(pool.to_owned()))
            .key("ticketId", AttributeValue::S(ticket_id.to_owned()))
            .condition_expression("attribute_exists(ticketId)")
            .build()
            .map_err(|error| Fault::new("deleting a ticket", error))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Notes that a player of a ticket is away since `since` (epoch milliseconds), or that all are back; not if the ticket is gone.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn stamp(&self, row: &TicketRow, since: Option<u64>) -> Result<(), Fault> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pool", AttributeValue::S(row.pool.clone()))
            .key("ticketId", AttributeValue::S(row.ticket_id.clone()))
            .condition_expression("attribute_exists(ticketId)");
        let update = match since {
            Some(since) => update
                .update_expression("SET absentSince = if_not_exists(absentSince, :since)")
                .expression_attribute_values(":since", AttributeValue::N(since.to_string())),
            None => update.update_expression("REMOVE absentSince"),
        };
        conditional::update(update, "stamping a ticket").await.map(drop)
    }
}

fn seat(kind: SeatKind, id: &str) -> Seat {
    Seat { kind, id: id.to_owned(), request_id: None }
}
