//! Rounds that are played.

use serde_json::{Value, json};

use super::{Gamer, are_free, matched, met, shows};
use crate::harness::LocalStack;

/// Both play, the first one first, and both are told. Their views.
async fn round(gamers: &mut [Gamer; 2], plays: [&str; 2]) -> [Value; 2] {
    for (gamer, play) in gamers.iter_mut().zip(plays) {
        gamer.play(play).await;
    }
    let [one, other] = gamers;
    [one.told().await, other.told().await]
}

#[tokio::test]
async fn two_of_a_pool_play_to_the_end_and_are_free_again() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let [hers, his] = round(&mut gamers, ["paper", "rock"]).await;
    shows(&hers, json!({"state": "playing", "mode": "rpsls", "version": 2, "seat": 0, "awaits": [0, 1]}));
    assert_eq!(hers["events"], json!([{"round": 1, "winner": 0}]));
    shows(&hers["view"], json!({"round": 2, "wins": 3, "yourScore": 1, "theirScore": 0, "yourPlay": "paper", "theirPlay": "rock"}));
    shows(&hers["view"], json!({"winner": "you", "roundSummary": "paper covers rock", "played": null}));
    shows(&hers["view"], json!({"plays": ["rock", "paper", "scissors", "lizard", "spock"]}));
    shows(&his, json!({"seat": 1, "version": 2, "dueAt": hers["dueAt"], "events": hers["events"], "outcome": null}));
    shows(&his["view"], json!({"round": 2, "yourScore": 0, "theirScore": 1, "yourPlay": "rock", "theirPlay": "paper"}));
    shows(&his["view"], json!({"winner": "them", "roundSummary": "paper covers rock"}));
    // A draw gives nobody a point, and another round.
    for (push, scores) in round(&mut gamers, ["spock", "spock"]).await.iter().zip([[1, 0], [0, 1]]) {
        shows(push, json!({"events": [{"round": 2}]}));
        shows(&push["view"], json!({"round": 3, "winner": null, "roundSummary": "spock meets spock"}));
        shows(&push["view"], json!({"yourScore": scores[0], "theirScore": scores[1]}));
    }
    let [_, his] = round(&mut gamers, ["paper", "lizard"]).await;
    shows(&his["view"], json!({"round": 4, "yourScore": 1, "theirScore": 1, "winner": "you"}));
    round(&mut gamers, ["rock", "scissors"]).await;
    let pushes = round(&mut gamers, ["spock", "scissors"]).await;
    for (push, (winner, scores)) in pushes.iter().zip([("you", [3, 1]), ("them", [1, 3])]) {
        shows(push, json!({"state": "over", "awaits": null, "dueAt": null, "outcome": {"ending": "won", "places": [1, 2]}}));
        assert_eq!(push["outcome"]["scores"], json!([3, 1]));
        shows(&push["view"], json!({"winner": winner, "yourScore": scores[0], "theirScore": scores[1]}));
    }
    are_free(&mut gamers).await;
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_match_whose_rounds_are_used_up_goes_to_whoever_leads_or_to_nobody() {
    let stack = LocalStack::start(&[]).await;
    for (number, (last, ending, places)) in [("paper", "won", [2, 1]), ("rock", "drawn", [1, 1])].into_iter().enumerate() {
        let names = [format!("alice-{number}"), format!("bob-{number}")];
        let opening = json!({"mode": "rps", "options": {"rounds": 2}});
        let mut gamers = met(&stack, [&names[0], &names[1]], opening).await;
        round(&mut gamers, ["scissors", "scissors"]).await;
        for push in round(&mut gamers, ["rock", last]).await {
            shows(&push, json!({"state": "over", "outcome": {"ending": ending, "places": places}}));
        }
        are_free(&mut gamers).await;
    }
}

#[tokio::test]
async fn the_computer_plays_at_once_and_does_not_say_what() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let mut view = alice.get("newMatch", json!({"mode": "rps", "bots": 1, "options": {"seconds": 60}})).await;
    shows(&view, json!({"state": "playing", "version": 1, "view": {"round": 1, "theirPlay": null}}));
    alice.told().await;
    let mut round = 1;
    while view["state"] == "playing" {
        view = alice.play("rock").await;
        let told = alice.told().await;
        round += 1;
        shows(&told, json!({"version": round, "view": view["view"], "ack": format!("play-{}", round - 1)}));
        assert!(view["view"]["yourPlay"] == "rock" && view["view"]["theirPlay"].is_string(), "both have played: {view}");
    }
    are_free([&mut alice]).await;
}
