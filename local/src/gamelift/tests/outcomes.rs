//! What becomes of placements, and what is published of them.

use serde_json::json;

use super::{a_moment, session_arn, start, topic, until};
use crate::{
    account::{ACCOUNT, REGION, arn},
    lock::lock,
};

#[tokio::test]
async fn a_placement_takes_its_time_and_ends_as_its_queue_says() {
    let stage = start();
    for queue in ["fulfil", "time-out", "fail", "drop", "mine"] {
        let placement = stage.place(queue, queue).await;
        assert_eq!((&placement["Status"], placement.get("EndTime")), (&json!("PENDING"), None));
    }
    stage.advance(299).await;
    assert_eq!((stage.status("fulfil").await.as_str(), stage.gamelift.pending()), ("PENDING", 5));
    stage.advance(1).await;
    for (queue, status) in [("fulfil", "FULFILLED"), ("drop", "FULFILLED"), ("mine", "FULFILLED"), ("fail", "FAILED")] {
        assert_eq!(stage.status(queue).await, status);
    }
    stage.advance(9_699).await;
    assert_eq!((stage.status("time-out").await.as_str(), stage.gamelift.pending()), ("PENDING", 1));
    stage.advance(1).await;
    let timed_out = stage.describe("time-out").await;
    assert_eq!((&timed_out["Status"], &timed_out["EndTime"]), (&json!("TIMED_OUT"), &json!(1_700_000_010.123)));
    // Neither of a queue whose events are dropped, nor of one without a topic.
    let mut heard = stage.heard();
    heard.sort();
    assert_eq!(heard, ["fail PlacementFailed", "fulfil PlacementFulfilled", "time-out PlacementTimedOut"]);
    assert_eq!(stage.gamelift.pending(), 0);
}

#[tokio::test]
async fn without_a_delay_the_event_follows_at_once_and_the_answer_is_pending() {
    let stage = start();
    for id in 0..1_000 {
        assert_eq!(stage.place(&id.to_string(), "prompt").await["Status"], "PENDING");
    }
    // The clock has not moved.
    until("all events have come", || stage.heard().len() == 1_000).await;
    until("nothing is under way", || stage.gamelift.pending() == 0).await;
}

#[tokio::test]
async fn a_pending_placement_can_be_stopped_and_an_ended_one_cannot() {
    let stage = start();
    for (id, queue) in [("p", "fulfil"), ("never", "never")] {
        stage.place(id, queue).await;
        let stopped = stage.stop(id).await;
        assert_eq!((&stopped["Status"], stopped.get("IpAddress")), (&json!("CANCELLED"), None));
        a_moment().await;
        assert_eq!(stage.gamelift.pending(), 0);
        stage.advance(1_000).await;
        assert_eq!(stage.describe(id).await, stopped);
    }
    stage.place("q", "fulfil").await;
    stage.advance(1_000).await;
    for (id, status) in [("p", "CANCELLED"), ("q", "FULFILLED")] {
        let (kind, message) = stage.refused("StopGameSessionPlacement", json!({"PlacementId": id})).await;
        assert!(kind == "InvalidRequestException" && message.contains(status), "{kind}: {message}");
    }
    assert_eq!(stage.heard(), ["p PlacementCancelled", "never PlacementCancelled", "q PlacementFulfilled"]);
}

#[tokio::test]
async fn what_never_ends_is_not_under_way() {
    let stage = start();
    stage.place("p", "never").await;
    stage.advance(3_600_000).await;
    assert_eq!((stage.status("p").await.as_str(), stage.gamelift.pending()), ("PENDING", 0));
}

