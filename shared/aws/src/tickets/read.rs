//! Reading a pool.

use std::sync::PoisonError;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};
use muster_game::matchmaking::DEFAULT_WINDOWS;
use muster_protocol::cursor::first_id_of;

use super::{GRACE_SECONDS, TicketRow, Tickets};
use crate::{Fault, clock, write::text};

/// Tickets of a pool that are looked at at once. The oldest ones go first, so that the others are looked at when these are gone.
const OLDEST: i32 = 300;

/// What was read of a pool.
#[derive(Clone, Debug, Default)]
pub struct Oldest {
    /// Its oldest tickets, in the order in which they were asked for.
    pub tickets: Vec<TicketRow>,
    /// Whether there may be others behind them.
    pub more: bool,
}

impl Tickets {
    /// The oldest tickets of a pool.
    ///
    /// The read is consistent: of two who join at the same time, each is shown by the stream in a look of its own, and if both looks missed
    /// the other ticket, nobody would look again before a timer does. It begins at the first that has not expired, since expired rows may
    /// be there for days. Rows that cannot be understood are left out.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn oldest(&self, pool: &str) -> Result<Oldest, Fault> {
        let answer =
            self.living(pool).limit(OLDEST).consistent_read(true).send().await.map_err(|error| Fault::new("reading a pool", error))?;
        let more = answer.last_evaluated_key.is_some();
        let now = clock::now_seconds();
        let rows = answer.items.unwrap_or_default().into_iter().filter_map(|item| {
            let id = item.get("ticketId").and_then(|id| id.as_s().ok()).cloned();
            serde_dynamo::from_item::<_, TicketRow>(item).inspect_err(|error| self.complain(pool, id, error)).ok()
        });
        Ok(Oldest { tickets: rows.filter(|row| row.expires_at > now).collect(), more })
    }

    /// Says once which ticket cannot be understood: every look finds it again until it expires.
    fn complain(&self, pool: &str, ticket_id: Option<String>, error: &serde_dynamo::Error) {
        let ticket_id = ticket_id.unwrap_or_default();
        if self.odd.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket_id.clone()) {
            tracing::error!(pool, ticketId = ticket_id, %error, "a ticket cannot be understood");
        }
    }

    /// Whether there is any ticket in a pool, as it is now.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn has_any(&self, pool: &str) -> Result<bool, Fault> {
        let query = self.living(pool).limit(1).select(Select::Count).consistent_read(true);
        let answer = query.send().await.map_err(|error| Fault::new("reading whether somebody is in a pool", error))?;
        Ok(answer.count > 0)
    }

    /// A read of the tickets of a pool that have not expired.
    fn living(&self, pool: &str) -> QueryFluentBuilder {
        let lives = DEFAULT_WINDOWS.times_out_at(0) + GRACE_SECONDS * 1_000;
        let first = first_id_of(clock::now_milliseconds().saturating_sub(lives));
        let query = self.client.query().table_name(&self.table).key_condition_expression("#pool = :pool AND ticketId >= :first");
        let query = query.expression_attribute_names("#pool", "pool");
        query.expression_attribute_values(":pool", text(pool)).expression_attribute_values(":first", text(&first))
    }
}
