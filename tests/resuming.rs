//! What a player missed is in its inbox, and it gets it all.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use futures_util::future::join;
use serde_json::Value;

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
