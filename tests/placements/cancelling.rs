//! Players who want their placement no more, in each moment of its life.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{QUIET, arn_of, cancel, end_of, event, is_free, requested, session_of, stack};
use crate::harness::{Gate, LocalStack, Player, Proxy, Treatment, eventually};

const CANCELLED: (&str, &str) = ("cancelled", "the placement was cancelled");

/// Checks that a cancel is replied to with this outcome, or none if it is being cancelled.
fn replied(answer: &Value, placement_id: &str, outcome: Option<(&str, Option<&str>)>) {
    let mut body = json!({"placementId": placement_id});
    if let Some((outcome, reason)) = outcome {
        body["outcome"] = json!(outcome);
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
    }
    assert_eq!(*answer, json!({"type": "reply", "requestId": "c1", "route": "cancelPlacement", "body": body}));
}

async fn is_cancelled(player: &mut Player, placement_id: &str) {
    let (outcome, reason) = end_of(player, placement_id).await;
    assert_eq!((outcome.as_str(), reason.as_str()), CANCELLED);
}

#[tokio::test]
async fn a_placement_that_is_cancelled_before_its_start_never_reaches_gamelift() {
    let (stack, proxy) = Proxy::between(&["dynamodb", "gamelift"], &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // Held in front of the table, the claim of the placement is too late.
    let (gate, puts) = (Gate::closed(), proxy.called("PutItem"));
    let held = gate.clone();
    proxy.treat(move |call| match call.body.contains(r#""status":{"S":"pending"}"#) {
        true => Treatment::HoldCall(held.clone()),
        false => Treatment::Pass,
    });
    let id = requested(&mut alice).await;
    proxy.sees("PutItem", puts + 1).await;
    replied(&cancel(&mut alice, &id).await, &id, None);
    gate.open();
    is_cancelled(&mut alice, &id).await;
    stack.settles().await;
    for operation in ["StartGameSessionPlacement", "StopGameSessionPlacement", "DescribeGameSessionPlacement"] {
        assert_eq!(proxy.called(operation), 0, "{operation}");
    }
    assert_eq!(stack.described(&id).await, Value::Null);
    is_free(&stack, &mut alice, &id).await;
}

#[tokio::test]
async fn a_placement_that_is_cancelled_while_it_is_being_started_is_stopped_behind_its_start() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let mut alice = Player::connect(&stack, "alice").await;
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.treat(move |call| match call.operation.as_str() {
        "StartGameSessionPlacement" => Treatment::HoldCall(held.clone()),
        _ => Treatment::Pass,
    });
    let id = requested(&mut alice).await;
    proxy.sees("StartGameSessionPlacement", 1).await;
    replied(&cancel(&mut alice, &id).await, &id, None);
    gate.open();
    is_cancelled(&mut alice, &id).await;
    assert_eq!(stack.described(&id).await["Status"], "CANCELLED");
    is_free(&stack, &mut alice, &id).await;
}

#[tokio::test]
async fn a_pending_placement_that_is_cancelled_is_stopped_at_gamelift_and_its_player_is_free() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let (mut phone, mut desk) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "alice").await);
    let id = requested(&mut phone).await;
    stack.is_at_gamelift(&id, "PENDING").await;
    // Any device of the player may do it.
    replied(&cancel(&mut desk, &id).await, &id, None);
    for device in [&mut phone, &mut desk] {
        is_cancelled(device, &id).await;
    }
    assert_eq!(stack.described(&id).await["Status"], "CANCELLED");
    is_free(&stack, &mut phone, &id).await;
}

