//! What a player missed is in its inbox, and it gets it all.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use futures_util::future::join;
use muster_protocol::cursor::first_id_of;
use serde_json::{Value, json};

use crate::harness::{LocalStack, Player};

/// How many messages come while bob is away.
const MISSED: usize = 300;

fn texts(messages: &[Value]) -> BTreeSet<String> {
    messages.iter().map(|message| message["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn three_hundred_missed_messages_are_read_in_pages_while_more_arrive() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    alice.send(&["bob"], "before").await;
    assert_eq!(bob.texts(1).await, ["before"]);
    let (_, after) = bob.resume(None, 100).await;
    bob.socket.vanish();
    let mut expected = BTreeSet::new();
    for number in 0..MISSED {
        let text = format!("missed {number}");
        alice.send(&["bob"], &text).await;
        expected.insert(text);
    }

    let mut bob = Player::connect(&stack, "bob").await;
    let resumed = AtomicBool::new(false);
    let sending = async {
        let mut sent = BTreeSet::new();
        while !resumed.load(Relaxed) || sent.len() < 20 {
            let text = format!("meanwhile {}", sent.len());
            alice.send(&["bob"], &text).await;
            sent.insert(text);
        }
        sent
    };
    let resuming = async {
        let (pages, after) = bob.resume(Some(&after), 30).await;
        resumed.store(true, Relaxed);
        (pages, after)
    };
    let (meanwhile, (pages, after)) = join(sending, resuming).await;
    assert!(pages.len() > MISSED / 30, "{} pages", pages.len());
    let paged: Vec<Value> = pages.into_iter().flatten().collect();
    let ids: Vec<&str> = paged.iter().map(|message| message["messageId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "the pages follow one another, and no message is on two of them");
    assert!(texts(&paged).is_superset(&expected), "what was missed is read");

    // What came meanwhile was pushed, or read, or both.
    expected.extend(meanwhile);
    let mut seen = texts(&paged);
    while !seen.is_superset(&expected) {
        seen.insert(bob.message().await["message"].as_str().unwrap().to_owned());
    }
    // The next time begins where this one ended, or a little before: nothing falls into a gap between two times.
    alice.send(&["bob"], "at last").await;
    let (again, _) = bob.resume(Some(&after), 100).await;
    assert_eq!(again.iter().flatten().next_back().unwrap()["message"], "at last");
}

/// A row of bob's inbox, as other hands than Muster's may write it.
fn row(id: &str, message: &str, expires_at: u64) -> Value {
    json!({
        "recipientId": {"S": "bob"}, "messageId": {"S": id}, "senderId": {"S": "alice"}, "message": {"S": message},
        "sentAt": {"N": "1"}, "expiresAt": {"N": expires_at.to_string()}, "cause": {"S": "c1"}
    })
}

/// When a row expires that does not during a test.
const LATER: u64 = 9_999_999_999;

/// The server's time, in epoch milliseconds.
async fn now(player: &mut Player) -> u64 {
    player.ask(&json!({"route": "ping"})).await["body"]["time"].as_u64().unwrap()
}

async fn resume(bob: &mut Player, body: Value) -> Value {
    let mut reply = bob.ask(&json!({"route": "resume", "body": body})).await;
    assert_eq!(reply["type"], "reply", "{reply}");
    reply["body"].take()
}

#[tokio::test]
async fn rows_that_are_expired_or_no_messages_or_of_other_hands_end_no_resume() {
    let stack = LocalStack::start(&[]).await;
    let now = now(&mut Player::connect(&stack, "alice").await).await;
    let id = |number: u64| first_id_of(now - 10_000 + number);
    let table = "muster-dev-messages";
    stack.put(table, &row(&id(0), "first", LATER)).await;
    for number in 1..250 {
        stack.put(table, &row(&id(number), "expired", 1)).await;
    }
    stack.put(table, &json!({"recipientId": {"S": "bob"}, "messageId": {"S": id(250)}, "odd": {"BOOL": true}})).await;
    stack.put(table, &row(&id(251), &"x".repeat(200_000), LATER)).await;
    stack.put(table, &row(&id(252), "last", LATER)).await;
    // Behind all ids of ours, whose first digit is a 0 for many years to come.
    stack.put(table, &row("by hand", "odd id", LATER)).await;

    let mut bob = Player::connect(&stack, "bob").await;
    let after = first_id_of(now - 10_000);
    for limit in [1, 2, 100] {
        let (pages, _) = bob.resume(Some(&after), limit).await;
        let texts: Vec<&str> = pages.iter().flatten().map(|message| message["message"].as_str().unwrap()).collect();
        assert_eq!(texts, ["first", "last", "odd id"], "in pages of {limit}");
    }
}

#[tokio::test]
async fn the_newest_page_says_whether_it_is_all_there_is() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let empty = resume(&mut bob, json!({})).await;
    assert_eq!((&empty["messages"], &empty["complete"]), (&json!([]), &json!(true)), "{empty}");
    for number in 0..3 {
        alice.send(&["bob"], &number.to_string()).await;
    }
    for (limit, texts, complete) in [(2, vec!["1", "2"], false), (3, vec!["0", "1", "2"], true), (4, vec!["0", "1", "2"], true)] {
        let page = resume(&mut bob, json!({"limit": limit})).await;
        let shown: Vec<&str> = page["messages"].as_array().unwrap().iter().map(|message| message["message"].as_str().unwrap()).collect();
        assert_eq!((shown, &page["complete"]), (texts, &json!(complete)), "of {limit}");
        assert!(page["after"].is_string() && page.get("next").is_none(), "{page}");
    }
    // The place that an empty inbox gave is before everything that came since.
    assert_eq!(bob.missed(empty["after"].as_str()).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_place_that_the_inbox_has_forgotten_is_not_complete() {
    let stack = LocalStack::start(&["--parameter", "RetentionHours=3"]).await;
    let mut bob = Player::connect(&stack, "bob").await;
    let now = now(&mut bob).await;
    for (hours, complete) in [(2, true), (4, false)] {
        let after = first_id_of(now - hours * 3_600_000);
        assert_eq!(resume(&mut bob, json!({"after": after})).await["complete"], complete, "{hours} hours ago");
    }
}

#[tokio::test]
async fn a_page_fits_into_a_frame_however_long_its_messages_become_as_json() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // Each of these characters takes six bytes as JSON.
    let long = "\u{1}".repeat(4_096);
    for number in 0..12 {
        let body = json!({"playerIds": ["bob"], "message": format!("{number}{}", &long[2..])});
        assert_eq!(alice.ask(&json!({"route": "sendMessage", "body": body})).await["type"], "reply");
    }
    let mut bob = Player::connect(&stack, "bob").await;
    let newest = resume(&mut bob, json!({})).await;
    assert_eq!(newest["complete"], false, "the newest page holds what a frame takes");
    assert!(newest.to_string().len() < 128 * 1024, "{} bytes", newest.to_string().len());
    assert!(newest["messages"].as_array().unwrap().last().unwrap()["message"].as_str().unwrap().starts_with("11"), "the newest ones");
    let (pages, _) = bob.resume(Some(&first_id_of(0)), 100).await;
    assert!(pages.len() > 2, "{} pages", pages.len());
    let numbers: Vec<String> =
        pages.iter().flatten().map(|message| message["message"].as_str().unwrap().trim_end_matches('\u{1}').to_owned()).collect();
    assert_eq!(numbers, (0..12).map(|number| number.to_string()).collect::<Vec<_>>());
}
