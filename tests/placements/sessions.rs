//! Game sessions that are over, and those that another backend or a server of one's own has made.

use serde_json::{Value, json};

use super::{QUIET, arn_of, end_of, fulfilled, requested, session_of, stack, state_of};
use crate::harness::{LocalStack, Player, eventually, message_to};

/// A game session whose ARN does not tell its placement.
const FOREIGN: &str = "arn:aws:gamelift:us-east-1::gamesession/fleet-1/gsess-0815";

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
async fn players_of_another_backends_placement_are_told_of_its_session_and_of_its_end() {
    let stack = stack(&json!({})).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    stack.publish(&foreign("theirs", FOREIGN, &["alice", "bob"])).await;
    for (player, place) in [(&mut alice, "psess-alice"), (&mut bob, "psess-bob")] {
        let push = session_of(player, "theirs").await;
        assert_eq!((&push["playerSessionId"], &push["gameSessionArn"]), (&json!(place), &json!(FOREIGN)));
    }
    stack.settles().await;
    let (adopted, way) = (stack.placement("theirs").await, stack.placement(FOREIGN).await);
    assert_eq!(way["pointsTo"]["S"], "theirs");
    for row in [&adopted, &way, &stack.player_sessions("alice").await[0]] {
        assert!(row["expiresAt"]["N"].as_str().unwrap().parse::<u64>().is_ok(), "{row}");
        assert_eq!(row["cause"], adopted["cause"], "the event's own id: {row}");
    }
    stack.publish(&ended(FOREIGN, Some(json!([1, null, "won"])))).await;
    for player in [&mut alice, &mut bob] {
        let push = player.news().await;
        let expected = json!({
            "type": "placement", "placementId": "theirs", "outcome": "ended", "reason": "the game session is over",
            "results": [1, null, "won"]
        });
        assert_eq!(push, expected);
    }
    // It took no seat, and it gives none up.
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
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
    stack.publish(&event).await;
    assert_eq!(session_of(&mut last, "theirs").await["playerSessionId"], "psess-199");
    stack.publish(&ended(FOREIGN, None)).await;
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
        stack.publish(&ended(&arn_of(&id), Some(results))).await;
        stack.settles().await;
    }
    stack.publish(&fulfilled(&id, &["alice"])).await;
    stack.settles().await;
    let push = alice.news().await;
    assert_eq!((&push["outcome"], &push["results"]), (&json!("ended"), &json!({"winner": "alice"})));
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn the_end_of_a_session_that_overtakes_its_beginning_is_told_when_it_can_be() {
    let stack = LocalStack::start(&["--async-retry", "1"]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    stack.is_at_gamelift(&id, "PENDING").await;
    stack.publish(&ended(&arn_of(&id), None)).await;
    eventually("nobody knows the session yet", || async {
        stack.output().contains("no placement is known for the game session").then_some(())
    })
    .await;
    stack.publish(&fulfilled(&id, &["alice"])).await;
    session_of(&mut alice, &id).await;
    assert_eq!(end_of(&mut alice, &id).await.0, "ended");
    assert!(stack.dead_letters("placement-events").await.is_empty());
}

#[tokio::test]
async fn the_session_of_another_placement_cannot_end_mine() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    // Its last part is the placement's id, and yet it is no session of this placement.
    let other = format!("arn:aws:gamelift:us-east-1::gamesession/fleet-2/{id}");
    stack.publish(&foreign("theirs", &other, &["bob"])).await;
    session_of(&mut bob, "theirs").await;
    stack.settles().await;
    stack.publish(&ended(&other, None)).await;
    assert_eq!(end_of(&mut bob, "theirs").await.0, "ended");
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_is_a_dead_letter_with_its_reason_and_holds_up_nobody() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut portless = fulfilled("p1", &["alice"]);
    portless["port"] = json!("none");
    let events = [
        (json!({"type": "PlacementPostponed", "placementId": "p1"}), "unknown variant `PlacementPostponed`"),
        (json!({"type": "PlacementFailed", "placementId": "a b"}), "placementId: 1 to 48 letters, digits and hyphens"),
        (portless, "port: 1 to 65535"),
        (ended(FOREIGN, Some(json!("x".repeat(4_095)))), "results: at most 4096 bytes of JSON, not 4097"),
    ];
    for (event, _) in &events {
        stack.publish(event).await;
    }
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    stack.settles().await;
    let letters = stack.dead_letters("placement-events").await;
    assert_eq!(letters.len(), events.len(), "{letters:?}");
    for (event, reason) in &events {
        let message = json!({"source": "aws.gamelift", "detail": event}).to_string();
        let letter = letters.iter().find(|letter| letter["record"]["Sns"]["Message"] == message.as_str());
        let letter = letter.unwrap_or_else(|| panic!("{message}: {letters:?}"));
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{letter}");
    }
}

#[tokio::test]
async fn a_state_of_many_large_results_leaves_room_for_the_largest_page() {
    let stack = stack(&json!({})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = |number: usize| format!("placement-{number}");
    for number in 0..9 {
        stack.publish(&fulfilled(&id(number), &["alice"])).await;
        session_of(&mut alice, &id(number)).await;
        stack.publish(&ended(&arn_of(&id(number)), Some(json!("\u{1}".repeat(682))))).await;
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
