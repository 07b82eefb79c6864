//! Turns on a board, against somebody and against the computer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Gamer, are_free, met, shows};
use crate::harness::LocalStack;

/// Two who have begun, the one who moves first first: seats are drawn.
async fn seated(stack: &LocalStack, names: [&str; 2], opening: Value) -> [Gamer; 2] {
    let [mut alice, bob] = met(stack, names, opening).await;
    let here = alice.here();
    let view = alice.get("joinMatch", here).await;
    shows(&view, json!({"awaits": [0], "view": {"cells": [null, null, null, null, null, null, null, null, null], "turn": 0}}));
    if view["seat"] == 0 { [alice, bob] } else { [bob, alice] }
}

/// Both move in turn on these cells, `done` moves having been made, and are told of each. What they were told last.
async fn moves(gamers: &mut [Gamer; 2], done: usize, cells: &[usize]) -> [Value; 2] {
    let mut last = [Value::Null, Value::Null];
    for (turn, cell) in (done..).zip(cells) {
        let reply = gamers[turn % 2].play(*cell).await;
        for (gamer, told) in gamers.iter_mut().zip(&mut last) {
            *told = gamer.told().await;
            shows(told, json!({"events": [cell], "view": reply["view"], "version": turn + 2}));
            assert_eq!(told["view"]["cells"][cell], turn % 2, "{told}");
        }
    }
    last
}

#[tokio::test]
async fn two_take_turns_until_one_has_three_in_a_row() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = seated(&stack, ["alice", "bob"], json!({"mode": "tic-tac-toe"})).await;
    assert_eq!(gamers[1].cannot_play(4).await, "not_your_turn");
    for (action, code) in [(json!(9), "taken"), (json!(-1), "bad_request"), (json!("centre"), "bad_request")] {
        assert_eq!(gamers[0].cannot_play(action.clone()).await, code, "{action}");
    }
    moves(&mut gamers, 0, &[0, 4]).await;
    assert_eq!(gamers[0].cannot_play(4).await, "taken");
    assert_eq!(gamers[1].cannot_play(5).await, "not_your_turn");
    for told in moves(&mut gamers, 2, &[1, 8, 2]).await {
        shows(&told, json!({"state": "over", "outcome": {"ending": "won", "places": [1, 2], "words": "three in a row"}, "dueAt": null}));
    }
    assert_eq!(gamers[0].cannot_play(7).await, "match_over");
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn a_full_board_is_a_draw() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = seated(&stack, ["alice", "bob"], json!({"mode": "tic-tac-toe"})).await;
    for told in moves(&mut gamers, 0, &[0, 1, 2, 4, 3, 5, 7, 6, 8]).await {
        shows(&told, json!({"state": "over", "outcome": {"ending": "drawn", "places": [1, 1]}}));
    }
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn the_clock_moves_for_whoever_has_used_up_turn_and_bank_and_gives_up_in_the_end() {
    let stack = LocalStack::start(&[]).await;
    let begun = Instant::now();
    let mut gamers = seated(&stack, ["alice", "bob"], json!({"mode": "tic-tac-toe", "options": {"turn": 1, "bank": 1}})).await;
    for gamer in &mut gamers {
        let told = gamer.told().await;
        assert_eq!(told["events"].as_array().unwrap().len(), 1, "{told}");
        shows(&told, json!({"state": "playing", "awaits": [1], "view": {"turn": 1, "bank": [0, 1_000]}}));
        shows(&gamer.told().await, json!({"state": "over", "outcome": {"ending": "abandoned"}}));
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "two turns with their banks: {:?}", begun.elapsed());
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn the_computer_answers_in_the_same_write_and_never_loses() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let mut begun_by_it = 0;
    for game in 0..20 {
        let mut view = alice.get("newMatch", json!({"mode": "tic-tac-toe", "bots": 1})).await;
        let seat = usize::try_from(view["seat"].as_u64().unwrap()).unwrap();
        assert_eq!(view["players"][1 - seat], json!({"playerId": "bot#1", "bot": true}), "{view}");
        begun_by_it += seat;
        let mut told = alice.told().await;
        while view["state"] == "playing" {
            shows(&view, json!({"awaits": [seat], "version": told["version"], "view": told["view"]}));
            let cells = view["view"]["cells"].as_array().unwrap().clone();
            let free: Vec<usize> = (0..9).filter(|cell| cells[*cell].is_null()).collect();
            assert_eq!((9 - free.len()) % 2, seat, "it has moved in its turn: {view}");
            let cell = free[fastrand::usize(..free.len())];
            view = alice.play(cell).await;
            told = alice.told().await;
            let marks = told["events"].as_array().unwrap();
            assert!(marks[0] == cell && (marks.len() == 2 || told["state"] == "over"), "both marks are told at once: {told}");
        }
        assert!(view["outcome"]["places"][1 - seat] == 1, "game {game} was lost: {view}");
    }
    assert!((1..20).contains(&begun_by_it), "seats are drawn: {begun_by_it}");
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn whole_numbers_may_have_a_point_and_what_is_optional_may_be_null() {
    let stack = LocalStack::start(&[]).await;
    let opening = json!({"mode": "tic-tac-toe", "options": null, "bots": null, "after": null});
    let mut gamers = seated(&stack, ["alice", "bob"], opening).await;
    let mut frame = gamers[0].action(4.0);
    frame["body"]["version"] = json!(1.0);
    let answer = gamers[0].player.ask(&frame).await;
    shows(&answer, json!({"type": "reply", "body": {"version": 2, "view": {"turn": 1}}}));
    frame = gamers[1].action(0);
    frame["body"]["version"] = Value::Null;
    frame["reply"] = Value::Null;
    let answer = gamers[1].player.ask(&frame).await;
    shows(&answer, json!({"type": "reply", "body": {"version": 3, "view": {"cells": [1, null, null, null, 0, null, null, null, null]}}}));
    for body in
        [json!({"mode": "tic-tac-toe", "bots": 1.0}), json!({"mode": "tic-tac-toe", "options": {"turn": 10.0, "bank": null}, "bots": 1})]
    {
        let mut carol = Gamer::connect(&stack, &format!("carol-{body}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "")).await;
        shows(&carol.get("newMatch", body).await, json!({"state": "playing"}));
    }
}
