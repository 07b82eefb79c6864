//! Placements that are read, and those that others have made.

use aws_sdk_dynamodb::types::AttributeValue;
use muster_game::placement::Status;
use muster_protocol::events::placement_of_session;

use super::{End, PlacementRow, Placements};
use crate::{
    Fault, clock,
    write::{Item, text, write},
};

/// The key of a placement.
pub(super) fn key(placement_id: &str) -> Item {
    Item::from([("placementId".to_owned(), text(placement_id))])
}

/// What a pointer row has instead of a placement's attributes: the placement of a game session whose ARN does not tell it.
const POINTS_TO: &str = "pointsTo";

impl Placements {
    /// The placement of this id, as it is now.
    ///
    /// # Errors
    /// A [`Fault`] if the table cannot be read.
    pub async fn get(&self, placement_id: &str) -> Result<Option<PlacementRow>, Fault> {
        let row: Option<PlacementRow> = self.rows.get(&key(placement_id), true).await?;
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
        let put = self.rows.put(&row, None)?;
        Ok(write(&self.rows.client, vec![put], "adopting a placement").await?.is_ok().then_some(row))
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
            .rows
            .client
            .put_item()
            .table_name(&self.rows.table)
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
        let get = self.rows.client.get_item().table_name(&self.rows.table).consistent_read(true);
        let got = get.set_key(Some(key(game_session_arn))).send().await;
        let item = got.map_err(|error| Fault::new("reading the way from a game session to its placement", error))?.item;
        Ok(item.and_then(|item| item.get(POINTS_TO)?.as_s().ok().cloned()))
    }
}
