//! GameLift's events, which it sends as well as it can: they come twice, in any order, late, or never. A placement has one outcome all the
//! same, and its players hear it once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{QUIET, arn_of, cancel, end_of, event, fulfilled, is_free, requested, session_of, stack};
use crate::harness::{LocalStack, Player, Proxy, Treatment};

/// How long a queue looks for a server, and how long its event is waited for: as short as GameLift and the template allow.
const IMPATIENT: [&str; 4] = ["--parameter", "PlacementTimeoutSeconds=10", "--parameter", "PlacementGraceSeconds=1"];

/// Publishes an event, and waits until everything is done that comes of it.
async fn hears(stack: &LocalStack, event: &Value) {
    let before = stack.invocations("placement-events").await;
    stack.gamelift_tells(event).await;
    stack.settles().await;
    assert_eq!(stack.invocations("placement-events").await, before + 1);
}

async fn outcome(stack: &LocalStack, placement_id: &str) -> String {
    stack.placement(placement_id).await["outcome"]["S"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once_to_each_device() {
    let stack = stack(&json!({})).await;
    let (mut phone, mut desk) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "alice").await);
    for outcome in ["fulfil", "fail", "timeOut"] {
        stack.fleet(&json!({"outcome": outcome, "delayMilliseconds": 0, "events": "repeat"}));
        let before = stack.invocations("placement-events").await;
        let id = requested(&mut phone).await;
        for device in [&mut phone, &mut desk] {
            assert_eq!(device.news().await["placementId"], id.as_str());
        }
        stack.settles().await;
        assert_eq!(stack.invocations("placement-events").await, before + 2);
        assert!(phone.hears_nothing(QUIET).await && desk.hears_nothing(QUIET).await, "{outcome}");
    }
}

#[tokio::test]
async fn events_in_another_order_are_each_for_their_own_placement() {
    let stack = stack(&json!({"events": "reorder"})).await;
    let mut players = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        players.push(Player::connect(&stack, name).await);
    }
    let ids = join_all(players.iter_mut().map(requested)).await;
    for (player, id) in players.iter_mut().zip(&ids) {
        assert_eq!(session_of(player, id).await["gameSessionArn"], arn_of(id));
    }
}

#[tokio::test]
async fn what_comes_after_the_outcome_changes_nothing() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    stack.settles().await;
    let row = stack.placement(&id).await;
    for kind in ["PlacementCancelled", "PlacementTimedOut", "PlacementFailed"] {
        hears(&stack, &event(kind, &id)).await;
    }
    hears(&stack, &fulfilled(&id, &["alice", "mallory"])).await;
    assert!(alice.hears_nothing(QUIET).await);
    assert_eq!(stack.placement(&id).await, row);
    assert!(stack.player_sessions("mallory").await.is_empty(), "who was not placed then is not placed now");
}

#[tokio::test]
async fn a_server_that_is_found_after_the_end_is_nobodys() {
    let stack = stack(&json!({"outcome": "never", "events": "drop"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    for kind in ["PlacementTimedOut", "PlacementCancelled"] {
        let id = requested(&mut alice).await;
        stack.is_at_gamelift(&id, "PENDING").await;
        if kind == "PlacementCancelled" {
            cancel(&mut alice, &id).await;
        }
        hears(&stack, &event(kind, &id)).await;
        let (told, _) = end_of(&mut alice, &id).await;
        hears(&stack, &fulfilled(&id, &["alice"])).await;
        assert!(alice.hears_nothing(QUIET).await);
        assert_eq!((told.as_str(), outcome(&stack, &id).await), (&*told, told.clone()));
        assert_eq!(stack.placement(&id).await["session"], Value::Null);
        let rows = stack.player_sessions("alice").await;
        assert_eq!(rows.last().unwrap()["outcome"]["S"], told.as_str());
    }
}

#[tokio::test]
async fn an_event_that_is_faster_than_gamelifts_answer_counts() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    stack.gamelift_tells(&fulfilled(&id, &["alice"])).await;
    let push = session_of(&mut alice, &id).await;
    let expected = json!({
        "type": "session", "placementId": id, "ip": "192.0.2.1", "dns": "server.example", "port": 7777,
        "playerSessionId": "psess-alice", "gameSessionArn": arn_of(&id), "region": "eu-central-1"
    });
    assert_eq!(push, expected);
    stack.settles().await;
    is_free(&stack, &mut alice, &id).await;
}

#[tokio::test]
async fn events_that_never_come_are_made_good_by_the_timer() {
    let stack = LocalStack::start(&IMPATIENT).await;
    let mut players = Vec::new();
    for (name, fleet, status) in [
        ("alice", json!({"outcome": "fulfil", "delayMilliseconds": 0, "events": "drop"}), "FULFILLED"),
        ("bob", json!({"outcome": "fail", "delayMilliseconds": 0, "events": "drop"}), "FAILED"),
        ("carol", json!({"outcome": "timeOut", "delayMilliseconds": 0, "events": "drop"}), "TIMED_OUT"),
        ("dave", json!({"outcome": "never", "events": "drop"}), "PENDING"),
    ] {
        stack.fleet(&fleet);
        let mut player = Player::connect(&stack, name).await;
        let id = requested(&mut player).await;
        stack.is_at_gamelift(&id, status).await;
        players.push((player, id));
    }
    let told = join_all(players.iter_mut().map(|(player, id)| async move {
        let push = player.news().await;
        assert_eq!(push["placementId"], id.as_str(), "{push}");
        (push["type"].as_str().unwrap().to_owned(), push["outcome"].clone(), push["reason"].clone())
    }))
    .await;
    let end = |outcome: &str, reason: &str| ("placement".to_owned(), json!(outcome), json!(reason));
    assert_eq!(
        told,
        [
            ("session".to_owned(), Value::Null, Value::Null),
            end("failed", "no game server could be started"),
            end("timedOut", "no game server was free in time"),
            end("timedOut", "no game server was free in time"),
        ]
    );
    let daves = &players[3].1;
    assert_eq!(stack.described(daves).await["Status"], "CANCELLED", "nobody waits for it any more, hence it is stopped");
    stack.settles().await;
    for (player, id) in &mut players {
        is_free(&stack, player, id).await;
    }
}

#[tokio::test]
async fn a_placement_that_was_started_late_has_its_full_time_from_then_on() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &IMPATIENT).await;
    stack.fleet(&json!({"outcome": "never", "events": "drop"}));
    let mut alice = Player::connect(&stack, "alice").await;
    // Less than a function waits for an answer, and more than the whole second for which a timer may be late.
    proxy.treat(|call| match call.operation.as_str() {
        "StartGameSessionPlacement" => Treatment::Delay(Duration::from_millis(2_500)),
        _ => Treatment::Pass,
    });
    let id = requested(&mut alice).await;
    assert_eq!(end_of(&mut alice, &id).await.0, "timedOut");
    let (row, described) = (stack.placement(&id).await, stack.described(&id).await);
    assert_eq!(row["by"]["S"], "timer", "{row}");
    assert_eq!(row["recheck"]["N"], "1", "the timer looked while it was still looked for, and then once more");
    let seconds = described["EndTime"].as_f64().unwrap() - described["StartTime"].as_f64().unwrap();
    assert!(seconds >= 11.0, "it was stopped after {seconds} seconds");
    stack.settles().await;
    assert_eq!(stack.invocations("look-again").await, 2);
    assert!(alice.hears_nothing(QUIET).await);
}