#[tokio::test]
async fn the_fleets_file_is_read_for_each_placement() {
    let stage = start();
    let will = |behaviour: &str| std::fs::write(stage.fleet.path(), behaviour).unwrap();
    stage.place("1", "mine").await;
    will(r#"{"mine": {"outcome": "fail"}}"#);
    stage.place("2", "mine").await;
    will(r#"{"mine": {"outcome": "perhaps"}}"#);
    let request = json!({"PlacementId": "3", "GameSessionQueueName": "mine", "MaximumPlayerSessionCount": 1});
    let (kind, message) = stage.refused("StartGameSessionPlacement", request).await;
    assert!(kind == "InternalServiceException" && message.contains("unknown variant `perhaps`"), "{kind}: {message}");
    // The id was never used.
    will(r#"{"mine": {"outcome": "never"}}"#);
    stage.place("3", "mine").await;
    stage.advance(1_000).await;
    for (id, status) in [("1", "FULFILLED"), ("2", "FAILED"), ("3", "PENDING")] {
        assert_eq!(stage.status(id).await, status);
    }
}

#[tokio::test]
async fn the_event_of_a_fulfilled_placement_is_aws_own() {
    let stage = start();
    let request = json!({
        "PlacementId": "p-1", "GameSessionQueueName": "fulfil", "MaximumPlayerSessionCount": 2, "DesiredPlayerSessions": [{"PlayerId": "1"}],
    });
    stage.ok("StartGameSessionPlacement", request).await;
    stage.advance(1_000).await;
    let (heard_on, event) = lock(&stage.events).pop().unwrap();
    let placed = &event["detail"]["placedPlayerSessions"][0]["playerSessionId"];
    assert_eq!(&stage.describe("p-1").await["PlacedPlayerSessions"][0]["PlayerSessionId"], placed);
    let expected = json!({
        "version": "0", "id": event["id"], "detail-type": "GameLift Queue Placement Event", "source": "aws.gamelift",
        "account": ACCOUNT, "time": "2023-11-14T22:13:21Z", "region": REGION, "resources": [arn("gamelift", "gamesessionqueue/fulfil")],
        "detail": {
            "placementId": "p-1", "port": "9", "gameSessionArn": session_arn("p-1"), "ipAddress": "127.0.0.1",
            "placedPlayerSessions": [{"playerId": "1", "playerSessionId": placed}], "dnsName": "localhost",
            "startTime": "2023-11-14T22:13:20.123Z", "endTime": "2023-11-14T22:13:21.123Z", "type": "PlacementFulfilled",
            "gameSessionRegion": REGION,
        },
    });
    assert_eq!((heard_on, event), (topic(), expected));
}

#[tokio::test]
async fn the_other_events_say_when_and_nothing_more() {
    let stage = start();
    stage.place("p", "fail").await;
    stage.advance(300).await;
    let (begun, ended) = ("2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.423Z");
    let expected = json!({"placementId": "p", "type": "PlacementFailed", "startTime": begun, "endTime": ended});
    assert_eq!(lock(&stage.events)[0].1["detail"], expected);
}

#[tokio::test]
async fn a_repeated_event_comes_twice() {
    let stage = start();
    stage.place("p", "repeat").await;
    stage.advance(300).await;
    assert_eq!((stage.heard().len(), stage.gamelift.pending()), (1, 1));
    stage.advance(50).await;
    assert_eq!((stage.heard().len(), stage.gamelift.pending()), (2, 0));
    let events = lock(&stage.events);
    assert_eq!(events[0], events[1]);
}

#[tokio::test]
async fn every_other_one_of_reordered_events_is_late() {
    let stage = start();
    for id in ["1", "2", "3"] {
        stage.place(id, "reorder").await;
        stage.advance(300).await;
    }
    assert_eq!((stage.heard(), stage.gamelift.pending()), (vec!["2 PlacementFulfilled".to_owned()], 2));
    stage.advance(999).await;
    let heard = ["2", "1", "3"].map(|id| format!("{id} PlacementFulfilled"));
    assert_eq!(stage.heard(), heard[..2]);
    stage.advance(1).await;
    assert_eq!((stage.heard(), stage.gamelift.pending()), (heard.to_vec(), 0));
}

#[tokio::test]
async fn nothing_happens_after_the_end_of_the_stack() {
    let stage = start();
    stage.place("p", "fulfil").await;
    stage.gamelift.shutdown().await;
    stage.advance(60_000).await;
    assert_eq!((stage.status("p").await.as_str(), stage.heard()), ("PENDING", Vec::new()));
}
