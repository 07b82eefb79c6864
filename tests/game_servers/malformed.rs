//! Events that nobody can understand.

use serde_json::{Value, json};

use crate::harness::{Device, LocalStack, arn_of, fulfilled, session_ended, session_push};

/// What is wrong, and what is said of it.
fn malformed() -> Vec<(String, &'static str)> {
    let with = |member: &str, value: Value| {
        let mut event = fulfilled("p-1", &arn_of("p-1"), &["alice".to_owned()]);
        event["detail"][member] = value;
        event.to_string()
    };
    let without = |member: &str| {
        let mut event = fulfilled("p-1", &arn_of("p-1"), &["alice".to_owned()]);
        event["detail"].as_object_mut().unwrap().remove(member);
        event.to_string()
    };
    let crowd: Vec<Value> = (0..201).map(|n| json!({"playerId": n.to_string(), "playerSessionId": "s"})).collect();
    vec![
        ("game over".to_owned(), "understanding the message: not JSON: expected value"),
        ("{}".to_owned(), "missing field `detail`"),
        (json!({"detail": null}).to_string(), "understanding the message"),
        (json!({"detail": {"type": "PlacementPostponed"}}).to_string(), "unknown variant `PlacementPostponed`"),
        (with("port", json!("0")), "port: 1 to 65535"),
        (with("port", json!(65_536)), "port: 1 to 65535"),
        (without("gameSessionArn"), "missing field `gameSessionArn`"),
        (with("placedPlayerSessions", json!(crowd)), "placedPlayerSessions: at most 200, not 201"),
        (
            with("placedPlayerSessions", json!([{"playerId": "alice\n", "playerSessionId": "s"}])),
            "placedPlayerSessions.playerId: 1 to 128 characters, none a control character",
        ),
        (with("placementId", json!("p 1")), "placementId: 1 to 48 letters, digits and hyphens"),
        (with("placementId", json!("p".repeat(49))), "placementId: 1 to 48 letters, digits and hyphens"),
        (session_ended(&arn_of("p-0"), &json!("x".repeat(4_095))).to_string(), "results: at most 4096 bytes of JSON, not 4097"),
    ]
}

#[tokio::test]
async fn an_event_that_nobody_can_understand_is_a_dead_letter_at_once_whole_with_its_reason_and_blocks_no_other() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let malformed = malformed();
    let first = arn_of("p-0");
    stack.tell(&fulfilled("p-0", &first, &["alice".to_owned()])).await;
    assert_eq!(alice.push().await, session_push("p-0", &first, "alice"));
    let mut ids = Vec::new();
    for (number, (message, _)) in malformed.iter().enumerate() {
        ids.push(stack.publish("placement-events", message).await);
        let id = format!("after-{number}");
        let arn = arn_of(&id);
        stack.tell(&fulfilled(&id, &arn, &["alice".to_owned()])).await;
        assert_eq!(alice.push().await, session_push(&id, &arn, "alice"), "{message}");
    }
    let letters = stack.letters("placement-events", malformed.len()).await;
    assert_eq!(letters.len(), malformed.len(), "one for each: {letters:#?}");
    for ((message, reason), id) in malformed.iter().zip(&ids) {
        let mut of = letters.iter().filter(|letter| letter["cause"] == **id || letter["record"]["Sns"]["MessageId"] == **id);
        let letter = of.next().unwrap_or_else(|| panic!("there is a letter about {message}"));
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{message}: {}", letter["reason"]);
        assert_eq!((&letter["version"], &letter["function"]), (&json!("1"), &json!("muster-dev-placement-events")));
        assert_eq!(letter["cause"], **id, "it is traced by SNS's id");
        let record = &letter["record"];
        assert_eq!((&record["EventSource"], &record["Sns"]["Message"]), (&json!("aws:sns"), &json!(message)), "the record is whole");
        assert_eq!(record["Sns"]["TopicArn"], "arn:aws:sns:eu-central-1:123456789012:muster-dev-placement-events");
        assert!(of.next().is_none(), "there is one letter about {message}");
    }
    // Results that were too long have not closed the session either.
    assert_eq!(alice.state().await["sessions"].as_array().unwrap().len(), malformed.len() + 1);
    let troubles = stack.troubles().await;
    assert!(!troubles.iter().any(|trouble| trouble.contains("failed:")), "nothing was tried again: {troubles:?}");
}
