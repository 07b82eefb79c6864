//! Writing tickets: joining a pool, leaving it, being matched out of it. Each is one transaction with the seats of its players.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update};
use futures_util::future::try_join_all;
use muster_game::Match;
use muster_protocol::{Code, PoolOutcome, Rejection, Seat, SeatKind};

use super::{TicketRow, Tickets};
use crate::{
    Failure, Fault, Matches, PlacementRow, Placements, SeatRow, Seats,
    change::{Decision, Read, Revised, Rows},
    matches::seat_expiry,
    write::{Item, Part, number, text, write},
};

/// What the players of tickets are matched into.
#[derive(Clone, Copy, Debug)]
pub enum MatchedInto<'a> {
    /// A match.
    Match(&'a Matches, &'a Match),
    /// A placement on a game server.
    Placement(&'a Placements, &'a PlacementRow),
}

impl Tickets {
    /// Inserts the ticket of one player and takes its seat. Answers with the id of the ticket: an earlier one's, if the request is a
    /// repetition.
    ///
    /// # Errors
    /// [`Code::Seated`] if the player holds a seat in something else; a [`Fault`] if the tables cannot be written.
    pub async fn join(&self, seats: &Seats, row: &TicketRow, request_id: Option<String>) -> Result<String, Failure> {
        let player = row.players.first().ok_or_else(|| Fault::because("a ticket of nobody"))?;
        let seat = Seat { kind: SeatKind::Ticket, id: row.ticket_id.clone(), request_id };
        let seat = SeatRow::new(player, row.lane(), seat, seat_expiry(), &row.cause).in_pool(&row.pool);
        let decide = |found: Option<&TicketRow>| match found {
            // This very event has been handled before.
            Some(_) => Decision::nothing(Ok(())),
            None => Decision { row: Some(row.clone()), seat: Some(seat.clone()), answer: Ok(()) },
        };
        let rows = Rows { client: self.client.clone(), table: self.table.clone() };
        let joined = rows.change(&key(&row.pool, &row.ticket_id), Read::Absent, Some(seats), decide).await?;
        Ok(joined.answer.map_or_else(|held| held.holds, |()| row.ticket_id.clone()))
    }

    /// Deletes the ticket that a player holds a seat in, and gives that seat up. Answers with the id of the ticket.
    ///
    /// # Errors
    /// [`Code::NotFound`] if the player has none, or has been matched meanwhile; a [`Fault`] if the tables cannot be read or written.
    pub async fn leave(&self, seats: &Seats, player_id: &str) -> Result<String, Failure> {
        let not_waiting = || Rejection::new(Code::NotFound, "you are in no pool");
        let seat = seats.of_player(player_id).await?.into_iter().find(|seat| seat.kind == SeatKind::Ticket);
        let Some(SeatRow { holds, pool: Some(pool), .. }) = seat else { return Err(not_waiting().into()) };
        let parts = vec![self.delete(&pool, &holds)?, seats.give_up(player_id, super::lane_of(&pool), SeatKind::Ticket, &holds)?];
        write(seats.client(), parts, "leaving a pool").await?.map(|()| holds).map_err(|_| not_waiting().into())
    }

