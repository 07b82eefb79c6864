//! What a service announces reaches its players, and nobody else can announce.
//!
//! `failing` is about tables that have no time, and functions that are invoked again.

mod failing;

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, eventually};

fn announcement(players: &[&str], kind: &str, body: &Value) -> Value {
    json!({"playerIds": players, "type": kind, "body": body})
}

/// Who an announcement is from, what kind it is, and what it says.
fn shown(message: &Value) -> [&str; 3] {
    ["senderId", "announcement", "message"].map(|name| message[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {message}")))
}

/// The only message that waits in a player's inbox.
async fn only_message(player: &mut Player) -> Value {
    let (pages, _) = player.resume(None, 100).await;
    let [message] = &pages.concat()[..] else { panic!("one message waits: {pages:?}") };
    message.clone()
}

#[tokio::test]
async fn an_announcement_reaches_who_is_online_and_waits_for_who_is_not() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = stack.announce(&announcement(&["alice", "bob"], "tournament", &json!("It begins: héllo ☃"))).await;
    let message = alice.message().await;
    assert_eq!(shown(&message), ["service", "tournament", "It begins: héllo ☃"]);
    assert_eq!((&message["type"], &message["requestId"]), (&json!("message"), &json!(id)), "it is known by SNS's id");
    let mut bob = Player::connect(&stack, "bob").await;
    let missed = only_message(&mut bob).await;
    assert_eq!(shown(&missed), shown(&message));
    assert_ne!(missed["messageId"], message["messageId"], "each inbox has a message of its own");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_body_is_text_as_it_is_or_any_json() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // The longest body fits into a push even if all of it is escaped.
    let longest = "\u{1}".repeat(16_384);
    for (body, text) in [
        (json!("5 coins"), "5 coins"),
        (json!(""), ""),
        (json!({"coins": 5}), r#"{"coins":5}"#),
        (json!([1, null]), "[1,null]"),
        (json!(null), "null"),
        (json!(longest), &longest),
    ] {
        stack.announce(&announcement(&["alice"], "reward", &body)).await;
        assert_eq!(shown(&alice.message().await), ["service", "reward", text]);
    }
    stack.announce(&json!({"playerIds": ["alice"], "type": "reward"})).await;
    assert_eq!(shown(&alice.message().await), ["service", "reward", "null"]);
}

#[tokio::test]
async fn a_player_who_is_named_twice_gets_it_once() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let players: Vec<&str> = std::iter::repeat_n("alice", 1_500).chain(["bob"]).collect();
    stack.announce(&announcement(&players, "news", &json!("once"))).await;
    assert_eq!(shown(&alice.message().await)[2], "once");
    eventually("bob has it, too", || async { (stack.inbox("bob").await.len() == 1).then_some(()) }).await;
    assert!(alice.hears_nothing(Duration::from_millis(300)).await);
    assert_eq!((alice.repeated, stack.inbox("alice").await.len()), (0, 1));
}

#[tokio::test]
async fn nobody_but_a_service_can_announce() {
    let stack = LocalStack::start(&[]).await;
    let (mut mallory, mut bob) = (Player::connect(&stack, "mallory").await, Player::connect(&stack, "bob").await);
    let forged = json!({
        "route": "sendMessage", "requestId": "r1", "announcement": "reward", "type": "reward", "senderId": "service",
        "body": {"playerIds": ["bob"], "message": "5 coins", "announcement": "reward", "type": "reward", "senderId": "service"}
    });
    assert_eq!(mallory.ask(&forged).await["type"], "reply");
    let message = bob.message().await;
    assert_eq!((&message["senderId"], message.get("announcement")), (&json!("mallory"), None), "{message}");
    // A player may have any name; what it sends is no announcement all the same.
    let mut service = Player::connect(&stack, "service").await;
    assert_eq!(service.ask(&forged).await["type"], "reply");
    let message = bob.message().await;
    assert_eq!((&message["senderId"], message.get("announcement")), (&json!("service"), None), "{message}");
    assert_eq!(mallory.ask(&json!({"route": "announce", "body": {"playerIds": ["bob"]}})).await["code"], "unknown_route");
    assert!(bob.hears_nothing(Duration::from_millis(200)).await);
    assert!(stack.inbox("bob").await.iter().all(|row| row.get("announcement").is_none()));
}

#[tokio::test]
async fn an_announcement_that_nobody_can_understand_is_a_dead_letter_with_its_reason_and_the_next_one_is_handled() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let crowd: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    let malformed = [
        ("sale!".to_owned(), "understanding the message"),
        (json!({"type": "news", "body": 1}).to_string(), "missing field `playerIds`"),
        (json!({"playerIds": ["alice"], "body": 1}).to_string(), "missing field `type`"),
        (json!({"playerIds": "alice", "type": "news"}).to_string(), "invalid type: string"),
        (announcement(&[], "news", &json!(1)).to_string(), "playerIds: 1 to 1000 players, not 0"),
        (json!({"playerIds": crowd, "type": "news"}).to_string(), "playerIds: 1 to 1000 players, not 1001"),
        (announcement(&["alice", ""], "news", &json!(1)).to_string(), "playerIds: each has 1 to 128 characters"),
        (announcement(&["alice"], "", &json!(1)).to_string(), "type: 1 to 64 characters"),
        (announcement(&["alice"], "news", &json!("x".repeat(16_385))).to_string(), "body: at most 16384 bytes, not 16385"),
    ];
    for (number, (message, reason)) in malformed.iter().enumerate() {
        let id = stack.publish("announcements", message).await;
        stack.announce(&announcement(&["alice"], "news", &json!(number))).await;
        assert_eq!(shown(&alice.message().await)[2], number.to_string(), "{message}");
        let letters = stack.letters("announcements", 1).await;
        let [letter] = &letters[..] else { panic!("one letter for each: {letters:?}") };
        assert!(letter["reason"].as_str().unwrap().contains(reason), "{message}: {}", letter["reason"]);
        assert_eq!((&letter["cause"], &letter["function"]), (&json!(id), &json!("muster-dev-announcements")));
        assert_eq!(letter["record"]["Sns"]["Message"], json!(message), "the record is whole");
    }
    assert_eq!(stack.inbox("alice").await.len(), malformed.len(), "and nothing of it reached anybody");
}

#[tokio::test]
async fn a_thousand_players_each_get_an_announcement() {
    let stack = LocalStack::start(&[]).await;
    let players: Vec<String> = (0..1_000).map(|number| format!("player-{number}")).collect();
    let mut online = Vec::new();
    for player in players.iter().step_by(100) {
        online.push(Player::connect(&stack, player).await);
    }
    // As much as a message of SNS has room for: a thousand names, and a long text.
    let id = stack.announce(&json!({"playerIds": players, "type": "news", "body": "x".repeat(16_384)})).await;
    for player in &mut online {
        let message = player.message().await;
        assert_eq!((&message["requestId"], shown(&message)[2].len()), (&json!(id), 16_384));
    }
    let rows = stack.table("messages").await;
    let recipients: BTreeSet<&str> = rows.iter().map(|row| row["recipientId"]["S"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), recipients.len()), (players.len(), players.len()));
    let mut away = Player::connect(&stack, "player-999").await;
    assert_eq!(only_message(&mut away).await["requestId"], id);
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}
