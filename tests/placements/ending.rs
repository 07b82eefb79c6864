//! How placements end: each with one push, and with a player who can ask again.

use serde_json::{Value, json};

use super::{arn_of, end_of, is_free, placement_of, requested, session_of, stack};
use crate::harness::Player;

#[tokio::test]
async fn every_device_of_a_player_is_told_where_its_game_server_is() {
    let stack = stack(&json!({})).await;
    let (mut phone, mut desk) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "alice").await);
    let id = requested(&mut phone).await;
    let (push, same) = (session_of(&mut phone, &id).await, session_of(&mut desk, &id).await);
    assert_eq!(push, same);
    let described = stack.described(&id).await;
    let placed = &described["PlacedPlayerSessions"][0];
    assert_eq!(placed["PlayerId"], "alice");
    let expected = json!({
        "type": "session", "placementId": id, "ip": "127.0.0.1", "dns": "localhost", "port": described["Port"],
        "playerSessionId": placed["PlayerSessionId"], "gameSessionArn": arn_of(&id), "region": "eu-central-1"
    });
    assert_eq!(push, expected);
}

#[tokio::test]
async fn gamelift_is_asked_for_what_the_mode_says_and_told_the_players_latencies() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // What belongs to the server is the server's, whatever a client claims.
    let body = json!({
        "mode": "duel", "latencies": [{"region": "eu-central-1", "milliseconds": 20}, {"region": "eu-west-1", "milliseconds": 10_000}],
        "queue": "fulfil", "players": ["bob"], "properties": {"mode": "arena"}, "seats": 200, "placementId": "mine"
    });
    let id = placement_of(&alice.ask(&json!({"route": "sessionPlacementRequest", "body": body})).await);
    let described = stack.is_at_gamelift(&id, "PENDING").await;
    assert_eq!(described["GameSessionQueueName"], "muster-dev");
    assert_eq!(described["MaximumPlayerSessionCount"], 2);
    assert_eq!(described["GameProperties"], json!([{"Key": "mode", "Value": "duel"}, {"Key": "map", "Value": "bridge"}]));
    let latency =
        |region: &str, milliseconds: f64| json!({"PlayerId": "alice", "RegionIdentifier": region, "LatencyInMilliseconds": milliseconds});
    assert_eq!(described["PlayerLatencies"], json!([latency("eu-central-1", 20.0), latency("eu-west-1", 10_000.0)]));
    let data: Value = serde_json::from_str(described["GameSessionData"].as_str().unwrap()).unwrap();
    assert_eq!(data, json!({"mode": "duel", "players": ["alice"], "placementId": id}));
}

#[tokio::test]
async fn a_request_that_names_no_mode_is_for_the_default_one() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let id = requested(&mut Player::connect(&stack, "alice").await).await;
    let described = stack.is_at_gamelift(&id, "PENDING").await;
    assert_eq!(described["MaximumPlayerSessionCount"], 8);
    assert_eq!(described["GameProperties"], json!([{"Key": "mode", "Value": "arena"}, {"Key": "map", "Value": "foundry"}]));
    assert_eq!(described["PlayerLatencies"], Value::Null);
}

#[tokio::test]
async fn who_was_told_of_a_game_server_can_ask_for_the_next_one_at_once() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    for _ in 0..10 {
        let id = requested(&mut alice).await;
        session_of(&mut alice, &id).await;
    }
}

#[tokio::test]
async fn a_placement_that_times_out_or_fails_says_so_and_its_player_is_free() {
    let stack = stack(&json!({})).await;
    for (player, fleet, outcome, reason) in [
        ("alice", json!({"outcome": "timeOut", "delayMilliseconds": 200}), "timedOut", "no game server was free in time"),
        ("bob", json!({"outcome": "fail", "delayMilliseconds": 0}), "failed", "no game server could be started"),
    ] {
        stack.fleet(&fleet);
        let (mut phone, mut desk) = (Player::connect(&stack, player).await, Player::connect(&stack, player).await);
        let id = requested(&mut phone).await;
        for device in [&mut phone, &mut desk] {
            assert_eq!(end_of(device, &id).await, (outcome.to_owned(), reason.to_owned()));
        }
        is_free(&stack, &mut phone, &id).await;
    }
}

#[tokio::test]
async fn players_of_any_name_are_placed_under_it() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let longest = "\u{1f3ae}".repeat(128);
    for name in [longest.as_str(), "a \"b\" \\c", "seat#main", "connection#1", "{}", "\u{202e}bob", "null"] {
        let mut player = Player::connect(&stack, name).await;
        let id = requested(&mut player).await;
        let push = session_of(&mut player, &id).await;
        let placed = json!([{"PlayerId": name, "PlayerSessionId": push["playerSessionId"]}]);
        assert_eq!(stack.described(&id).await["PlacedPlayerSessions"], placed);
    }
}
