//! Changing a placement: each [`Change`] of the rules, as the condition and the update of one write.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue};
use muster_game::placement::Change;
use muster_protocol::Outcome;
use serde::Serialize;

use super::{PlacementRow, Placements};
use crate::{
    Fault, clock,
    conditional::{self, Item, Written},
    game_sessions::GameSession,
};

/// What came of a change.
#[derive(Clone, Debug)]
pub enum Changed {
    /// It was made; the row as it is now.
    Won(PlacementRow),
    /// Its condition does not hold, or no more; the row as it is, if there is one.
    Lost(Option<PlacementRow>),
}

/// How a placement ends, with all that is to be remembered of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
    /// The game session, if it is fulfilled.
    pub session: Option<GameSession>,
    /// The player sessions in it, by player.
    pub player_sessions: BTreeMap<String, String>,
}

impl End {
    /// There is a game session.
    #[must_use]
    pub fn fulfilled(session: GameSession, player_sessions: BTreeMap<String, String>) -> Self {
        Self { outcome: Outcome::Fulfilled, reason: None, session: Some(session), player_sessions }
    }

    /// There is none, and this is why.
    pub fn without(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()), session: None, player_sessions: BTreeMap::new() }
    }

    /// There is none, for the usual reason of this outcome.
    #[must_use]
    pub fn usual(outcome: Outcome) -> Self {
        let reason = match outcome {
            Outcome::TimedOut => "no game server was free in time",
            Outcome::Cancelled => "the placement was cancelled",
            _ => "no game server could be started",
        };
        Self::without(outcome, reason)
    }
}

/// The parts of an update, put together piece by piece.
struct Update {
    builder: UpdateItemFluentBuilder,
    sets: Vec<String>,
}

impl Update {
    /// Sets an attribute. Its name is also that of its value in the expression.
    fn set<T: Serialize>(mut self, name: &str, value: &T) -> Result<Self, Fault> {
        let value: AttributeValue =
            serde_dynamo::to_attribute_value(value).map_err(|error| Fault::new(format!("writing {name}"), error))?;
        self.builder = self.builder.expression_attribute_names(format!("#{name}"), name);
        self.builder = self.builder.expression_attribute_values(format!(":{name}"), value);
        self.sets.push(format!("#{name} = :{name}"));
        Ok(self)
    }

    fn set_if_some<T: Serialize>(self, name: &str, value: Option<&T>) -> Result<Self, Fault> {
        match value {
            Some(value) => self.set(name, value),
            None => Ok(self),
        }
    }

    /// A value that the condition speaks of.
    fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.builder = self.builder.expression_attribute_values(name, value);
        self
    }

    async fn send_if(self, condition: &str, doing: &str) -> Result<Changed, Fault> {
        let builder = self.builder.update_expression(format!("SET {}", self.sets.join(", "))).condition_expression(condition);
        match conditional::update(builder, doing).await? {
            Written::Done(row) => Ok(Changed::Won(read(row.unwrap_or_default())?)),
            Written::Refused(row) => Ok(Changed::Lost(row.map(read).transpose()?)),
        }
    }
}

pub(super) fn read(item: Item) -> Result<PlacementRow, Fault> {
    serde_dynamo::from_item(item).map_err(|error| Fault::new("understanding the placement's row", error))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

impl Placements {
    fn update(&self, placement_id: &str) -> Update {
        let builder = self.client.update_item().table_name(&self.table).key("placementId", text(placement_id));
        Update { builder, sets: Vec::new() }
    }

    /// Makes a change that concerns nobody but the placement itself.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn change(&self, placement_id: &str, change: Change) -> Result<Changed, Fault> {
        let update = self.update(placement_id);
        match change {
            Change::Claim => {
                let update = update.set("status", &"pending")?.set("claimedAt", &clock::now_milliseconds())?;
                update.value(":requested", text("requested")).send_if("#status = :requested", "claiming a placement").await
            }
            Change::Recheck { from, due_at } => {
                let update = update.set("recheck", &(from + 1))?.set("dueAt", &due_at)?;
                // The number is left out of the row as long as it is zero.
                let unchanged = if from == 0 { "attribute_not_exists(recheck)" } else { "recheck = :from" };
                let update = if from == 0 { update } else { update.value(":from", AttributeValue::N(from.to_string())) };
                let mut update = update.value(":ended", text("ended"));
                update.builder = update.builder.expression_attribute_names("#status", "status");
                update.send_if(&format!("{EXISTS} AND #status <> :ended AND {unchanged}"), "putting a placement off").await
            }
            Change::Tell => {
                let mut update = update.set("told", &true)?.value(":ended", text("ended"));
                update.builder = update.builder.expression_attribute_names("#status", "status");
                update.send_if("#status = :ended", "noting that the players of a placement were told").await
            }
            Change::Cancel => Err(Fault::because("only a player can cancel a placement")),
            Change::End(outcome) => self.end(placement_id, &End::usual(outcome)).await,
        }
    }

    /// [`Change::Cancel`], by one of the players who are in it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn cancel(&self, placement_id: &str, player_id: &str) -> Result<Changed, Fault> {
        let update = self.update(placement_id).set("status", &"cancelling")?;
        let update = update.value(":requested", text("requested")).value(":pending", text("pending")).value(":player", text(player_id));
        update.send_if("#status IN (:requested, :pending) AND contains(players, :player)", "cancelling a placement").await
    }

    /// [`Change::End`], with all that is to be remembered of it.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn end(&self, placement_id: &str, end: &End) -> Result<Changed, Fault> {
        let mut update = self
            .update(placement_id)
            .set("status", &"ended")?
            .set("outcome", &end.outcome)?
            .set("endedAt", &clock::now_milliseconds())?
            .set_if_some("reason", end.reason.as_ref())?
            .set_if_some("session", end.session.as_ref())?;
        if !end.player_sessions.is_empty() {
            update = update.set("playerSessions", &end.player_sessions)?;
        }
        update.value(":ended", text("ended")).send_if(&format!("{EXISTS} AND #status <> :ended"), "ending a placement").await
    }

    /// Notes that the game session of a fulfilled placement is over; the first time counts. Lost if it is another session's placement.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn close(&self, placement_id: &str, game_session_arn: &str, results: Option<&String>) -> Result<Changed, Fault> {
        let mut update = self.update(placement_id).value(":arn", text(game_session_arn));
        update = update.value(":now", AttributeValue::N(clock::now_milliseconds().to_string()));
        update.sets.push("closedAt = if_not_exists(closedAt, :now)".to_owned());
        if let Some(results) = results {
            update = update.value(":results", text(results));
            update.sets.push("results = if_not_exists(results, :results)".to_owned());
        }
        update.builder = update.builder.expression_attribute_names("#session", "session");
        update.send_if("#session.gameSessionArn = :arn", "closing a placement").await
    }
}

/// An update would make a row that is not there.
const EXISTS: &str = "attribute_exists(placementId)";
