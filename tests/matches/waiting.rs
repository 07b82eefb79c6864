//! Rounds in which somebody does not play: their time is up, and the match goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{are_free, matched, met, overdue, shows};
use crate::harness::LocalStack;

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_match_whose_players_are_both_away_is_abandoned_after_two_rounds() {
    let stack = LocalStack::start(&[]).await;
    let begun = Instant::now();
    let mut gamers = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 2}})).await;
    for gamer in &mut gamers {
        let second = gamer.told().await;
        shows(&second, json!({"state": "playing", "version": 2, "awaits": [0, 1], "events": [{"round": 1}], "ack": null}));
        shows(&second["view"], json!({"round": 2, "yourScore": 0, "theirScore": 0, "winner": null, "yourPlay": null, "theirPlay": null}));
        assert_eq!(second["view"]["roundSummary"], "nobody played");
    }
    for gamer in &mut gamers {
        let over = gamer.told().await;
        shows(&over, json!({"state": "over", "version": 3, "dueAt": null, "outcome": {"ending": "abandoned", "places": [1, 1]}}));
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "each round had its time: {:?}", begun.elapsed());
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn a_play_wins_when_the_other_is_late() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    shows(&alice.play("lizard").await, json!({"version": 1, "view": {"round": 1, "played": "lizard", "yourPlay": null}}));
    assert!(bob.player.hears_nothing(QUIET).await && alice.player.hears_nothing(QUIET).await, "a play is no news");
    let late = bob.action("rock");
    let push = alice.told().await;
    shows(&push, json!({"ack": "play-1", "events": [{"round": 1, "winner": 0}], "view": {"roundSummary": "lizard against nothing"}}));
    shows(&push["view"], json!({"round": 2, "yourScore": 1, "theirScore": 0, "yourPlay": "lizard", "theirPlay": null, "winner": "you"}));
    let push = bob.told().await;
    shows(&push["view"], json!({"round": 2, "yourScore": 0, "theirScore": 1, "yourPlay": null, "theirPlay": "lizard", "winner": "them"}));
    let answer = bob.player.ask(&late).await;
    shows(&answer, json!({"type": "rejection", "code": "stale", "match": {"version": 2, "view": push["view"]}}));
}

#[tokio::test]
async fn a_player_who_never_plays_loses_round_by_round_and_one_of_two_who_plays_keeps_the_match_alive() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 2, "wins": 2}})).await;
    for score in 1..=2 {
        alice.play("rock").await;
        shows(&alice.told().await, json!({"version": score + 1, "view": {"yourScore": score}}));
    }
    let mut push = bob.told().await;
    while push["state"] == "playing" {
        push = bob.told().await;
    }
    shows(&push, json!({"state": "over", "outcome": {"ending": "won", "places": [1, 2], "scores": [2, 0]}}));
    are_free([&mut alice, &mut bob]).await;
}

#[tokio::test]
async fn resume_shows_seat_and_match_and_resolves_a_round_that_is_overdue() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    alice.play("paper").await;
    let state = alice.state().await;
    assert_eq!(state["seats"], json!([{"kind": "match", "id": alice.match_id()}]));
    let [shown] = &state["matches"].as_array().unwrap()[..] else { panic!("{state}") };
    shows(shown, json!({"matchId": alice.match_id(), "state": "playing", "version": 1, "ack": null, "events": null}));
    shows(&shown["view"], json!({"round": 1, "played": "paper"}));
    overdue(&stack, alice.match_id()).await;
    let shown = bob.state().await["matches"][0].take();
    shows(&shown, json!({"version": 2, "events": null, "view": {"round": 2, "theirScore": 1, "theirPlay": "paper"}}));
    for gamer in [&mut alice, &mut bob] {
        shows(&gamer.told().await, json!({"version": 2, "view": {"round": 2}, "events": [{"round": 1, "winner": 0}]}));
    }
    assert_eq!(bob.state().await["matches"][0]["dueAt"], shown["dueAt"], "the clock has acted once");
    assert_eq!(stack.dead_letters("matches-announce").await, Vec::<Value>::new());
}
