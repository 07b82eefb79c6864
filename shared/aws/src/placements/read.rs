//! Placements that are read, and those that others have made.

use aws_sdk_dynamodb::types::AttributeValue;
use muster_game::placement::Status;
use muster_protocol::events::placement_of_session;

use super::{End, PlacementRow, Placements, change};
use crate::{
    Fault, clock,
    conditional::{self, Item, Written},
};

/// What a pointer row has instead of a placement's attributes: the placement of a game session whose ARN does not tell it.
const POINTS_TO: &str = "pointsTo";

impl Placements {
    /// The placement of this id, as it is now.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn get(&self, placement_id: &str) -> Result<Option<PlacementRow>, Fault> {
        let row = self.get_item(placement_id).await?.map(change::read).transpose()?;
        Ok(row.filter(|row| row.expires_at > clock::now_seconds()))
    }

    /// Inserts a placement that is known from its end alone: another backend, or a server of one's own, has made it. `None` if it is there.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn adopt(&self, placement_id: &str, end: End, cause: &str) -> Result<Option<PlacementRow>, Fault> {
        let now = clock::now_milliseconds();
        let row = PlacementRow {
            status: Status::Ended,
            outcome: Some(end.outcome),
            reason: end.reason,
            ended_at: Some(now),
            session: end.session,
            ..PlacementRow::new(placement_id, end.player_sessions.keys().cloned().collect(), now, cause)
        };
        let row = PlacementRow { player_sessions: end.player_sessions, ..row };
        let item: Item = serde_dynamo::to_item(&row).map_err(|error| Fault::new("making the placement's row", error))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(placementId)");
        match conditional::put(put, "adopting a placement").await? {
            Written::Done(_) => Ok(Some(row)),
            Written::Refused(_) => Ok(None),
        }
    }

    /// Remembers which placement a game session is of, unless its ARN tells it. No placement can have the ARN as its id, which has colons.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be written.
    pub async fn point(&self, game_session_arn: &str, placement: &PlacementRow) -> Result<(), Fault> {
        if placement_of_session(game_session_arn) == Some(&placement.placement_id) {
            return Ok(());
        }
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("placementId", AttributeValue::S(game_session_arn.to_owned()))
            .item(POINTS_TO, AttributeValue::S(placement.placement_id.clone()))
            .item("expiresAt", AttributeValue::N(placement.expires_at.to_string()))
            .item("cause", AttributeValue::S(placement.cause.clone()));
        put.send().await.map_err(|error| Fault::new("pointing from a game session to its placement", error))?;
        Ok(())
    }

    /// The placement to which [`point`](Self::point) leads.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn pointed_to(&self, game_session_arn: &str) -> Result<Option<String>, Fault> {
        let item = self.get_item(game_session_arn).await?;
        Ok(item.and_then(|item| item.get(POINTS_TO)?.as_s().ok().cloned()))
    }

    async fn get_item(&self, placement_id: &str) -> Result<Option<Item>, Fault> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let get = get.key("placementId", AttributeValue::S(placement_id.to_owned()));
        Ok(get.send().await.map_err(|error| Fault::new("reading a placement", error))?.item)
    }
}
