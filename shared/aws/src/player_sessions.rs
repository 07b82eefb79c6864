//! Player sessions: rows of the table player_sessions (key playerId, placementId). Each says what a player is to know of one placement, and
//! is pushed when it is written.
//!
//! A row is inserted only where there is none, and closed whether it is there or not. So an end that overtakes the session itself stays,
//! and nobody is handed a dead address.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Put},
};
use muster_protocol::{Outcome, PlacementPush, ServerFrame, SessionPush};
use serde::{Deserialize, Serialize};

use crate::{
    Config, ConfigError, Deliverable, Delivery, Fault, PlacementRow, clock,
    game_sessions::GameSession,
    write::{Part, item_of, text, write},
};

/// How long an open session is remembered, in seconds.
const OPEN_SECONDS: u64 = 24 * 60 * 60;

/// How long is remembered that there was none, or that it is over, in seconds.
const OVER_SECONDS: u64 = 60 * 60;

/// Rows of a player that are looked at: more than it can have open, since it waits for one placement at a time.
const ROWS: i32 = 20;

/// What a player is to know of a placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayerSessionRow {
    /// Who is told.
    pub player_id: String,
    /// The placement.
    pub placement_id: String,
    /// How it ended for this player.
    pub outcome: Outcome,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The player's own place in the game session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player_session_id: Option<String>,
    /// The game session.
    #[serde(flatten)]
    pub session: Option<GameSession>,
    /// What the game server gave as results, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<String>,
    /// When the placement, or the session, ended, in epoch milliseconds.
    pub ended_at: u64,
    /// When it is forgotten, in whole epoch seconds.
    pub expires_at: u64,
    /// The request, or the event, that led to it.
    pub cause: String,
}

impl PlayerSessionRow {
    /// What the players of a placement that has ended are told, each by itself.
    #[must_use]
    pub fn of_placement(placement: &PlacementRow) -> Vec<Self> {
        let placed = placement.player_sessions.keys();
        let unplaced = placement.players.iter().filter(|player| !placement.player_sessions.contains_key(*player));
        placed.chain(unplaced).map(|player| Self::of_player(placement, player)).collect()
    }

    fn of_player(placement: &PlacementRow, player: &str) -> Self {
        let player_session_id = placement.player_sessions.get(player).cloned();
        let outcome = match placement.outcome.unwrap_or(Outcome::Failed) {
            Outcome::Fulfilled if player_session_id.is_none() => Outcome::Failed,
            Outcome::Fulfilled if placement.closed_at.is_some() => Outcome::Ended,
            outcome => outcome,
        };
        let ended_at = placement.closed_at.or(placement.ended_at).unwrap_or(placement.due_at);
        let reason = match outcome {
            Outcome::Ended => Some("the game session is over".to_owned()),
            Outcome::Failed if placement.session.is_some() => Some("the game session has no place for this player".to_owned()),
            _ => placement.reason.clone(),
        };
        let seconds = if outcome == Outcome::Fulfilled { OPEN_SECONDS } else { OVER_SECONDS };
        Self {
            player_id: player.to_owned(),
            placement_id: placement.placement_id.clone(),
            outcome,
            reason,
            session: player_session_id.as_ref().and(placement.session.clone()),
            player_session_id,
            results: placement.results.clone().filter(|_| outcome == Outcome::Ended),
            ended_at,
            expires_at: ended_at / 1_000 + seconds,
            cause: placement.cause.clone(),
        }
    }
}

impl From<PlayerSessionRow> for ServerFrame {
    fn from(row: PlayerSessionRow) -> Self {
        match (row.outcome, row.session, row.player_session_id) {
            (Outcome::Fulfilled, Some(session), Some(player_session_id)) => Self::Session(SessionPush {
                placement_id: row.placement_id,
                ip: session.ip,
                dns: session.dns,
                port: session.port,
                player_session_id,
                game_session_arn: session.game_session_arn,
                region: session.region,
            }),
            (outcome, _, _) => Self::Placement(PlacementPush {
                placement_id: row.placement_id,
                outcome,
                reason: row.reason,
                // What was JSON when it was written is JSON.
                results: row.results.and_then(|results| serde_json::from_str(&results).ok()),
            }),
        }
    }
}

impl Deliverable for PlayerSessionRow {
    const IS_NEWS: bool = true;

    fn frames(&self) -> Result<Vec<(&str, ServerFrame)>, Fault> {
        Ok(vec![(&self.player_id, self.clone().into())])
    }

    fn expires_at(&self) -> u64 {
        self.expires_at
    }

    fn since(&self) -> u64 {
        self.ended_at
    }

    fn log(&self, delivery: &Delivery<'_>) {
        let Delivery { cause, by, batch, connections, sockets } = delivery;
        let (player, id) = (&self.player_id, &self.placement_id);
        tracing::info!(cause, by, playerId = player, placementId = id, batch, connections, sockets, "delivered");
    }
}

/// The player sessions.
#[derive(Clone, Debug)]
pub struct PlayerSessions {
    client: Client,
    table: String,
}

impl PlayerSessions {
    /// Reads `PLAYER_SESSIONS_TABLE`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what is missing.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Ok(Self { client: config.dynamodb()?, table: config.required("PLAYER_SESSIONS_TABLE")?.to_owned() })
    }

    /// Inserts a row, unless the player has one of this placement.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn insert(&self, row: &PlayerSessionRow) -> Result<(), Fault> {
        self.put_if(row, "attribute_not_exists(playerId)", None).await
    }

    /// Puts a row that says that the session is over in the place of one that says that it is open, or of none.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn close(&self, row: &PlayerSessionRow) -> Result<(), Fault> {
        self.put_if(row, "attribute_not_exists(playerId) OR outcome = :open", Some((":open", text("fulfilled")))).await
    }

    async fn put_if(&self, row: &PlayerSessionRow, condition: &str, value: Option<(&str, AttributeValue)>) -> Result<(), Fault> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item_of(row, "making the player session's row")?));
        let put = put.condition_expression(condition);
        let put = match value {
            Some((name, value)) => put.expression_attribute_values(name, value),
            None => put,
        };
        write(&self.client, vec![put.part()?], "writing a player session").await.map(drop)
    }

    /// What a player is to know of its latest placements, newest first.
    ///
    /// Ids are UUIDv7, so that the newest sort last. Placements that other backends have made may have other ids. The read is consistent: a
    /// player that has just connected must find what was pushed to nobody a moment ago. Rows that cannot be understood are left out: they
    /// became dead letters.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn of_player(&self, player_id: &str) -> Result<Vec<PlayerSessionRow>, Fault> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(ROWS)
            .key_condition_expression("playerId = :player")
            .expression_attribute_values(":player", AttributeValue::S(player_id.to_owned()));
        let answer = query.send().await.map_err(|error| Fault::new("reading the player's sessions", error))?;
        let now = clock::now_seconds();
        let rows = answer.items.unwrap_or_default().into_iter().filter_map(|item| {
            serde_dynamo::from_item::<_, PlayerSessionRow>(item)
                .inspect_err(|error| tracing::error!(playerId = player_id, %error, "a player session's row cannot be understood"))
                .ok()
        });
        Ok(rows.filter(|row| row.expires_at > now).collect())
    }
}