#[tokio::test]
async fn who_cancels_twice_is_answered_twice_and_told_once() {
    let stack = stack(&json!({"outcome": "never", "events": "drop"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    stack.is_at_gamelift(&id, "PENDING").await;
    replied(&cancel(&mut alice, &id).await, &id, None);
    stack.is_at_gamelift(&id, "CANCELLED").await;
    replied(&cancel(&mut alice, &id).await, &id, None);
    stack.gamelift_tells(&event("PlacementCancelled", &id)).await;
    is_cancelled(&mut alice, &id).await;
    replied(&cancel(&mut alice, &id).await, &id, Some((CANCELLED.0, Some(CANCELLED.1))));
    stack.settles().await;
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn who_cancels_too_late_is_told_how_it_has_ended() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    replied(&cancel(&mut alice, &id).await, &id, Some(("fulfilled", None)));
    stack.fleet(&json!({"outcome": "fail", "delayMilliseconds": 0}));
    let failed = requested(&mut alice).await;
    end_of(&mut alice, &failed).await;
    replied(&cancel(&mut alice, &failed).await, &failed, Some(("failed", Some("no game server could be started"))));
    assert_eq!(stack.described(&id).await["Status"], "FULFILLED", "nobody loses a server");
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn who_cancels_when_gamelift_has_just_found_a_server_gets_it() {
    // Muster has not heard of it, and never will.
    let stack = stack(&json!({"delayMilliseconds": 0, "events": "drop"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    let described = stack.is_at_gamelift(&id, "FULFILLED").await;
    replied(&cancel(&mut alice, &id).await, &id, None);
    let push = session_of(&mut alice, &id).await;
    assert_eq!(push["gameSessionArn"], arn_of(&id));
    assert_eq!(push["playerSessionId"], described["PlacedPlayerSessions"][0]["PlayerSessionId"]);
    assert_eq!(push["port"], described["Port"]);
    is_free(&stack, &mut alice, &id).await;
}

#[tokio::test]
async fn a_placement_that_is_somebody_elses_is_as_unknown_as_one_that_never_was() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let (mut alice, mut mallory) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "mallory").await);
    let id = requested(&mut alice).await;
    stack.is_at_gamelift(&id, "PENDING").await;
    let mut answers = Vec::new();
    for wanted in [id.as_str(), "0192f0c1-0000-7abc-8def-0123456789ab", "x"] {
        answers.push(cancel(&mut mallory, wanted).await);
    }
    for answer in &answers {
        let expected = json!({
            "type": "rejection", "requestId": "c1", "code": "not_found", "message": "body.placementId: you are in no such placement",
            "route": "cancelPlacement"
        });
        assert_eq!(*answer, expected);
    }
    let odd = cancel(&mut mallory, "a b").await;
    assert_eq!((&odd["code"], &odd["message"]), (&json!("bad_request"), &json!("body.placementId: 1 to 48 letters, digits and hyphens")));
    assert_eq!(stack.placement(&id).await["status"]["S"], "pending");
    assert_eq!(stack.described(&id).await["Status"], "PENDING");
    // Also when it is over, which is nobody else's business.
    cancel(&mut alice, &id).await;
    is_cancelled(&mut alice, &id).await;
    assert_eq!(cancel(&mut mallory, &id).await["code"], "not_found");
    is_in_no_pointer(&stack, &mut mallory).await;
}

/// The table also has rows that lead from a game session to its placement, which have no players and are no placements.
async fn is_in_no_pointer(stack: &LocalStack, mallory: &mut Player) {
    let mut event = super::fulfilled("foreign-placement", &["bob"]);
    event["gameSessionArn"] = json!("arn:aws:gamelift:eu-central-1::gamesession/fleet-1/another-session");
    stack.gamelift_tells(&event).await;
    eventually("bob's session is adopted", || async { (!stack.player_sessions("bob").await.is_empty()).then_some(()) }).await;
    assert_eq!(cancel(mallory, "foreign-placement").await["code"], "not_found");
    assert_eq!(cancel(mallory, event["gameSessionArn"].as_str().unwrap()).await["code"], "bad_request");
}

#[tokio::test]
async fn whenever_a_placement_is_cancelled_its_player_is_told_once_what_gamelift_made_of_it() {
    let stack = stack(&json!({"delayMilliseconds": 20, "events": "repeat"})).await;
    let players = (0..40).map(async |number| {
        let mut player = Player::connect(&stack, &format!("player-{number}")).await;
        let id = requested(&mut player).await;
        sleep(Duration::from_millis(fastrand::u64(0..60))).await;
        let answer = cancel(&mut player, &id).await;
        assert_eq!(answer["type"], "reply", "{answer}");
        let push = player.news().await;
        assert_eq!(push["placementId"], id.as_str(), "{push}");
        (player, id, answer, push)
    });
    let told = join_all(players).await;
    stack.settles().await;
    for (mut player, id, answer, push) in told {
        let outcome = push["outcome"].as_str().unwrap_or("fulfilled");
        let expected = match stack.described(&id).await["Status"].as_str() {
            Some("FULFILLED") => "fulfilled",
            // It never got there.
            Some("CANCELLED") | None => "cancelled",
            other => panic!("{id} is {other:?}"),
        };
        assert_eq!(outcome, expected, "{answer} {push}");
        assert!(answer["body"]["outcome"].is_null() || answer["body"]["outcome"] == outcome, "{answer} {push}");
        assert!(player.hears_nothing(Duration::from_millis(5)).await);
        is_free(&stack, &mut player, &id).await;
    }
}
