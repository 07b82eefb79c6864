//! A local stack as whoever looks after placements sees it: the pretended fleet, GameLift, the topic of its events, and the rows.

use std::fs;

use reqwest::Url;
use serde_json::{Value, json};

use super::{LocalStack, eventually, stack::FLEET};

/// The topic on which GameLift and game servers tell of placements.
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:muster-dev-placement-events";

/// The queue of another backend of the same account, which hears of its placements elsewhere.
pub const ANOTHER_QUEUE: &str = "another";

impl LocalStack {
    /// From now on the fleet does this with placements of the template's queue. No game server is started for them, unless this says so.
    /// There is also the queue [`ANOTHER_QUEUE`].
    pub fn fleet(&self, behaviour: &Value) {
        let mut behaviour = behaviour.clone();
        behaviour.as_object_mut().unwrap().entry("server").or_insert(json!(false));
        // It is read at any time, hence it is there as a whole or not at all.
        let new = self.path("fleet.new");
        fs::write(&new, json!({"muster-dev": behaviour, ANOTHER_QUEUE: {"events": "drop", "server": false}}).to_string()).unwrap();
        fs::rename(new, self.path(FLEET)).unwrap();
    }

    /// Starts a placement as another backend of the same account would.
    pub async fn start_placement(&self, request: &Value) {
        let answer = self.aws("GameLift.StartGameSessionPlacement", request).await;
        assert_eq!(answer["GameSessionPlacement"]["Status"], "PENDING", "{answer}");
    }

    /// What GameLift says of a placement; null if it does not know it.
    pub async fn described(&self, placement_id: &str) -> Value {
        let mut answer = self.aws("GameLift.DescribeGameSessionPlacement", &json!({"PlacementId": placement_id})).await;
        answer["GameSessionPlacement"].take()
    }

    /// Waits until GameLift says of a placement that it is in this status.
    pub async fn is_at_gamelift(&self, placement_id: &str, status: &str) -> Value {
        eventually(&format!("{placement_id} is {status} at GameLift"), || async {
            let described = self.described(placement_id).await;
            (described["Status"] == status).then_some(described)
        })
        .await
    }

    /// Publishes an event of GameLift, or of a game server, with this detail.
    pub async fn gamelift_tells(&self, detail: &Value) {
        let message = json!({"source": "aws.gamelift", "detail": detail}).to_string();
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", TOPIC), ("Message", message.as_str())];
        let published = self.query(Url::parse_with_params("http://sns/", form).unwrap().query().unwrap()).await;
        assert!(published.contains("<MessageId>"), "{published}");
    }

    /// The row of a placement.
    pub async fn placement(&self, placement_id: &str) -> Value {
        self.row("muster-dev-placements", &json!({"placementId": {"S": placement_id}})).await
    }

    /// The rows of what a player was told of placements, oldest first.
    pub async fn player_sessions(&self, player: &str) -> Vec<Value> {
        self.rows("muster-dev-player-sessions", "playerId", player).await
    }

    /// The row of a player's seat in the main lane; null if it has none.
    pub async fn seat(&self, player: &str) -> Value {
        self.row("muster-dev-players", &json!({"playerId": {"S": player}, "item": {"S": "seat#main"}})).await
    }

    async fn row(&self, table: &str, key: &Value) -> Value {
        let get = json!({"TableName": table, "Key": key, "ConsistentRead": true});
        self.aws("DynamoDB_20120810.GetItem", &get).await["Item"].take()
    }
}
