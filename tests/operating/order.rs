//! Letters of one recipient or match are replayed in their order, and none undoes what is newer.

use serde_json::json;

use super::{own_letter, verdicts};
use crate::harness::{LocalStack, Player};

/// A record of a message, the `place`th in its stream; without a text it can never be pushed.
fn message(recipient: &str, place: u32, text: Option<&str>) -> serde_json::Value {
    let id = format!("m{place}");
    let mut image = json!({"recipientId": {"S": recipient}, "messageId": {"S": id}, "senderId": {"S": "alice"}, "sentAt": {"N": "1"},
        "expiresAt": {"N": "9999999999"}, "cause": {"S": "c"}});
    if let Some(text) = text {
        image["message"] = json!({"S": text});
    }
    json!({"eventID": "e", "eventName": "INSERT", "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/muster-dev-messages/stream/x",
        "awsRegion": "eu-central-1",
        "dynamodb": {"ApproximateCreationDateTime": 1, "SizeBytes": 1, "SequenceNumber": place.to_string(), "Keys": {"recipientId": {"S": recipient}, "messageId": {"S": id}}, "NewImage": image}})
}

#[tokio::test]
async fn one_that_fails_holds_up_those_behind_it_of_the_same_recipient_and_nobody_else() {
    let stack = LocalStack::start(&[]).await;
    let (mut bob, mut carol) = (Player::connect(&stack, "bob").await, Player::connect(&stack, "carol").await);
    // The queue gives them in any order.
    for record in [
        message("bob", 13, Some("behind")),
        message("carol", 14, Some("for carol")),
        message("bob", 11, Some("first")),
        message("bob", 12, None),
    ] {
        stack.put_letter("streams", &own_letter("messages-deliver", &record)).await;
    }
    let answer = stack.replay(json!({"queue": "streams", "rate": 1})).await;
    let mut told: Vec<(u64, &str)> = Vec::new();
    for letter in answer["letters"].as_array().unwrap() {
        let place = letter["about"].as_str().unwrap().split("messageId=m").nth(1).unwrap()[..2].parse().unwrap();
        told.push((place, letter["verdict"].as_str().unwrap()));
    }
    told.sort_unstable();
    told.dedup();
    assert_eq!(told, [(11, "replayed"), (12, "failed"), (13, "behind"), (14, "replayed")], "{answer}");
    assert_eq!((bob.texts(1).await, carol.texts(1).await), (vec!["first".to_owned()], vec!["for carol".to_owned()]));
    let only = json!({"field": "about", "value": "messageId=m12 recipientId=bob"});
    let purged = stack.replay(json!({"do": "purge", "queue": "streams", "only": only})).await;
    assert_eq!(purged["run"]["purged"], 1, "{purged}");
    assert_eq!(verdicts(&stack.replay(json!({"queue": "streams"})).await), ["replayed"]);
    assert_eq!(bob.texts(1).await, ["behind"]);
}

#[tokio::test]
async fn a_letter_that_newer_state_has_overtaken_does_nothing() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let code = opened["body"]["matchId"].as_str().unwrap().to_owned();
    let (_, letter) = stack.record("matches", "matches-announce", |row| row["matchId"]["S"] == code.as_str()).await;
    let left = alice.ask(&json!({"route": "leaveMatch", "requestId": "2", "body": {"matchId": code}})).await;
    assert_eq!(left["type"], "reply", "{left}");
    stack.put_letter("streams", &letter).await;
    let before = stack.invocations("matches-announce").await;
    let answer = stack.replay(json!({"queue": "streams"})).await;
    assert_eq!((verdicts(&answer), &answer["left"]), (vec!["superseded"], &json!(0)), "{answer}");
    assert_eq!((&answer["run"]["superseded"], &answer["run"]["replayed"]), (&json!(1), &json!(0)));
    // The leave itself may be announced meanwhile, so that one invocation is in order.
    let after = stack.invocations("matches-announce").await;
    assert!(after <= before + 1, "{before} {after}");
}

#[tokio::test]
async fn only_one_run_has_a_queue_at_a_time() {
    let stack = LocalStack::start(&[]).await;
    for place in 1..=3 {
        stack.put_letter("streams", &own_letter("messages-deliver", &message("bob", place, None))).await;
    }
    let step = |who: &str| json!({"queue": "streams", "rate": 1, "limit": 2, "who": who, "only": {"field": "kind", "value": "record"}});
    let (ann, ben) = (step("ann"), step("ben"));
    let (one, other) = tokio::join!(stack.task("replay-dead-letters", &ann), stack.task("replay-dead-letters", &ben));
    let refused = [&one, &other].into_iter().filter(|answer| answer["problem"].as_str().is_some_and(|text| text.contains("somebody else")));
    let refused = refused.count();
    // One may have ended before the other began; but they never share a letter.
    assert!(refused <= 1, "{one} {other}");
    let looking = stack.task("replay-dead-letters", &json!({"do": "list", "queue": "timers"})).await;
    assert_eq!(looking["problem"], json!(null), "another queue, and looking, are free: {looking}");
}
