//! All tables, as operators look at them: rows as plain JSON, whatever they are.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{Client, types::Select};
use muster_protocol::operators::Table;
use serde_json::Value;

use crate::{
    Config, ConfigError, Fault,
    letters::records::plain_row,
    write::{Item, text},
};

/// Rows of a page.
const PAGE: i32 = 50;

/// Rows of one partition at most: more than an inbox that is in order holds, and less than Lambda's answer takes.
const MOST: usize = 5_000;

/// The tables.
#[derive(Debug)]
pub struct Tables {
    client: Client,
    names: BTreeMap<Table, String>,
}

impl Tables {
    /// Reads the variables that name the tables.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let name = |table: Table| {
            let variable = match table {
                Table::Players => "PLAYERS_TABLE",
                Table::Messages => "MESSAGES_TABLE",
                Table::Placements => "PLACEMENTS_TABLE",
                Table::PlayerSessions => "PLAYER_SESSIONS_TABLE",
                Table::Tickets => "TICKETS_TABLE",
                Table::Matches => "MATCHES_TABLE",
                Table::Operations => "OPERATIONS_TABLE",
            };
            Ok((table, config.required(variable)?.to_owned()))
        };
        Ok(Self { client: config.dynamodb()?, names: Table::ALL.into_iter().map(name).collect::<Result<_, ConfigError>>()? })
    }

    fn name(&self, table: Table) -> &str {
        self.names.get(&table).map_or("", String::as_str)
    }

    /// A page of rows: of one partition, or of any. `next` is that of the page before.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read, or `next` is no answer of this.
    pub async fn rows(&self, table: Table, key: Option<&str>, next: Option<&Value>) -> Result<(Vec<Value>, Option<Value>), Fault> {
        let start = next.map(start_of).transpose()?;
        let (items, last) = match key {
            Some(key) => self.page(table, key, start, PAGE).await?,
            None => {
                let scan = self.client.scan().table_name(self.name(table)).limit(PAGE).set_exclusive_start_key(start);
                let page = scan.send().await.map_err(|error| Fault::new("reading a page of rows", error))?;
                (page.items.unwrap_or_default(), page.last_evaluated_key)
            }
        };
        let next = last.map(next_of).transpose()?;
        Ok((items.into_iter().map(plain_row).collect::<Result<_, _>>()?, next))
    }

    /// All rows of a partition.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read, or the partition has more rows than one answer can hold.
    pub async fn partition(&self, table: Table, key: &str) -> Result<Vec<Value>, Fault> {
        self.items(table, key).await?.into_iter().map(plain_row).collect()
    }

    async fn items(&self, table: Table, key: &str) -> Result<Vec<Item>, Fault> {
        let (mut all, mut start) = (Vec::new(), None);
        loop {
            let (items, last) = self.page(table, key, start, 1_000).await?;
            all.extend(items);
            if all.len() > MOST {
                return Err(Fault::because(format!("{} of {key} has more than {MOST} rows: read it page by page", table.name())));
            }
            start = last;
            if start.is_none() {
                return Ok(all);
            }
        }
    }

    async fn page(&self, table: Table, key: &str, start: Option<Item>, limit: i32) -> Result<(Vec<Item>, Option<Item>), Fault> {
        let query = self.client.query().table_name(self.name(table)).key_condition_expression("#key = :key").consistent_read(true);
        let query = query.expression_attribute_names("#key", table.key()).expression_attribute_values(":key", text(key));
        let query = query.set_exclusive_start_key(start).limit(limit);
        let page = query.send().await.map_err(|error| Fault::new("reading the rows of a key", error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }

    /// How many rows a partition has.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn count(&self, table: Table, key: &str) -> Result<u64, Fault> {
        let (mut count, mut start) = (0, None);
        loop {
            let query = self.client.query().table_name(self.name(table)).key_condition_expression("#key = :key").select(Select::Count);
            let query = query.expression_attribute_names("#key", table.key()).expression_attribute_values(":key", text(key));
            let page =
                query.set_exclusive_start_key(start).send().await.map_err(|error| Fault::new("counting the rows of a key", error))?;
            count += u64::try_from(page.count).unwrap_or_default();
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// Deletes all rows of a partition, and says how many there were.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read or written.
    pub async fn delete_partition(&self, table: Table, key: &str) -> Result<usize, Fault> {
        let items = self.items(table, key).await?;
        for item in &items {
            let keys = key_names(table).iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect();
            let delete = self.client.delete_item().table_name(self.name(table)).set_key(Some(keys));
            delete.send().await.map_err(|error| Fault::new("deleting a row", error))?;
        }
        Ok(items.len())
    }

    /// Players who have a connection, a page of them, each once. `next` is that of the page before.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read, or `next` is no answer of this.
    pub async fn connected(&self, next: Option<&Value>) -> Result<(Vec<String>, Option<Value>), Fault> {
        let scan = self.client.scan().table_name(self.name(Table::Players)).limit(1_000);
        let scan = scan.filter_expression("begins_with(#item, :connection)").projection_expression("#player");
        let scan = scan.expression_attribute_names("#item", "item").expression_attribute_names("#player", "playerId");
        let scan = scan.expression_attribute_values(":connection", text("connection#"));
        let scan = scan.set_exclusive_start_key(next.map(start_of).transpose()?);
        let page = scan.send().await.map_err(|error| Fault::new("reading who is connected", error))?;
        let player = |item: Item| item.get("playerId").and_then(|player| player.as_s().ok()).cloned();
        let mut players: Vec<String> = page.items.unwrap_or_default().into_iter().filter_map(player).collect();
        players.dedup();
        Ok((players, page.last_evaluated_key.map(next_of).transpose()?))
    }
}

/// The names of a table's keys.
const fn key_names(table: Table) -> &'static [&'static str] {
    match table {
        Table::Players => &["playerId", "item"],
        Table::Messages => &["recipientId", "messageId"],
        Table::Placements => &["placementId"],
        Table::PlayerSessions => &["playerId", "placementId"],
        Table::Tickets => &["pool", "ticketId"],
        Table::Matches => &["matchId", "item"],
        Table::Operations => &["kind", "id"],
    }
}

fn next_of(key: Item) -> Result<Value, Fault> {
    serde_json::to_value(serde_dynamo::Item::from(key)).map_err(|error| Fault::new("writing where a page ends", error))
}

fn start_of(next: &Value) -> Result<Item, Fault> {
    let item: serde_dynamo::Item =
        serde_json::from_value(next.clone()).map_err(|error| Fault::new("understanding next, which is that of the page before", error))?;
    Ok(item.into())
}
