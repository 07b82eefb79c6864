//! Closing the game: nothing new begins, what runs ends, and players are told.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::harness::{LocalStack, PATIENCE, Player, eventually};

#[tokio::test]
async fn nothing_new_begins_during_maintenance_and_what_runs_goes_on() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let mut carol = Player::connect(&stack, "carol").await;
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let code = opened["body"]["matchId"].clone();
    assert_eq!(stack.operate(json!({"ask": "maintenance"})).await["on"], false);
    let mut closed = stack.operate(json!({"ask": "maintenance", "on": true, "who": "a test"})).await;
    let mut told = closed["told"].as_u64().unwrap();
    while !closed["next"].is_null() {
        closed = stack.operate(json!({"ask": "maintenance", "on": true, "who": "a test", "next": closed["next"]})).await;
        told += closed["told"].as_u64().unwrap();
    }
    assert_eq!((&closed["on"], &closed["who"], told), (&json!(true), &json!("a test"), 3), "{closed}");
    for player in [&mut alice, &mut bob, &mut carol] {
        let message = player.message().await;
        assert_eq!((&message["announcement"], &message["message"]), (&json!("maintenance"), &json!("{\"on\":true}")), "{message}");
    }
    // An environment that has looked before learns of it within seconds.
    for frame in [
        json!({"route": "newMatch", "body": {"mode": "rps"}}),
        json!({"route": "joinPool", "body": {"mode": "rps"}}),
        json!({"route": "sessionPlacementRequest"}),
    ] {
        let asked = Instant::now();
        loop {
            let answer = carol.ask(&frame).await;
            if answer["code"] == "maintenance" {
                break;
            }
            assert!(asked.elapsed() < PATIENCE, "{frame} is refused: {answer}");
            stack.operate(json!({"ask": "freeSeat", "playerId": "carol", "who": "a test"})).await;
            sleep(Duration::from_millis(200)).await;
        }
    }
    let joined = bob.ask(&json!({"route": "joinMatch", "requestId": "2", "body": {"matchId": code}})).await;
    assert_eq!(joined["body"]["state"], "playing", "what was open goes on: {joined}");
    stack.operate(json!({"ask": "maintenance", "on": false, "who": "a test"})).await;
    eventually("it is over", || async {
        let mut dora = Player::connect(&stack, "dora").await;
        let answer = dora.ask(&json!({"route": "newMatch", "requestId": "3", "body": {"mode": "rps"}})).await;
        (answer["type"] == "reply").then_some(())
    })
    .await;
}
