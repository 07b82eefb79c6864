//! What is taken and what is refused, over the JSON protocol.

use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{start, start_with};
use crate::{clock::Clock, gamelift::GameLiftConfig};

/// A request that is taken, with these members instead.
fn request(members: Value) -> Value {
    let mut request = json!({"PlacementId": "p", "GameSessionQueueName": "fulfil", "MaximumPlayerSessionCount": 2});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

fn text(length: usize) -> String {
    // Characters are counted, and not bytes.
    "ä".repeat(length)
}

#[tokio::test]
async fn the_json_protocol_has_the_same_operations() {
    let stage = start();
    let latencies = json!([{"PlayerId": "a", "RegionIdentifier": "eu-central-1", "LatencyInMilliseconds": 7}]);
    let members = json!({"GameProperties": [{"Key": "k", "Value": "v"}], "PlayerLatencies": latencies, "GameSessionName": "n"});
    let started = stage.ok("StartGameSessionPlacement", request(members)).await;
    let expected = json!({
        "PlacementId": "p", "GameSessionQueueName": "fulfil", "Status": "PENDING", "MaximumPlayerSessionCount": 2, "GameSessionName": "n",
        "GameProperties": [{"Key": "k", "Value": "v"}], "StartTime": 1_700_000_000.123,
        "PlayerLatencies": [{"PlayerId": "a", "RegionIdentifier": "eu-central-1", "LatencyInMilliseconds": 7.0}],
    });
    assert_eq!(started, expected);
    assert_eq!(stage.describe("p").await, expected);
    let stopped = stage.ok("StopGameSessionPlacement", json!({"PlacementId": "p"})).await;
    assert_eq!((&stopped["Status"], &stopped["EndTime"]), (&json!("CANCELLED"), &json!(1_700_000_000.123)));
}

#[tokio::test]
async fn a_queue_is_named_by_its_name_or_its_arn() {
    let stage = start();
    let arn = "arn:aws:gamelift:eu-central-1:123456789012:gamesessionqueue/fulfil";
    assert_eq!(
        stage.ok("StartGameSessionPlacement", request(json!({"GameSessionQueueName": arn}))).await["GameSessionQueueName"],
        "fulfil"
    );
    for absent in ["absent", "arn:aws:gamelift:eu-central-1:123456789012:gamesessionqueue/absent"] {
        let (kind, _) = stage.refused("StartGameSessionPlacement", request(json!({"GameSessionQueueName": absent}))).await;
        assert_eq!(kind, "NotFoundException");
    }
}

#[tokio::test]
async fn an_id_is_never_used_again() {
    let stage = start();
    let again = || stage.refused("StartGameSessionPlacement", request(json!({})));
    stage.place("p", "fulfil").await;
    assert_eq!(again().await.0, "InvalidRequestException");
    stage.ok("StopGameSessionPlacement", json!({"PlacementId": "p"})).await;
    let (kind, message) = again().await;
    assert!(kind == "InvalidRequestException" && message.contains("cannot be used again"), "{kind}: {message}");
    stage.place("P", "fulfil").await;
}

#[tokio::test]
async fn what_is_within_the_limits_is_taken() {
    let stage = start();
    let properties: Vec<_> = (0..16).map(|_| json!({"Key": text(32), "Value": text(96)})).collect();
    let players: Vec<_> = (0..200).map(|_| json!({"PlayerId": text(1_024), "PlayerData": text(2_048)})).collect();
    let largest = json!({
        "PlacementId": "a-Z0".repeat(12), "MaximumPlayerSessionCount": 200, "GameProperties": properties, "GameSessionName": text(1_024),
        "GameSessionData": text(262_144), "DesiredPlayerSessions": players,
    });
    stage.ok("StartGameSessionPlacement", request(largest)).await;
    let nulls =
        json!({"PlacementId": "x", "MaximumPlayerSessionCount": 0, "GameProperties": null, "GameSessionData": null, "PlayerLatencies": []});
    stage.ok("StartGameSessionPlacement", request(nulls)).await;
    let priority = json!({"LocationOrder": ["eu-central-1"], "PlacementFallbackStrategy": "NONE"});
    stage.ok("StartGameSessionPlacement", request(json!({"PlacementId": "y", "PriorityConfigurationOverride": priority}))).await;
}

#[tokio::test]
async fn what_is_beyond_the_limits_is_refused_by_name() {
    let stage = start();
    let latency = |of: Value| json!({"PlayerLatencies": [of]});
    let table = [
        (json!({"PlacementId": ""}), "'placementId' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        (json!({"PlacementId": null}), "null"),
        (
            json!({"PlacementId": "x".repeat(49)}),
            "'placementId' failed to satisfy constraint: Member must have length less than or equal to 48",
        ),
        (
            json!({"PlacementId": "a_b"}),
            "Value 'a_b' at 'placementId' failed to satisfy constraint: Member must satisfy regular expression",
        ),
        (json!({"GameSessionQueueName": ""}), "'gameSessionQueueName'"),
        (
            json!({"MaximumPlayerSessionCount": null}),
            "Value null at 'maximumPlayerSessionCount' failed to satisfy constraint: Member must not be null",
        ),
        (json!({"MaximumPlayerSessionCount": -1}), "Value '-1' at 'maximumPlayerSessionCount'"),
        (json!({"MaximumPlayerSessionCount": 201}), "Member must have value less than or equal to 200"),
        (json!({"GameProperties": vec![json!({"Key": "k", "Value": "v"}); 17]}), "Value of 17 members at 'gameProperties'"),
        (json!({"GameProperties": [{"Key": text(33), "Value": ""}]}), "'gameProperties.1.member.key'"),
        (json!({"GameProperties": [{"Key": "", "Value": text(97)}]}), "'gameProperties.1.member.value'"),
        (json!({"GameProperties": [{"Key": "k"}]}), "missing field `Value`"),
        (json!({"GameSessionName": text(1_025)}), "'gameSessionName'"),
        (json!({"GameSessionName": ""}), "'gameSessionName'"),
        (json!({"GameSessionData": text(262_145)}), "'gameSessionData'"),
        (json!({"DesiredPlayerSessions": [{"PlayerId": "a"}, {}]}), "'desiredPlayerSessions.2.member.playerId'"),
        (json!({"DesiredPlayerSessions": [{"PlayerId": text(1_025)}]}), "'desiredPlayerSessions.1.member.playerId'"),
        (json!({"DesiredPlayerSessions": [{"PlayerId": "a", "PlayerData": text(2_049)}]}), "'desiredPlayerSessions.1.member.playerData'"),
        (json!({"DesiredPlayerSessions": vec![json!({"PlayerId": "a"}); 3]}), "more DesiredPlayerSessions than"),
        (latency(json!({"RegionIdentifier": "r", "LatencyInMilliseconds": 1})), "'playerLatencies.1.member.playerId'"),
        (latency(json!({"PlayerId": "a", "LatencyInMilliseconds": 1})), "'playerLatencies.1.member.regionIdentifier'"),
        (
            latency(json!({"PlayerId": "a", "RegionIdentifier": "r", "LatencyInMilliseconds": -1})),
            "'playerLatencies.1.member.latencyInMilliseconds'",
        ),
        (json!({"PriorityConfigurationOverride": {"LocationOrder": []}}), "'priorityConfigurationOverride.locationOrder'"),
        (
            json!({"PriorityConfigurationOverride": {"LocationOrder": ["r"], "PlacementFallbackStrategy": "X"}}),
            "enum value set: [DEFAULT_AFTER_SINGLE_PASS, NONE]",
        ),
        (
            json!({
                "PriorityConfigurationOverride": {"LocationOrder": ["r"]},
                "PlayerLatencies": [{"PlayerId": "a", "RegionIdentifier": "r", "LatencyInMilliseconds": 1}],
            }),
            "cannot be in one request",
        ),
        (json!({"PlacementId": 5}), "expected a string"),
        (json!({"PlacementId": "", "MaximumPlayerSessionCount": -1}), "2 validation errors detected: "),
    ];
    for (members, problem) in table {
        let (kind, message) = stage.refused("StartGameSessionPlacement", request(members)).await;
        assert!(["InvalidRequestException", "SerializationException"].contains(&kind.as_str()), "{kind}");
        assert!(message.contains(problem) && message.len() < 500, "{message}");
    }
    assert_eq!(stage.refused("DescribeGameSessionPlacement", json!({"PlacementId": "p"})).await.0, "NotFoundException");
}

#[tokio::test]
async fn every_other_operation_of_gamelift_is_refused_by_name() {
    let stage = start();
    for operation in ["CreateGameSession", "StartMatchmaking", "DescribeGameSessionQueues"] {
        let (kind, message) = stage.refused(operation, json!({})).await;
        assert_eq!(kind, "UnknownOperationException");
        assert!(message.starts_with(operation) && message.contains("StartGameSessionPlacement"), "{message}");
    }
}

#[tokio::test]
async fn the_rpc_protocol_is_spoken_by_those_who_say_so() {
    let stage = start_with(GameLiftConfig::default(), Clock::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/service/GameLift/operation/DescribeGameSessionPlacement", listener.local_addr().unwrap());
    let router = stage.gamelift.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let post = || reqwest::Client::new().post(&url).body(&b"\xbf\x6bPlacementId\x61x\xff"[..]);
    for (request, problem) in [(post(), "smithy-protocol: rpc-v2-cbor"), (post().header("smithy-protocol", "rpc-v2-cbor"), "placement x")] {
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["smithy-protocol"]), (400, &"rpc-v2-cbor".parse().unwrap()));
        assert_eq!(answer.headers()["content-type"], "application/cbor");
        let body: Value = ciborium::from_reader(&answer.bytes().await.unwrap()[..]).unwrap();
        assert!(body["Message"].as_str().unwrap().contains(problem), "{body}");
    }
    // The same body where JSON is expected.
    let response = stage.gamelift.handle("DescribeGameSessionPlacement", b"\xbf");
    assert_eq!(response.headers()["x-amzn-errortype"], "SerializationException");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("not JSON"));
}
