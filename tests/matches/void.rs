//! A match that cannot go on ends alone.

use serde_json::{Value, json};

use super::{are_free, met, shows, tamper};
use crate::harness::LocalStack;

#[tokio::test]
async fn a_state_that_cannot_be_read_ends_its_match_as_void_and_no_other() {
    let stack = LocalStack::start(&[]).await;
    let mut neighbours = met(&stack, ["carol", "dave"], json!({"mode": "rps", "options": {"seconds": 120, "wins": 9}})).await;
    // Found by whoever plays, by whoever comes back, and by the clock.
    for (round, by) in (1..).zip(["play", "resume", "timer"]) {
        let names = ["alice", "bob"].map(|name| format!("{name}-{by}"));
        let seconds = if by == "timer" { 2 } else { 120 };
        let mut gamers = met(&stack, [&names[0], &names[1]], json!({"mode": "rps", "options": {"seconds": seconds}})).await;
        let id = gamers[0].match_id().to_owned();
        tamper(&stack, &id, "state", json!({"S": r#"{"round":1,"scores":["#})).await;
        let outcome = json!({"ending": "void", "places": [1, 1]});
        let void = json!({"matchId": id, "state": "over", "version": 2, "view": null, "dueAt": null, "outcome": outcome});
        match by {
            "play" => shows(&gamers[0].play("rock").await, void.clone()),
            "resume" => shows(&gamers[0].state().await["matches"][0], void.clone()),
            _ => {}
        }
        for gamer in &mut gamers {
            shows(&gamer.told().await, void.clone());
            shows(&gamer.get("joinMatch", json!({"matchId": id})).await, void.clone());
        }
        are_free(&mut gamers).await;
        for gamer in &mut neighbours {
            gamer.play("rock").await;
        }
        for gamer in &mut neighbours {
            shows(&gamer.told().await, json!({"state": "playing", "version": round + 1}));
        }
        let letters = stack.letters("matches-announce", 1).await;
        let [letter] = &letters[..] else { panic!("one for each match: {letters:?}") };
        let reason = letter["reason"].as_str().unwrap();
        assert!(reason.contains("a match could not go on: the state cannot be read"), "{letter}");
        assert_eq!(letter["record"]["dynamodb"]["NewImage"]["matchId"]["S"], id, "{letter}");
        assert_eq!(letter["record"]["dynamodb"]["NewImage"]["phase"]["S"], "over", "{letter}");
    }
    stack.settles().await;
    assert_eq!(stack.dead_letters("matches-announce").await, Vec::<Value>::new(), "none comes twice");
}

#[tokio::test]
async fn a_game_that_panics_ends_its_match_as_void_and_no_other() {
    let stack = LocalStack::start(&[]).await;
    let mut neighbours = met(&stack, ["carol", "dave"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    let mut gamers = met(&stack, ["alice", "bob"], json!({"mode": "tic-tac-toe"})).await;
    let id = gamers[0].match_id().to_owned();
    // It can be read and shown, and no move of it can be reckoned.
    tamper(&stack, &id, "state", json!({"S": r#"{"cells":[null,null,null,null,null,null,null,null,null],"turn":7,"bank":[1,1]}"#})).await;
    let here = gamers[0].here();
    let first = usize::from(gamers[0].get("joinMatch", here).await["seat"] != 0);
    let void = json!({"state": "over", "outcome": {"ending": "void"}, "view": null});
    shows(&gamers[first].play(4).await, void.clone());
    for gamer in &mut gamers {
        shows(&gamer.told().await, void.clone());
    }
    for gamer in &mut neighbours {
        gamer.play("rock").await;
    }
    for gamer in &mut neighbours {
        shows(&gamer.told().await, json!({"state": "playing", "version": 2}));
    }
    let letters = stack.letters("matches-announce", 1).await;
    assert!(letters[0]["reason"].as_str().unwrap().contains("the game panicked: attempt to subtract with overflow"), "{letters:?}");
    are_free(&mut gamers).await;
}
