//! One player: what there is, and what is done for them.

use muster_aws::{Asking, Failure, Fault, Read};
use muster_game::Wish;
use muster_protocol::{Code, Rejection, SeatKind, operators::Table};
use serde_json::{Map, Value, json};

use super::State;

/// The tables whose rows are a player's own, by its id.
const OWN: [Table; 3] = [Table::Players, Table::Messages, Table::PlayerSessions];

impl State {
    /// Everything about a player.
    pub(super) async fn player(&self, player_id: &str) -> Result<Value, Failure> {
        check(player_id)?;
        let rows = self.tables.partition(Table::Players, player_id).await?;
        let item = |row: &Value, prefix: &str| row["item"].as_str().and_then(|item| item.strip_prefix(prefix)).map(str::to_owned);
        let connections = rows.iter().filter_map(|row| {
            let id = item(row, "connection#")?;
            Some(json!({"connectionId": id, "connectedAt": row["connectedAt"], "expiresAt": row["expiresAt"]}))
        });
        let seats = rows.iter().filter_map(|row| {
            let mut seat = row.clone();
            seat["lane"] = item(row, "seat#")?.into();
            Some(seat)
        });
        let (mut matches, mut tickets, mut placements) = (Vec::new(), Vec::new(), Vec::new());
        for seat in self.seats.of_player(player_id).await? {
            match seat.kind {
                SeatKind::Match => matches.extend(self.tables.partition(Table::Matches, &seat.holds).await?),
                SeatKind::Placement => placements.extend(self.tables.partition(Table::Placements, &seat.holds).await?),
                SeatKind::Ticket => {
                    let pool = self.tables.partition(Table::Tickets, seat.pool.as_deref().unwrap_or_default()).await?;
                    tickets.extend(pool.into_iter().filter(|ticket| ticket["ticketId"] == seat.holds));
                }
                SeatKind::Unknown => {}
            }
        }
        Ok(json!({
            "playerId": player_id,
            "connections": connections.collect::<Value>(),
            "seats": seats.collect::<Value>(),
            "matches": matches, "tickets": tickets, "placements": placements,
            "sessions": self.tables.partition(Table::PlayerSessions, player_id).await?,
            "inbox": self.tables.count(Table::Messages, player_id).await?,
        }))
    }

    /// Gives up a player's seats, as if it had left what it is in: so nobody waits for it.
    pub(super) async fn free_seats(&self, player_id: &str, lane: Option<&str>, by: &str) -> Result<Vec<Value>, Failure> {
        check(player_id)?;
        let mut freed = Vec::new();
        for seat in self.seats.of_player(player_id).await? {
            if lane.is_some_and(|lane| seat.lane() != lane) {
                continue;
            }
            match seat.kind {
                SeatKind::Match => {
                    let asking = Asking { player_id, request_id: None, cause: by };
                    match self.matches.wish(&seat.holds, Wish::Leave(player_id), asking, Read::Consistent).await {
                        Ok(_) => {}
                        // What is over or forgotten is left.
                        Err(Failure::Rejection(_)) => {}
                        Err(fault) => return Err(fault),
                    }
                }
                SeatKind::Ticket => match self.tickets.leave(&self.seats, player_id).await {
                    Ok(_) | Err(Failure::Rejection(_)) => {}
                    Err(fault) => return Err(fault),
                },
                // GameLift may still place the others; this player's place is given up after a minute.
                SeatKind::Placement | SeatKind::Unknown => {}
            }
            self.seats.free(&seat).await?;
            freed.push(json!({"lane": seat.lane(), "kind": seat.kind, "holds": seat.holds}));
        }
        Ok(freed)
    }

    /// All rows that are the player's own, and those of what it is in.
    pub(super) async fn export(&self, player_id: &str) -> Result<Value, Failure> {
        let Value::Object(player) = self.player(player_id).await? else { return Err(Fault::because("a player that is no object").into()) };
        let mut tables = Map::new();
        for table in OWN {
            tables.insert(table.name().to_owned(), self.tables.partition(table, player_id).await?.into());
        }
        for (table, name) in [(Table::Matches, "matches"), (Table::Tickets, "tickets"), (Table::Placements, "placements")] {
            tables.insert(table.name().to_owned(), player.get(name).cloned().unwrap_or_default());
        }
        Ok(json!({ "tables": tables }))
    }

    /// Deletes what is the player's own, after it has left what it is in, and its sockets are closed.
    pub(super) async fn erase(&self, player_id: &str, by: &str) -> Result<Value, Failure> {
        self.free_seats(player_id, None, by).await?;
        self.push.disconnect(player_id).await?;
        let mut erased = Map::new();
        for table in OWN {
            erased.insert(table.name().to_owned(), self.tables.delete_partition(table, player_id).await?.into());
        }
        Ok(erased.into())
    }
}

fn check(player_id: &str) -> Result<(), Rejection> {
    if player_id.is_empty() { Err(Rejection::new(Code::BadRequest, "playerId: say which player")) } else { Ok(()) }
}
