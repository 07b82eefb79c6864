//! What becomes of placements, by their queue and by the fleet's file.

use std::time::Duration;

use serde_json::json;

use super::{START, Stage, a_moment, queue, start, start_with, until};
use crate::{clock::Clock, gamelift::GameLiftConfig};

fn start_with_file(text: &str) -> (Stage, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let config = GameLiftConfig { queues: vec![queue("mine")], fleet_file: Some(file.path().to_owned()), ..GameLiftConfig::default() };
    (start_with(config, Clock::standing_at(START)), file)
}

fn refusal(queue: &str) -> serde_json::Value {
    json!({"PlacementId": "refused", "GameSessionQueueName": queue, "MaximumPlayerSessionCount": 1})
}

#[tokio::test]
async fn a_placement_takes_its_time_and_ends_as_its_queue_is_named() {
    let stage = start();
    for queue in ["fulfil", "time-out", "fail", "repeat", "reorder", "drop"] {
        let placement = stage.place(queue, queue).await;
        assert_eq!((&placement["Status"], placement.get("EndTime")), (&json!("PENDING"), None));
    }
    stage.advance(Duration::from_millis(299)).await;
    assert_eq!((stage.describe("fulfil").await["Status"].as_str(), stage.gamelift.pending()), (Some("PENDING"), 6));
    stage.advance(Duration::from_millis(1)).await;
    for queue in ["fulfil", "repeat", "reorder", "drop"] {
        assert_eq!(stage.describe(queue).await["Status"], "FULFILLED");
    }
    assert_eq!(stage.describe("fail").await["Status"], "FAILED");
    stage.advance(Duration::from_millis(9_699)).await;
    assert_eq!((stage.describe("time-out").await["Status"].as_str(), stage.gamelift.pending()), (Some("PENDING"), 1));
    stage.advance(Duration::from_millis(1)).await;
    let timed_out = stage.describe("time-out").await;
    assert_eq!((&timed_out["Status"], &timed_out["EndTime"]), (&json!("TIMED_OUT"), &json!(1_700_000_010.123)));
    assert_eq!(stage.gamelift.pending(), 0);
}

#[tokio::test]
async fn without_a_delay_the_event_follows_at_once_and_the_answer_is_pending() {
    let (stage, _file) = start_with_file(r#"{"mine": {"delayMilliseconds": 0, "server": false}}"#);
    for id in 0..1_000 {
        assert_eq!(stage.place(&id.to_string(), "mine").await["Status"], "PENDING");
    }
    // The clock has not moved, and nobody waits for it.
    until("all events have come", || stage.heard().len() == 1_000).await;
    assert_eq!(stage.clock.waiting(), 0);
    until("nothing is under way", || stage.gamelift.pending() == 0).await;
}

#[tokio::test]
async fn a_pending_placement_can_be_stopped_and_an_ended_one_cannot() {
    let stage = start();
    stage.place("p", "fulfil").await;
    let stopped = stage.ok("StopGameSessionPlacement", json!({"PlacementId": "p"})).await;
    assert_eq!((&stopped["Status"], stopped.get("IpAddress")), (&json!("CANCELLED"), None));
    a_moment().await;
    assert_eq!(stage.gamelift.pending(), 0);
    stage.advance(Duration::from_secs(1)).await;
    assert_eq!(stage.describe("p").await, stopped);
    assert_eq!(stage.heard(), [("p".to_owned(), "PlacementCancelled".to_owned())]);
    stage.place("q", "fulfil").await;
    stage.advance(Duration::from_secs(1)).await;
    for (id, status) in [("p", "CANCELLED"), ("q", "FULFILLED")] {
        let (kind, message) = stage.refused("StopGameSessionPlacement", json!({"PlacementId": id})).await;
        assert!(kind == "InvalidRequestException" && message.contains(status), "{kind}: {message}");
    }
    assert_eq!(stage.heard().len(), 2);
}

#[tokio::test]
async fn what_never_ends_is_not_under_way_and_can_be_stopped() {
    let (stage, _file) = start_with_file(r#"{"mine": {"outcome": "never"}}"#);
    stage.place("p", "mine").await;
    stage.advance(Duration::from_secs(3_600)).await;
    assert_eq!((stage.describe("p").await["Status"].as_str(), stage.gamelift.pending()), (Some("PENDING"), 0));
    stage.ok("StopGameSessionPlacement", json!({"PlacementId": "p"})).await;
    assert_eq!(stage.heard(), [("p".to_owned(), "PlacementCancelled".to_owned())]);
}

#[tokio::test]
async fn the_fleets_file_is_read_for_each_placement() {
    let (stage, file) = start_with_file("{}");
    stage.place("1", "mine").await;
    std::fs::write(
        file.path(),
        r#"{"mine": {"outcome": "fail", "events": "drop"}, "fail": {"outcome": "timeOut", "delayMilliseconds": 1}}"#,
    )
    .unwrap();
    stage.place("2", "mine").await;
    stage.place("3", "fail").await;
    std::fs::write(file.path(), r#"{"mine": {"outcome": "never"}}"#).unwrap();
    stage.advance(Duration::from_secs(1)).await;
    for (id, status) in [("1", "FULFILLED"), ("2", "FAILED"), ("3", "TIMED_OUT")] {
        assert_eq!(stage.describe(id).await["Status"], status);
    }
    let mut heard = stage.heard_of();
    heard.sort();
    assert_eq!(heard, ["1", "3"]);
}

#[tokio::test]
async fn a_fleets_file_that_is_broken_fails_placements_and_says_why() {
    let (stage, file) = start_with_file(r#"{"mine": {"outcome": "perhaps"}}"#);
    let (kind, message) = stage.refused("StartGameSessionPlacement", refusal("mine")).await;
    assert!(kind == "InternalServiceException" && message.contains("unknown variant `perhaps`"), "{kind}: {message}");
    assert_eq!(stage.faults(), [message]);
    std::fs::remove_file(file.path()).unwrap();
    let (_, message) = stage.refused("StartGameSessionPlacement", refusal("fulfil")).await;
    assert!(message.contains("cannot be read"), "{message}");
    // The id was never used.
    std::fs::write(file.path(), "{}").unwrap();
    stage.place("refused", "mine").await;
}

#[tokio::test]
async fn nothing_happens_after_the_end_of_the_stack() {
    let stage = start();
    stage.place("p", "fulfil").await;
    stage.place("q", "reorder").await;
    stage.gamelift.shutdown().await;
    stage.advance(Duration::from_secs(60)).await;
    assert_eq!((stage.describe("p").await["Status"].as_str(), stage.heard()), (Some("PENDING"), Vec::new()));
}
