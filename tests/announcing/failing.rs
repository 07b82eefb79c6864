//! The table of inboxes has no time or is away, and nobody misses an announcement.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use muster_client::{Client, Event, Options};
use serde_json::json;
use tokio::time::timeout;

use super::announcement;
use crate::harness::{Call, PATIENCE, Player, Proxy, Treatment, eventually};

/// Refuses the first `count` writes in which `player` is.
fn refuse_first(count: usize, player: &'static str, status: u16, kind: &'static str) -> impl Fn(&Call) -> Treatment {
    let refused = AtomicUsize::new(0);
    move |call| {
        let refuse = call.operation == "BatchWriteItem" && call.body.contains(player) && refused.fetch_add(1, Relaxed) < count;
        if refuse { Treatment::Refuse(status, kind) } else { Treatment::Pass }
    }
}

/// More players than one write has room for, the first and the last of whom are not in the same one.
fn crowd() -> Vec<String> {
    let others = (0..48).map(|number| format!("m-{number:02}"));
    std::iter::once("alice".to_owned()).chain(others).chain(["zoe".to_owned()]).collect()
}

#[tokio::test]
async fn a_throttled_table_is_waited_for() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let (mut alice, mut zoe) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "zoe").await);
    proxy.treat(refuse_first(5, "zoe", 400, "ProvisionedThroughputExceededException"));
    stack.announce(&json!({"playerIds": crowd(), "type": "news", "body": "hi"})).await;
    assert_eq!((alice.texts(1).await, zoe.texts(1).await), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
    assert_eq!(stack.invocations("announcements").await, 1, "nothing had to be tried again");
}

#[tokio::test]
async fn what_could_not_be_written_is_written_by_lambdas_retry_and_what_was_written_is_not_told_twice() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--async-retry", "1"]).await;
    let (mut alice, mut zoe) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "zoe").await);
    proxy.treat(refuse_first(2, "zoe", 400, "ResourceNotFoundException"));
    stack.announce(&json!({"playerIds": crowd(), "type": "news", "body": "hi"})).await;
    assert_eq!((alice.texts(1).await, zoe.texts(1).await), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
    assert_eq!(stack.invocations("announcements").await, 3);
    stack.announce(&announcement(&["alice"], "news", &json!("next"))).await;
    assert_eq!(alice.texts(1).await, ["next"]);
    assert_eq!(alice.repeated, 0, "a row that is written again as it was is no news");
    for player in crowd().iter().skip(1) {
        assert_eq!(stack.inbox(player).await.len(), 1, "{player}");
    }
}

#[tokio::test]
async fn a_retry_that_comes_late_is_recognised_by_clients_as_a_repetition() {
    // Later than the ids of the first attempt may be used for: a player could have resumed behind them.
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--async-retry", "11"]).await;
    let options = Options::new(&stack.addresses.url, stack.token("alice").await);
    let (_alice, mut events) = Client::connect(options).await.unwrap();
    let (mut bare, mut zoe) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "zoe").await);
    proxy.treat(refuse_first(1, "zoe", 400, "ResourceNotFoundException"));
    let id = stack.announce(&json!({"playerIds": crowd(), "type": "news", "body": "hi"})).await;
    let first = bare.message().await;
    // Nobody is asked in vain before the retry is due.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(zoe.texts(1).await, ["hi"]);
    let second = bare.message().await;
    assert_ne!(first["messageId"], second["messageId"]);
    for message in [&first, &second] {
        assert_eq!(["senderId", "requestId", "message"].map(|name| message[name].as_str().unwrap()), ["service", &id, "hi"]);
    }
    stack.announce(&announcement(&["alice"], "news", &json!("next"))).await;
    let mut handed_out = Vec::new();
    while handed_out.last().is_none_or(|text| text != "next") {
        if let Event::Message(message) = timeout(PATIENCE, events.next()).await.unwrap().unwrap() {
            handed_out.push(message.message.clone());
        }
    }
    assert_eq!(handed_out, ["hi", "next"], "a client hands it out once");
}

#[tokio::test]
async fn an_announcement_that_keeps_failing_is_a_dead_letter_and_reaches_whom_it_could() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &["--async-retry", "0.2"]).await;
    proxy.treat(refuse_first(usize::MAX, "zoe", 400, "ResourceNotFoundException"));
    let body = json!({"playerIds": crowd(), "type": "news", "body": "hi"});
    let id = stack.announce(&body).await;
    let letter = stack.letters("announcements", 1).await.remove(0);
    assert_eq!(letter["requestContext"]["condition"], "RetriesExhausted");
    let notification = &letter["requestPayload"]["Records"][0]["Sns"];
    assert_eq!((&notification["MessageId"], &notification["Message"]), (&json!(id), &json!(body.to_string())));
    let message = letter["responsePayload"]["errorMessage"].as_str().unwrap();
    assert!(message.contains("25 of 50 players have not got the announcement"), "{message}");
    eventually("alice has it", || async { (stack.inbox("alice").await.len() == 1).then_some(()) }).await;
    assert!(stack.inbox("zoe").await.is_empty());
}
