//! What is published, and how often.

use std::time::Duration;

use serde_json::json;

use super::{START, Stage, TOPIC, queue, start, start_with};
use crate::{
    clock::Clock,
    gamelift::{GameLiftConfig, QueueConfig},
    lock::lock,
};

/// Starts a placement and lets the fleet take its time.
async fn placed(stage: &Stage, id: &str, queue: &str) {
    stage.place(id, queue).await;
    stage.advance(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn the_event_of_a_fulfilled_placement_is_aws_own() {
    let mine = QueueConfig { custom_event_data: Some("text".to_owned()), ..queue("mine") };
    let stage = start_with(GameLiftConfig { queues: vec![mine], ..GameLiftConfig::default() }, Clock::standing_at(START));
    let request = json!({
        "PlacementId": "p-1", "GameSessionQueueName": "mine", "MaximumPlayerSessionCount": 2, "DesiredPlayerSessions": [{"PlayerId": "1"}],
    });
    stage.ok("StartGameSessionPlacement", request).await;
    stage.advance(Duration::from_secs(1)).await;
    let (topic, event) = lock(&stage.events).pop().unwrap();
    let placed = &event["detail"]["placedPlayerSessions"][0]["playerSessionId"];
    assert_eq!(&stage.describe("p-1").await["PlacedPlayerSessions"][0]["PlayerSessionId"], placed);
    let expected = json!({
        "version": "0", "id": event["id"], "detail-type": "GameLift Queue Placement Event", "source": "aws.gamelift",
        "account": "123456789012", "time": "2023-11-14T22:13:21Z", "region": "eu-central-1",
        "resources": ["arn:aws:gamelift:eu-central-1:123456789012:gamesessionqueue/mine"],
        "detail": {
            "placementId": "p-1", "port": "9", "gameSessionArn": "arn:aws:gamelift:eu-central-1::gamesession/fleet-local/p-1",
            "ipAddress": "127.0.0.1", "placedPlayerSessions": [{"playerId": "1", "playerSessionId": placed}], "customEventData": "text",
            "dnsName": "localhost", "startTime": "2023-11-14T22:13:20.123Z", "endTime": "2023-11-14T22:13:21.123Z",
            "type": "PlacementFulfilled", "gameSessionRegion": "eu-central-1",
        },
    });
    assert_eq!((topic.as_str(), event), (TOPIC, expected));
}

#[tokio::test]
async fn the_other_events_say_when_and_nothing_more() {
    let stage = start();
    stage.place("out", "time-out").await;
    stage.place("wrong", "fail").await;
    stage.place("off", "fulfil").await;
    stage.ok("StopGameSessionPlacement", json!({"PlacementId": "off"})).await;
    stage.advance(Duration::from_millis(300)).await;
    stage.advance(Duration::from_millis(9_700)).await;
    let details: Vec<_> = lock(&stage.events).iter().map(|(_, event)| event["detail"].clone()).collect();
    let (begun, half, ten) = ("2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.423Z", "2023-11-14T22:13:30.123Z");
    let expected = [
        json!({"placementId": "off", "type": "PlacementCancelled", "startTime": begun, "endTime": begun}),
        json!({"placementId": "wrong", "type": "PlacementFailed", "startTime": begun, "endTime": half}),
        json!({"placementId": "out", "type": "PlacementTimedOut", "startTime": begun, "endTime": ten}),
    ];
    assert_eq!(details, expected);
}

#[tokio::test]
async fn a_queue_without_a_topic_tells_nobody() {
    let silent = QueueConfig { topic_arn: None, ..queue("silent") };
    let stage = start_with(GameLiftConfig { queues: vec![silent], ..GameLiftConfig::default() }, Clock::standing_at(START));
    placed(&stage, "p", "silent").await;
    assert_eq!((stage.ended("p").await["Status"].as_str(), stage.heard()), (Some("FULFILLED"), Vec::new()));
}

#[tokio::test]
async fn a_repeated_event_comes_twice() {
    let stage = start();
    placed(&stage, "p", "repeat").await;
    assert_eq!((stage.heard_of(), stage.gamelift.pending()), (vec!["p".to_owned()], 1));
    stage.advance(Duration::from_millis(50)).await;
    assert_eq!((stage.heard_of(), stage.gamelift.pending()), (vec!["p".to_owned(), "p".to_owned()], 0));
    let events = lock(&stage.events);
    assert_eq!(events[0], events[1]);
}

#[tokio::test]
async fn reordered_events_come_in_pairs_the_later_one_first() {
    let stage = start();
    placed(&stage, "1", "reorder").await;
    assert_eq!((stage.heard_of(), stage.gamelift.pending()), (Vec::new(), 1));
    placed(&stage, "2", "reorder").await;
    assert_eq!((stage.heard_of(), stage.gamelift.pending()), (["2", "1"].map(str::to_owned).to_vec(), 0));
    placed(&stage, "3", "reorder").await;
    stage.advance(Duration::from_millis(999)).await;
    assert_eq!(stage.heard_of().len(), 2);
    stage.advance(Duration::from_millis(1)).await;
    assert_eq!((stage.heard_of(), stage.gamelift.pending()), (["2", "1", "3"].map(str::to_owned).to_vec(), 0));
}

#[tokio::test]
async fn a_dropped_event_never_comes() {
    let stage = start();
    placed(&stage, "p", "drop").await;
    stage.advance(Duration::from_secs(60)).await;
    assert_eq!((stage.ended("p").await["Status"].as_str(), stage.heard(), stage.gamelift.pending()), (Some("FULFILLED"), Vec::new(), 0));
}
