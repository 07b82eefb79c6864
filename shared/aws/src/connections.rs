//! The connections of players: rows `connection#<id>` of the table players (key playerId, item).

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use serde::{Deserialize, Serialize};

use crate::{Config, ConfigError, Fault, Read, clock};

/// What distinguishes a connection's `item` from the other rows of its player.
const PREFIX: &str = "connection#";

/// One open socket of a player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Who holds it.
    pub player_id: String,
    /// `connection#` and the gateway's id of it.
    item: String,
    /// When the socket was asked for, in epoch milliseconds by the gateway's clock.
    pub connected_at: u64,
    /// When it may no longer be used, in whole epoch seconds: the earlier of its token's expiry and two hours.
    pub expires_at: u64,
    /// The gateway's id of the request that opened it.
    pub cause: String,
}

impl Connection {
    /// The row of a connection that `cause` opened for `player_id`.
    #[must_use]
    pub fn new(player_id: &str, connection_id: &str, connected_at: u64, expires_at: u64, cause: &str) -> Self {
        Self {
            player_id: player_id.to_owned(),
            item: format!("{PREFIX}{connection_id}"),
            connected_at,
            expires_at,
            cause: cause.to_owned(),
        }
    }

    /// The gateway's id of the socket.
    #[must_use]
    pub fn id(&self) -> &str {
        self.item.strip_prefix(PREFIX).unwrap_or(&self.item)
    }

    /// Whether its time is over. DynamoDB may keep expired rows for days.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.expires_at <= clock::now_seconds()
    }
}

/// The connection rows.
#[derive(Debug)]
pub struct Connections {
    client: Client,
    table: String,
}

impl Connections {
    /// Reads `PLAYERS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("PLAYERS_TABLE")?.to_owned() })
    }

    /// Writes a connection's row. Writing it again changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn put(&self, connection: &Connection) -> Result<(), Fault> {
        let row = serde_dynamo::to_item(connection).map_err(|error| Fault::new("making the connection's row", error))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(row));
        put.send().await.map_err(|error| Fault::new("writing the connection's row", error))?;
        Ok(())
    }

    /// Deletes the row of exactly this connection, if it is there.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn delete(&self, player_id: &str, connection_id: &str) -> Result<(), Fault> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("playerId", AttributeValue::S(player_id.to_owned()))
            .key("item", AttributeValue::S(format!("{PREFIX}{connection_id}")));
        delete.send().await.map_err(|error| Fault::new("deleting the connection's row", error))?;
        Ok(())
    }

    /// All connections of a player, expired ones included.
    ///
    /// A player who connected, read its inbox and is up to date expects a push of every later row, so its connection must be found: by a
    /// consistent read, or by one at half the price that is made good where it may have missed something. A row that cannot be understood
    /// is left out, since it must not silence the player's other devices.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn of_player(&self, player_id: &str, read: Read) -> Result<Vec<Connection>, Fault> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(read == Read::Consistent)
            .key_condition_expression("playerId = :player AND begins_with(#item, :prefix)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":player", AttributeValue::S(player_id.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(PREFIX.to_owned()))
            .into_paginator()
            .send();
        let mut connections = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Fault::new("reading the player's connections", error))?;
            for row in page.items.unwrap_or_default() {
                match serde_dynamo::from_item(row) {
                    Ok(connection) => connections.push(connection),
                    Err(error) => tracing::error!(playerId = player_id, %error, "a connection's row cannot be understood"),
                }
            }
        }
        Ok(connections)
    }
}
