//! What is taken and what is refused, over the JSON protocol.

use serde_json::{Value, json};

use super::{Stage, start, topic};
use crate::account::arn;

/// A request that is taken, with these members instead.
fn request(members: Value) -> Value {
    let mut request = json!({"PlacementId": "p", "GameSessionQueueName": "never", "MaximumPlayerSessionCount": 2});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

async fn refused(stage: &Stage, members: Value) -> (String, String) {
    stage.refused("StartGameSessionPlacement", request(members)).await
}

fn text(length: usize) -> String {
    // Characters are counted, and not bytes.
    "ä".repeat(length)
}

#[tokio::test]
async fn the_json_protocol_has_the_same_operations() {
    let stage = start();
    let latencies = json!([{"PlayerId": "a", "RegionIdentifier": "eu-central-1", "LatencyInMilliseconds": 7}]);
    let members = json!({"GameProperties": [{"Key": "k", "Value": "v"}], "PlayerLatencies": latencies});
    let started = stage.ok("StartGameSessionPlacement", request(members)).await;
    let expected = json!({
        "PlacementId": "p", "GameSessionQueueName": "never", "Status": "PENDING", "MaximumPlayerSessionCount": 2,
        "GameProperties": [{"Key": "k", "Value": "v"}], "StartTime": 1_700_000_000.123,
        "PlayerLatencies": [{"PlayerId": "a", "RegionIdentifier": "eu-central-1", "LatencyInMilliseconds": 7.0}],
    });
    assert_eq!(started, expected);
    assert_eq!(stage.describe("p").await, expected);
    assert_eq!(stage.stop("p").await["EndTime"], json!(1_700_000_000.123));
}

#[tokio::test]
async fn a_queue_is_named_by_its_name_or_its_arn() {
    let stage = start();
    let of_arn = |name: &str| json!({"GameSessionQueueName": arn("gamelift", &format!("gamesessionqueue/{name}"))});
    assert_eq!(stage.ok("StartGameSessionPlacement", request(of_arn("never"))).await["GameSessionQueueName"], "never");
    for absent in [json!({"GameSessionQueueName": "absent"}), of_arn("absent")] {
        assert_eq!(refused(&stage, absent).await.0, "NotFoundException");
    }
}

#[tokio::test]
async fn queues_of_the_template_and_of_the_fleets_file_are_described() {
    let stage = start();
    let (_, all) = stage.ask("DescribeGameSessionQueues", json!({})).await;
    assert_eq!(all["GameSessionQueues"].as_array().unwrap().len(), 10);
    assert_eq!(all["GameSessionQueues"][0], json!({"Name": "mine", "GameSessionQueueArn": "arn", "TimeoutInSeconds": 60}));
    let arn = arn("gamelift", "gamesessionqueue/bare");
    let bare = json!({"Name": "bare", "GameSessionQueueArn": arn, "TimeoutInSeconds": 10, "NotificationTarget": topic()});
    assert_eq!(all["GameSessionQueues"][1], bare);
    let (_, message) = stage.refused("DescribeGameSessionQueues", json!({"Names": ["bare"]})).await;
    assert!(message.contains("unknown field `Names`"), "{message}");
}

#[tokio::test]
async fn an_id_is_never_used_again() {
    let stage = start();
    stage.place("p", "never").await;
    assert_eq!(refused(&stage, json!({})).await.0, "InvalidRequestException");
    stage.stop("p").await;
    let (kind, message) = refused(&stage, json!({})).await;
    assert!(kind == "InvalidRequestException" && message.contains("cannot be used again"), "{kind}: {message}");
    stage.place("P", "never").await;
}

#[tokio::test]
async fn what_is_within_the_limits_is_taken() {
    let stage = start();
    let properties: Vec<_> = (0..16).map(|_| json!({"Key": text(32), "Value": text(96)})).collect();
    let players: Vec<_> = (0..200).map(|_| json!({"PlayerId": text(1_024)})).collect();
    let largest = json!({
        "PlacementId": "a-Z0".repeat(12), "MaximumPlayerSessionCount": 200, "GameProperties": properties,
        "GameSessionData": text(262_144), "DesiredPlayerSessions": players,
    });
    stage.ok("StartGameSessionPlacement", request(largest)).await;
    stage.ok("StartGameSessionPlacement", request(json!({"MaximumPlayerSessionCount": 0, "PlayerLatencies": []}))).await;
}

#[tokio::test]
async fn what_is_beyond_the_limits_or_not_used_here_is_refused_by_name() {
    let stage = start();
    let latency = |player: &str, region: &str, milliseconds: f64| json!({"PlayerLatencies": [{"PlayerId": player, "RegionIdentifier": region, "LatencyInMilliseconds": milliseconds}]});
    let table = [
        (json!({"PlacementId": ""}), "'placementId' failed to satisfy constraint: Member must satisfy regular expression"),
        (json!({"PlacementId": "x".repeat(49)}), "'placementId'"),
        (json!({"PlacementId": "a_b"}), "'placementId'"),
        (json!({"PlacementId": 5}), "expected a string"),
        (json!({"MaximumPlayerSessionCount": null}), "null"),
        (json!({"MaximumPlayerSessionCount": -1}), "-1"),
        (json!({"MaximumPlayerSessionCount": 201}), "'maximumPlayerSessionCount'"),
        (json!({"GameProperties": vec![json!({"Key": "k", "Value": "v"}); 17]}), "'gameProperties'"),
        (json!({"GameProperties": [{"Key": text(33), "Value": ""}]}), "'gameProperties'"),
        (json!({"GameProperties": [{"Key": "", "Value": text(97)}]}), "'gameProperties'"),
        (json!({"GameProperties": [{"Key": "k"}]}), "missing field `Value`"),
        (json!({"GameSessionData": text(262_145)}), "'gameSessionData'"),
        (json!({"DesiredPlayerSessions": [{"PlayerId": text(1_025)}]}), "'desiredPlayerSessions'"),
        (json!({"DesiredPlayerSessions": vec![json!({"PlayerId": "a"}); 3]}), "not be more than maximumPlayerSessionCount"),
        (json!({"DesiredPlayerSessions": [{"PlayerId": "a", "PlayerData": "blue"}]}), "unknown field `PlayerData`"),
        (latency("", "r", 1.0), "'playerLatencies'"),
        (latency("a", "", 1.0), "'playerLatencies'"),
        (latency("a", "r", -1.0), "'playerLatencies'"),
        (json!({"GameSessionName": "n"}), "unknown field `GameSessionName`"),
        (json!({"PriorityConfigurationOverride": {"LocationOrder": ["r"]}}), "unknown field `PriorityConfigurationOverride`"),
    ];
    for (members, problem) in table {
        let (kind, message) = refused(&stage, members).await;
        assert!(["InvalidRequestException", "SerializationException"].contains(&kind.as_str()), "{kind}");
        assert!(message.contains(problem) && message.len() < 500, "{message}");
    }
    assert_eq!(stage.refused("DescribeGameSessionPlacement", json!({"PlacementId": "p"})).await.0, "NotFoundException");
}

#[tokio::test]
async fn every_other_operation_of_gamelift_is_refused_by_name() {
    let stage = start();
    for operation in ["CreateGameSession", "StartMatchmaking", "ListFleets"] {
        let (kind, message) = stage.refused(operation, json!({})).await;
        assert_eq!(kind, "UnknownOperationException");
        assert!(message.starts_with(operation) && message.contains("DescribeGameSessionPlacement"), "{message}");
    }
}
