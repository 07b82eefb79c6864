//! What trusted programs publish over SNS, by the query protocol as the `aws` CLI does, and what becomes of it in tables and queues.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::{LocalStack, eventually};

impl LocalStack {
    /// Publishes a message on a topic, such as `placement-events`, and returns the id that SNS gives it.
    pub async fn publish(&self, topic: &str, message: &str) -> String {
        let arn = format!("arn:aws:sns:eu-central-1:123456789012:muster-dev-{topic}");
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", &arn), ("Message", message)];
        let form = reqwest::Url::parse_with_params("http://form", form).unwrap();
        let answer = self.query(form.query().unwrap()).await;
        let id = answer.split_once("<MessageId>").and_then(|(_, rest)| rest.split_once("</MessageId>"));
        id.unwrap_or_else(|| panic!("SNS takes it: {answer}")).0.to_owned()
    }

    /// Publishes what a game server, or GameLift, tells of a game session.
    pub async fn tell(&self, event: &Value) -> String {
        self.publish("placement-events", &event.to_string()).await
    }

    /// Publishes an announcement of a service.
    pub async fn announce(&self, announcement: &Value) -> String {
        self.publish("announcements", &announcement.to_string()).await
    }

    /// Every row of a table, such as `placements`, in no order.
    pub async fn table(&self, name: &str) -> Vec<Value> {
        let mut scan = json!({"TableName": format!("muster-dev-{name}"), "ConsistentRead": true});
        let mut rows = Vec::new();
        loop {
            let mut page = self.aws("DynamoDB_20120810.Scan", &scan).await;
            rows.append(page["Items"].as_array_mut().unwrap_or_else(|| panic!("there is a table {name}")));
            match page["LastEvaluatedKey"].take() {
                Value::Null => return rows,
                last => scan["ExclusiveStartKey"] = last,
            }
        }
    }

    /// Waits for so many dead letters of a consumer, and takes them.
    pub async fn letters(&self, consumer: &str, count: usize) -> Vec<Value> {
        let letters = RefCell::new(Vec::new());
        eventually(&format!("{count} dead letters of {consumer}"), || async {
            let more = self.dead_letters(consumer).await;
            letters.borrow_mut().extend(more);
            (letters.borrow().len() >= count).then_some(())
        })
        .await;
        letters.into_inner()
    }
}

/// The ARN of a game session of one's own fleet that ends with its placement, as docs/game-servers.md advises.
pub fn arn_of(placement_id: &str) -> String {
    format!("arn:aws:gamelift:eu-central-1::gamesession/own-fleet/{placement_id}")
}

/// The event of a server that has a place for each of these players.
pub fn fulfilled(placement_id: &str, arn: &str, players: &[String]) -> Value {
    let placed: Vec<Value> =
        players.iter().map(|player| json!({"playerId": player, "playerSessionId": format!("psess-{player}")})).collect();
    json!({
        "version": "0", "id": "93111702-4e98-4e1c-87d4-740ee173c4c0", "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift", "account": "123456789012", "time": "2026-11-05T09:50:55Z", "region": "eu-central-1", "resources": [],
        "detail": {
            "type": "PlacementFulfilled", "placementId": placement_id, "gameSessionArn": arn, "gameSessionRegion": "eu-central-1",
            "ipAddress": "192.0.2.1", "dnsName": "s1.example", "port": "1337", "placedPlayerSessions": placed,
            "startTime": "2026-11-05T09:50:46.923Z", "endTime": "2026-11-05T09:50:55.245Z"
        }
    })
}

/// What a player of [`fulfilled`] is pushed.
pub fn session_push(placement_id: &str, arn: &str, player: &str) -> Value {
    json!({
        "type": "session", "placementId": placement_id, "ip": "192.0.2.1", "dns": "s1.example", "port": 1_337,
        "playerSessionId": format!("psess-{player}"), "gameSessionArn": arn, "region": "eu-central-1"
    })
}

/// The event of a server whose game is over.
pub fn session_ended(arn: &str, results: &Value) -> Value {
    json!({
        "version": "0", "id": "7a0c2f0e-0d65-4c8a-9a40-5f4f1c2f6b11", "detail-type": "Muster Session Event", "source": "game-server",
        "time": "2026-11-05T10:12:03Z", "detail": {"type": "SessionEnded", "gameSessionArn": arn, "results": results}
    })
}

/// What a player is pushed then.
pub fn ended_push(placement_id: &str, results: &Value) -> Value {
    json!({
        "type": "placement", "placementId": placement_id, "outcome": "ended", "reason": "the game session is over", "results": results
    })
}
