//! Streams that are read again from their beginning, as by a mapping that was made anew.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{met, row_of};
use crate::harness::{LocalStack, Player, fulfilled};

const QUIET: Duration = Duration::from_millis(500);

/// So many minutes ago, as a number of DynamoDB.
fn minutes_ago(minutes: u64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    json!({"N": (now - minutes * 60_000).to_string()})
}

/// Hands `row` to the consumer once more.
pub(super) async fn hand_over(stack: &LocalStack, consumer: &str, row: &Value) {
    let image = json!({"Keys": {}, "NewImage": row, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_IMAGE"});
    let record =
        json!({"eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": image});
    assert_eq!(stack.invoke(consumer, &json!({"Records": [record]})).await, json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn a_match_that_was_over_long_ago_is_told_to_nobody_who_is_new() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    let here = gamers[0].here();
    gamers[0].get("leaveMatch", here).await;
    assert_eq!(gamers[1].told().await["state"], "over");
    let mut fresh = Player::connect(&stack, "bob").await;
    let mut row = row_of(&stack, gamers[0].match_id()).await;
    row["changedAt"] = minutes_ago(11);
    hand_over(&stack, "matches-announce", &row).await;
    assert!(fresh.hears_nothing(QUIET).await);
    row["changedAt"] = minutes_ago(9);
    hand_over(&stack, "matches-announce", &row).await;
    assert_eq!(fresh.news().await["state"], "over", "an outage of minutes holds back what is told, and loses nothing");
}

#[tokio::test]
async fn a_session_that_ended_long_ago_is_told_to_nobody_who_is_new() {
    let stack = LocalStack::start(&[]).await;
    let mut fresh = Player::connect(&stack, "bob").await;
    stack.gamelift_tells(&fulfilled("theirs", "agones://room", &["bob".to_owned()])["detail"]).await;
    assert_eq!(fresh.news().await["placementId"], "theirs");
    let mut row = stack.player_sessions("bob").await.remove(0);
    row["endedAt"] = minutes_ago(11);
    hand_over(&stack, "player-sessions-announce", &row).await;
    assert!(fresh.hears_nothing(QUIET).await);
    row["endedAt"] = minutes_ago(9);
    hand_over(&stack, "player-sessions-announce", &row).await;
    assert_eq!(fresh.news().await["placementId"], "theirs");
}
