//! Plays that do not count: each reason has its own code.

use serde_json::json;

use super::{Gamer, matched, overdue, row_of, shows};
use crate::harness::LocalStack;

#[tokio::test]
async fn every_reason_why_a_play_does_not_count_has_its_own_code() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let mut carol = Gamer::connect(&stack, "carol").await;
    let paper = alice.move_in(1, "paper");
    assert_eq!(carol.refused("play", paper.clone()).await, "not_found", "it is not hers");
    let nowhere = json!({"matchId": "0192f0c1-0000-7abc-8def-0123456789ab", "round": 1, "play": "paper"});
    assert_eq!(alice.refused("play", nowhere).await, "not_found");
    for (round, play, code) in [(0, "paper", "old_round"), (2, "paper", "future_round"), (1, "well", "unknown_play")] {
        assert_eq!(alice.refused("play", alice.move_in(round, play)).await, code);
    }
    alice.play(1, "paper").await;
    for play in ["paper", "rock"] {
        assert_eq!(alice.refused("play", alice.move_in(1, play)).await, "repeated_play");
    }
    // The play that counts is that of the first time.
    bob.play(1, "rock").await;
    shows(&alice.told().await, json!({"round": 2, "yourPlay": "paper"}));
    bob.told().await;
    assert_eq!(alice.refused("play", paper).await, "old_round");
    overdue(&stack, alice.match_id(), "alice").await;
    assert_eq!(bob.refused("play", bob.move_in(2, "rock")).await, "late_play");
    let id = alice.match_id().to_owned();
    alice.get("leaveMatch", json!({"matchId": id})).await;
    assert_eq!(bob.refused("play", bob.move_in(2, "rock")).await, "match_over");
    assert_eq!(row_of(&stack, &id).await["plays"], json!({"M": {}}), "what was played in secret stays a secret");
}

#[tokio::test]
async fn a_match_that_waits_takes_no_play_and_none_takes_those_of_another_game() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let code = alice.get("newMatch", json!({"mode": "rps"})).await["matchId"].clone();
    alice.told().await;
    assert_eq!(alice.refused("play", alice.move_in(1, "rock")).await, "match_not_begun");
    bob.get("joinMatch", json!({"matchId": code})).await;
    shows(&bob.told().await, json!({"round": 1, "mode": "rps", "version": 2}));
    assert_eq!(bob.refused("play", bob.move_in(1, "spock")).await, "unknown_play");
    bob.play(1, "rock").await;
}