    /// Notes how a ticket came to nothing, and gives up its players' seats. Answers with what they are to be told, which somebody else may
    /// have noted before; nothing, if the ticket is gone, or they have left it.
    ///
    /// # Errors
    /// A [`Fault`] if the tables cannot be written, or the row not understood.
    pub async fn close(&self, seats: &Seats, row: &TicketRow, outcome: PoolOutcome) -> Result<Option<PoolOutcome>, Fault> {
        let closing = "closing a ticket";
        let outcome_value = serde_dynamo::to_attribute_value(outcome).map_err(|error| Fault::new(closing, error))?;
        let update = Update::builder()
            .table_name(&self.table)
            .key("pool", text(&row.pool))
            .key("ticketId", text(&row.ticket_id))
            .update_expression("SET outcome = :outcome")
            .condition_expression("attribute_exists(ticketId) AND attribute_not_exists(outcome)")
            .expression_attribute_values(":outcome", outcome_value);
        let mut parts = vec![update.part()?];
        for player in &row.players {
            parts.push(seats.give_up(player, row.lane(), SeatKind::Ticket, &row.ticket_id)?);
        }
        let Err(in_the_way) = write(seats.client(), parts, closing).await? else { return Ok(Some(outcome)) };
        match in_the_way.into_iter().next().flatten() {
            Some(Some(closed)) => {
                let closed: TicketRow = serde_dynamo::from_item(closed).map_err(|error| Fault::new("understanding a ticket", error))?;
                Ok(closed.outcome)
            }
            Some(None) => Ok(None),
            // It waits, and a player who should be in it is not: nobody can be matched with it, and it must not stand before others for
            // ever.
            None => {
                let players = row.players.iter();
                try_join_all(players.map(|player| seats.release(player, row.lane(), SeatKind::Ticket, &row.ticket_id))).await?;
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
        let delete = Delete::builder().table_name(&self.table).key("pool", text(&row.pool)).key("ticketId", text(&row.ticket_id));
        write(&self.client, vec![delete.part()?], "forgetting a ticket").await.map(drop)
    }

    /// Turns tickets into a match or a placement: they are deleted if they are still there, and their players' seats move on, all or
    /// nothing. So no ticket is used twice, however many look at the pool. The inner error has those, by id, that cannot be used any more:
    /// they are gone, or their players have left them. Then nothing was done.
    ///
    /// # Errors
    /// A [`Fault`] if the tables cannot be written.
    pub async fn turn(&self, seats: &Seats, tickets: &[&TicketRow], into: MatchedInto<'_>) -> Result<Result<(), Vec<String>>, Fault> {
        let (insert, kind, id) = match into {
            MatchedInto::Match(matches, row) => (matches.rows.put(row, None)?, SeatKind::Match, &row.match_id),
            MatchedInto::Placement(placements, row) => (placements.rows.put(row, None)?, SeatKind::Placement, &row.placement_id),
        };
        let seat = Seat { kind, id: id.clone(), request_id: None };
        // Each part, and of which ticket it is.
        let mut parts = vec![(None, insert)];
        for ticket in tickets {
            parts.push((Some(*ticket), self.delete(&ticket.pool, &ticket.ticket_id)?));
            for player in &ticket.players {
                parts.push((Some(*ticket), seats.move_on(player, ticket.lane(), &ticket.ticket_id, &seat)?));
            }
        }
        let (of, parts): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let Err(in_the_way) = write(seats.client(), parts, "matching tickets").await? else { return Ok(Ok(())) };
        let refused = of.into_iter().zip(in_the_way).filter(|(_, refused)| refused.is_some());
        let gone: BTreeSet<&String> = refused.filter_map(|(ticket, _)| Some(&ticket?.ticket_id)).collect();
        if gone.is_empty() {
            // Its id is made of those of the tickets: who inserted it has used them.
            return Ok(Err(tickets.iter().map(|ticket| ticket.ticket_id.clone()).collect()));
        }
        Ok(Err(gone.into_iter().cloned().collect()))
    }

    fn delete(&self, pool: &str, ticket_id: &str) -> Result<TransactWriteItem, Fault> {
        let delete = Delete::builder().table_name(&self.table).key("pool", text(pool)).key("ticketId", text(ticket_id));
        delete.condition_expression("attribute_exists(ticketId)").part()
    }

    /// Notes that a player of a ticket is away since `since` (epoch milliseconds), or that all are back; not if the ticket is gone.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn stamp(&self, row: &TicketRow, since: Option<u64>) -> Result<(), Fault> {
        let update = Update::builder().table_name(&self.table).key("pool", text(&row.pool)).key("ticketId", text(&row.ticket_id));
        let update = update.condition_expression("attribute_exists(ticketId)");
        let update = match since {
            Some(since) => update
                .update_expression("SET absentSince = if_not_exists(absentSince, :since)")
                .expression_attribute_values(":since", number(since)),
            None => update.update_expression("REMOVE absentSince"),
        };
        write(&self.client, vec![update.part()?], "stamping a ticket").await.map(drop)
    }
}

impl Revised for TicketRow {
    const KEY: &'static str = "ticketId";
    const WHAT: &'static str = "a ticket";

    /// It is inserted, and never put again.
    fn revision(&self) -> u64 {
        0
    }
}

fn key(pool: &str, ticket_id: &str) -> Item {
    Item::from([("pool".to_owned(), text(pool)), ("ticketId".to_owned(), text(ticket_id))])
}
