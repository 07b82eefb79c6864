//! Game sessions that are over, and those that another backend or a server of one's own has made.

use serde_json::{Value, json};

use super::{QUIET, arn_of, end_of, fulfilled, requested, session_of, stack, state_of};
use crate::harness::{Player, eventually, message_to};

/// A game session whose ARN does not tell its placement.
const FOREIGN: &str = "arn:aws:gamelift:eu-central-1::gamesession/fleet-1/gsess-0815";

fn ended(arn: &str, results: Option<Value>) -> Value {
    let mut event = json!({"type": "SessionEnded", "gameSessionArn": arn});
    if let Some(results) = results {
        event["results"] = results;
    }
    event
}

fn foreign(placement_id: &str, arn: &str, players: &[&str]) -> Value {
    let mut event = fulfilled(placement_id, players);
    event["gameSessionArn"] = json!(arn);
    event
}

#[tokio::test]
async fn every_row_of_another_backends_placement_expires_and_names_the_event_that_led_to_it() {
    let stack = stack(&json!({})).await;
    stack.gamelift_tells(&foreign("theirs", FOREIGN, &["alice"])).await;
    let told = eventually("alice's row", || async { stack.player_sessions("alice").await.pop() }).await;
    stack.settles().await;
    let (adopted, way) = (stack.placement("theirs").await, stack.placement(FOREIGN).await);
    assert_eq!(way["pointsTo"]["S"], "theirs");
    let cause = adopted["cause"]["S"].as_str().unwrap();
    assert!(!cause.is_empty());
    for row in [&adopted, &way, &told] {
        assert!(row["expiresAt"]["N"].as_str().unwrap().parse::<u64>().is_ok(), "whole seconds: {row}");
        assert_eq!(row["cause"]["S"], cause, "{row}");
    }
    assert_eq!(adopted["by"]["S"], cause, "{adopted}");
    // Nobody asked for it, hence it takes nobody's seat.
    assert_eq!(stack.seat("alice").await, Value::Null);
}

#[tokio::test]
async fn every_one_of_the_most_players_that_a_session_may_have_is_told() {
    let stack = stack(&json!({})).await;
    let names: Vec<String> = (0..200).map(|number| format!("{number:03}-{}", "\u{1f3ae}".repeat(124))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut last = Player::connect(&stack, names[199]).await;
    let mut event = foreign("theirs", FOREIGN, &names);
    for (number, placed) in event["placedPlayerSessions"].as_array_mut().unwrap().iter_mut().enumerate() {
        placed["playerSessionId"] = json!(format!("psess-{number}"));
    }
    stack.gamelift_tells(&event).await;
    assert_eq!(session_of(&mut last, "theirs").await["playerSessionId"], "psess-199");
    stack.gamelift_tells(&ended(FOREIGN, None)).await;
    assert_eq!(end_of(&mut last, "theirs").await.0, "ended");
    stack.settles().await;
    for name in names {
        let [row] = stack.player_sessions(name).await.try_into().unwrap();
        assert_eq!(row["outcome"]["S"], "ended");
    }
    assert!(stack.troubles().await.is_empty());
}

#[tokio::test]
async fn a_session_ends_once_with_the_results_that_came_first() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    for results in [json!({"winner": "alice"}), json!({"winner": "mallory"})] {
        stack.gamelift_tells(&ended(&arn_of(&id), Some(results))).await;
        stack.settles().await;
    }
    stack.gamelift_tells(&fulfilled(&id, &["alice"])).await;
    stack.settles().await;
    let push = alice.news().await;
    assert_eq!((&push["outcome"], &push["results"]), (&json!("ended"), &json!({"winner": "alice"})));
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn the_session_of_another_placement_cannot_end_mine() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    // Its last part is the placement's id, and yet it is no session of this placement.
    let other = format!("arn:aws:gamelift:eu-central-1::gamesession/fleet-2/{id}");
    stack.gamelift_tells(&foreign("theirs", &other, &["bob"])).await;
    session_of(&mut bob, "theirs").await;
    stack.settles().await;
    stack.gamelift_tells(&ended(&other, None)).await;
    assert_eq!(end_of(&mut bob, "theirs").await.0, "ended");
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn a_state_of_many_large_results_leaves_room_for_the_largest_page() {
    let stack = stack(&json!({})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = |number: usize| format!("placement-{number}");
    for number in 0..9 {
        stack.gamelift_tells(&fulfilled(&id(number), &["alice"])).await;
        session_of(&mut alice, &id(number)).await;
        stack.gamelift_tells(&ended(&arn_of(&id(number)), Some(json!("\u{1}".repeat(682))))).await;
        assert_eq!(end_of(&mut alice, &id(number)).await.0, "ended");
    }
    // As JSON each is 24 KB.
    for number in 0..5 {
        let text = "\u{1}".repeat(4_095) + &number.to_string();
        let mut message = message_to(&["alice"], &text);
        message["requestId"] = json!(number.to_string());
        assert_eq!(alice.ask(&message).await["type"], "reply");
    }
    alice.texts(5).await;
    let request_id = "\u{1}".repeat(64);
    let reply = alice.ask(&json!({"route": "resume", "requestId": request_id, "body": {"limit": 100}})).await;
    assert_eq!((&reply["type"], &reply["requestId"]), (&json!("reply"), &json!(request_id)), "{}", reply.to_string().len());
    assert!(reply.to_string().len() > 100_000, "{}", reply.to_string().len());
    let shown: Vec<&str> =
        reply["body"]["state"]["placements"].as_array().unwrap().iter().map(|push| push["placementId"].as_str().unwrap()).collect();
    let newest: Vec<String> = (0..9).rev().map(id).take(shown.len()).collect();
    assert!(shown.len() >= 5 && shown == newest, "{shown:?}");
    assert_eq!(state_of(&mut alice).await["placements"].as_array().unwrap().len(), shown.len());
}
