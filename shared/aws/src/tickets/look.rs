//! When a pool is looked at again: one timer for each, in the pool's own row.

use aws_sdk_dynamodb::types::{Update, builders::UpdateBuilder};
use serde::Deserialize;

use super::{POOL, Tickets};
use crate::{
    Fault, clock,
    write::{InTheWay, Part, number, text, write},
};

/// How long the row is remembered behind the time it names, in seconds.
const ROW_SECONDS: u64 = 60 * 60;

/// When a pool is to be looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Noted {
    look_at: u64,
    /// The request that led to it.
    cause: String,
}

impl Tickets {
    /// Notes that a pool is to be looked at again at `at` (epoch milliseconds). Answers with when a timer is to be set for: not at all, if
    /// there is one that is earlier and still to come. If that was noted for this very request, whoever did so may have died before it set
    /// the timer, so that it is to be set again; twice it does nothing more.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written, or the row not understood.
    pub async fn look_at(&self, pool: &str, at: u64, cause: &str) -> Result<Option<u64>, Fault> {
        let update = self
            .row_of(pool)
            .update_expression("SET lookAt = :at, expiresAt = :expires, cause = :cause")
            .condition_expression("attribute_not_exists(lookAt) OR lookAt > :at OR lookAt <= :now")
            .expression_attribute_values(":at", number(at))
            .expression_attribute_values(":now", number(clock::now_milliseconds()))
            .expression_attribute_values(":expires", number(at / 1_000 + ROW_SECONDS))
            .expression_attribute_values(":cause", text(cause));
        let Err(in_the_way) = self.write_row(update, "noting when to look at a pool").await? else { return Ok(Some(at)) };
        let row = in_the_way.into_iter().next().flatten().flatten();
        let noted: Option<Noted> =
            row.map(serde_dynamo::from_item).transpose().map_err(|error| Fault::new("understanding a pool's row", error))?;
        Ok(noted.filter(|noted| noted.cause == cause).map(|noted| noted.look_at))
    }

    /// An update of a pool's own row.
    fn row_of(&self, pool: &str) -> UpdateBuilder {
        Update::builder().table_name(&self.table).key("pool", text(pool)).key("ticketId", text(POOL))
    }

    async fn write_row(&self, update: UpdateBuilder, doing: &str) -> Result<Result<(), InTheWay>, Fault> {
        write(&self.client, vec![update.part()?], doing).await
    }

    /// Takes back what was noted for `at`, since the timer could not be set: so the next one who looks sets one. The row keeps a time, as
    /// one without is a pool to be looked at.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn no_timer(&self, pool: &str, at: u64) -> Result<(), Fault> {
        let update = self
            .row_of(pool)
            .update_expression("SET lookAt = :long_ago")
            .condition_expression("lookAt = :at")
            .expression_attribute_values(":long_ago", number(0))
            .expression_attribute_values(":at", number(at));
        self.write_row(update, "taking back when to look at a pool").await.map(drop)
    }

    /// Touches a pool's row when its timer fires, which makes its stream consumer look. A timer that is late, or repeated, touches nothing.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn touch(&self, pool: &str, at: u64) -> Result<bool, Fault> {
        let update = self
            .row_of(pool)
            .update_expression("SET looks = if_not_exists(looks, :none) + :one REMOVE lookAt")
            .condition_expression("lookAt = :at")
            .expression_attribute_values(":at", number(at))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":one", number(1));
        Ok(self.write_row(update, "touching a pool").await?.is_ok())
    }
}
