//! Reading an inbox.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

use super::{MessageRow, Messages};
use crate::{Fault, clock};

/// Rows asked for at once where expired ones were in the way.
const ROWS_AT_ONCE: usize = 100;

/// From how many bytes of text on a page is long enough: a frame takes less, and a function's memory is small.
const ENOUGH_BYTES: usize = 256 * 1024;

/// Where in an inbox to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The newest messages.
    Newest,
    /// The oldest ones behind this id.
    Behind(String),
}

/// Consecutive messages of an inbox, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages. Expired ones are left out, and so are rows that cannot be understood: they are dead letters of the stream.
    pub rows: Vec<MessageRow>,
    /// The last id that was looked at, if there is more in the direction of reading.
    pub more: Option<String>,
}

impl Messages {
    /// Reads up to `limit` messages of a player's inbox: fewer if the deadline comes first, or if they are very large.
    ///
    /// Expired rows may stay for days, so that there can be any number of them in front of the messages that count. Each call gets further.
    ///
    /// The read is consistent: a player that has just connected must find what was written, and pushed to nobody, a moment ago.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn page(&self, player_id: &str, place: &Place, limit: usize, deadline: Instant) -> Result<Page, Fault> {
        let (condition, behind) = match place {
            Place::Newest => ("recipientId = :player", None),
            Place::Behind(id) => ("recipientId = :player AND messageId > :behind", Some(AttributeValue::S(id.clone()))),
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(behind.is_some())
            .key_condition_expression(condition)
            .expression_attribute_values(":player", AttributeValue::S(player_id.to_owned()));
        if let Some(behind) = behind {
            query = query.expression_attribute_values(":behind", behind);
        }
        let newest = *place == Place::Newest;
        // DynamoDB says that there may be more wherever it stops at a limit. One message beyond the newest page says whether there is.
        let wanted = limit + usize::from(newest);
        let mut page = Page::default();
        let mut start = None;
        let mut asked = wanted;
        loop {
            let answer = query.clone().limit(i32::try_from(asked).unwrap_or(i32::MAX)).set_exclusive_start_key(start).send().await;
            let answer = answer.map_err(|error| Fault::new("reading the inbox", error))?;
            let all_live = page.take(answer.items.unwrap_or_default(), clock::now_seconds());
            start = answer.last_evaluated_key;
            page.more = start.as_ref().and_then(id_of);
            if newest && !all_live {
                // Behind an expired message, all are older still.
                page.more = None;
            }
            let enough = page.rows.len() >= wanted || page.bytes() >= ENOUGH_BYTES || Instant::now() >= deadline;
            if page.more.is_none() || enough {
                break;
            }
            asked = ROWS_AT_ONCE.max(wanted - page.rows.len());
        }
        if page.rows.len() > limit {
            page.rows.truncate(limit);
            page.more = page.rows.last().map(|row| row.message_id.clone());
        }
        if newest {
            page.rows.reverse();
        }
        Ok(page)
    }
}

impl Page {
    fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.message.len()).sum()
    }

    /// Adds the items that are messages still; `false` if one had expired by `now`.
    fn take(&mut self, items: Vec<HashMap<String, AttributeValue>>, now: u64) -> bool {
        let mut all_live = true;
        for item in items {
            let id = id_of(&item).unwrap_or_default();
            match serde_dynamo::from_item::<_, MessageRow>(item) {
                Ok(row) if row.expires_at > now => self.rows.push(row),
                Ok(_) => all_live = false,
                Err(error) => tracing::error!(messageId = id, %error, "a row of the inbox cannot be understood and is left out"),
            }
        }
        all_live
    }
}

fn id_of(item: &HashMap<String, AttributeValue>) -> Option<String> {
    item.get("messageId")?.as_s().ok().cloned()
}
