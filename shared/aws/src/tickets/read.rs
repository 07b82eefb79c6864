//! Reading a pool.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{FIRST, TicketRow, Tickets};
use crate::{Fault, clock};

/// Tickets of a pool that are looked at at once. The oldest ones go first, so that the others are looked at when these are gone.
const OLDEST: i32 = 300;

impl Tickets {
    /// The oldest tickets of a pool.
    ///
    /// The read is not consistent, which halves its price: a ticket that is missed is handed over by the stream, and one that is gone refuses
    /// to be matched. Rows that cannot be understood are left out.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn oldest(&self, pool: &str) -> Result<Vec<TicketRow>, Fault> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .limit(OLDEST)
            .key_condition_expression("#pool = :pool AND ticketId > :first")
            .expression_attribute_names("#pool", "pool")
            .expression_attribute_values(":pool", AttributeValue::S(pool.to_owned()))
            .expression_attribute_values(":first", AttributeValue::S(FIRST.to_owned()));
        let answer = query.send().await.map_err(|error| Fault::new("reading a pool", error))?;
        let now = clock::now_seconds();
        let rows = answer.items.unwrap_or_default().into_iter().filter_map(|item| {
            serde_dynamo::from_item::<_, TicketRow>(item)
                .inspect_err(|error| tracing::error!(pool, %error, "a ticket cannot be understood"))
                .ok()
        });
        Ok(rows.filter(|row| row.expires_at > now).collect())
    }
}
