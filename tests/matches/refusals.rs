//! Plays that do not count: each reason has its own code.

use serde_json::json;

use super::{Gamer, met, overdue, shows};
use crate::harness::LocalStack;

#[tokio::test]
async fn every_reason_why_a_play_does_not_count_has_its_own_code() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rpsls", "options": {"seconds": 60}})).await;
    let mut carol = Gamer::connect(&stack, "carol").await;
    carol.seen = alice.seen.clone();
    assert_eq!(carol.cannot_play("paper").await, "not_found", "it is not hers");
    let nowhere = json!({"matchId": "0192f0c1-0000-7abc-8def-0123456789ab", "action": "paper"});
    assert_eq!(alice.refused("play", nowhere).await, "not_found");
    assert_eq!(alice.cannot_play("well").await, "unknown_play");
    for action in [json!(7), json!({"play": "rock"}), json!(["rock"])] {
        assert_eq!(alice.cannot_play(action).await, "bad_request");
    }
    alice.seen.1 = 2;
    assert_eq!(alice.cannot_play("paper").await, "bad_request", "nobody has seen what is to come");
    alice.seen.1 = 1;
    alice.play("paper").await;
    for play in ["paper", "rock"] {
        assert_eq!(alice.cannot_play(play).await, "not_your_turn");
    }
    // The play that counts is that of the first time.
    let old = alice.action("rock");
    bob.play("rock").await;
    let now = alice.told().await;
    shows(&now, json!({"version": 2, "ack": "play-6", "view": {"round": 2, "yourPlay": "paper"}}));
    bob.told().await;
    let answer = alice.player.ask(&old).await;
    shows(&answer, json!({"type": "rejection", "requestId": old["requestId"], "code": "stale", "matchId": alice.match_id()}));
    assert!(answer["message"].as_str().unwrap().starts_with("body.version: "), "{answer}");
    for field in ["matchId", "mode", "version", "state", "players", "seat", "awaits", "dueAt", "view"] {
        assert_eq!(answer["match"][field], now[field], "{field}: the match is in it as it is now");
    }
    overdue(&stack, alice.match_id()).await;
    assert_eq!(bob.cannot_play("rock").await, "stale", "it comes behind the deadline");
    bob.told().await;
    let here = alice.here();
    alice.get("leaveMatch", here).await;
    assert_eq!(bob.cannot_play("rock").await, "match_over");
}

#[tokio::test]
async fn a_match_that_waits_takes_no_play_and_none_takes_those_of_another_game() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let code = alice.get("newMatch", json!({"mode": "rps"})).await["matchId"].clone();
    alice.seen = (code.as_str().unwrap().to_owned(), 0);
    assert_eq!(alice.cannot_play("rock").await, "match_not_begun");
    bob.get("joinMatch", json!({"matchId": code})).await;
    shows(&bob.told().await, json!({"mode": "rps", "version": 1, "view": {"round": 1}}));
    assert_eq!(bob.cannot_play("spock").await, "unknown_play");
    bob.play("rock").await;
}
