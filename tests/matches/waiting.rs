//! Rounds in which somebody does not play: their time is up, and the match goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{are_free, matched, overdue, row_of, shows};
use crate::{
    crashes::{Moment, killed_in_the_middle, stack},
    harness::LocalStack,
};

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_match_whose_players_are_both_away_is_abandoned_after_two_rounds() {
    let stack = LocalStack::start(&[]).await;
    let begun = Instant::now();
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    for gamer in &mut gamers {
        let nobody = json!({"state": "playing", "round": 2, "yourScore": 0, "theirScore": 0, "roundWinner": null, "yourPlay": null});
        let second = gamer.told().await;
        shows(&second, nobody);
        shows(&second, json!({"theirPlay": null, "roundSummary": "nobody played"}));
    }
    for gamer in &mut gamers {
        shows(&gamer.told().await, json!({"state": "over", "ending": "abandoned", "round": 2, "winner": null, "dueAt": null}));
    }
    assert!(begun.elapsed() >= Duration::from_secs(10), "each round had its time: {:?}", begun.elapsed());
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn an_open_play_is_seen_by_nobody_and_wins_when_the_other_is_late() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    alice.play(1, "lizard").await;
    assert!(bob.player.hears_nothing(QUIET).await && alice.player.hears_nothing(QUIET).await, "a play is no news");
    for gamer in [&mut alice, &mut bob] {
        let back = gamer.match_id().to_owned();
        let (state, view) = (gamer.state().await, gamer.get("joinMatch", json!({"matchId": back})).await);
        assert_eq!(state["match"], view);
        assert!(!state.to_string().contains("lizard"), "{state}");
        shows(&view, json!({"round": 1, "version": 1, "yourPlay": null, "theirPlay": null}));
    }
    let view = alice.told().await;
    shows(&view, json!({"round": 2, "yourScore": 1, "theirScore": 0, "yourPlay": "lizard", "theirPlay": null, "roundWinner": "you"}));
    shows(&view, json!({"roundSummary": "lizard against nothing"}));
    let view = bob.told().await;
    shows(&view, json!({"round": 2, "yourScore": 0, "theirScore": 1, "yourPlay": null, "theirPlay": "lizard", "roundWinner": "them"}));
    let late = json!({"matchId": bob.match_id(), "round": 1, "play": "rock"});
    assert_eq!(bob.refused("play", late).await, "old_round");
}

#[tokio::test]
async fn resume_shows_seat_and_match_and_resolves_a_round_that_is_overdue() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let state = alice.state().await;
    assert_eq!(state["seat"], json!({"kind": "match", "id": alice.match_id()}));
    shows(&state["match"], json!({"matchId": alice.match_id(), "state": "playing", "round": 1, "version": 1, "opponentId": "bob"}));
    overdue(&stack, alice.match_id(), "alice").await;
    shows(&bob.state().await["match"], json!({"round": 2, "version": 2, "theirScore": 1, "theirPlay": "paper"}));
    for gamer in [&mut alice, &mut bob] {
        shows(&gamer.told().await, json!({"round": 2, "version": 2}));
    }
}

#[tokio::test]
async fn a_round_whose_last_play_died_before_it_was_resolved_is_resolved_by_its_timer() {
    let (stack, proxy) = stack().await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    alice.play(1, "paper").await;
    let frame = json!({"route": "play", "requestId": "2", "body": bob.move_in(1, "rock")});
    let sent = bob.player.socket.send(frame.to_string());
    killed_in_the_middle((&stack, &proxy), "play", (Moment::BeforeItsCall, "PutItem"), sent).await;
    let answer = bob.player.answer().await;
    assert_eq!(answer["message"], "Internal server error", "{answer}");
    assert_eq!(row_of(&stack, bob.match_id()).await["played"], json!({"N": "2"}), "both plays count");
    assert_eq!(bob.refused("play", bob.move_in(1, "spock")).await, "repeated_play");
    shows(&alice.told().await, json!({"round": 2, "yourScore": 1, "version": 2, "roundSummary": "paper covers rock"}));
    shows(&bob.told().await, json!({"round": 2, "theirScore": 1, "version": 2, "yourPlay": "rock"}));
    for (gamer, play) in [(&mut alice, "paper"), (&mut bob, "rock")] {
        gamer.play(2, play).await;
    }
    shows(&alice.told().await, json!({"round": 3, "yourScore": 2, "version": 3}));
    assert_eq!(stack.dead_letters("resolve-round").await, Vec::<Value>::new());
}
