//! Ways out of a match, and what they do to what has been played.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Gamer, are_free, key_of, matched, met, overdue, private::opened, shows, tamper};
use crate::harness::{Gate, LocalStack, Proxy, Treatment};

/// Matches whose players both leave at once.
const DOUBLE: usize = 100;

/// Matches in which a leave races the last play.
const RACES: usize = 60;

/// Two who play until somebody wins a round, which they have as long for as they like.
async fn met_for_one(stack: &LocalStack, names: [&str; 2]) -> [Gamer; 2] {
    met(stack, names, json!({"mode": "rps", "options": {"wins": 1, "seconds": 60}})).await
}

#[tokio::test]
async fn whoever_gives_up_a_match_loses_it_and_one_that_waits_is_abandoned() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let [alice, bob] = &mut gamers;
    bob.play("paper").await;
    let here = alice.here();
    let left = alice.get("leaveMatch", here.clone()).await;
    let over = json!({"state": "over", "version": 2, "dueAt": null, "outcome": {"ending": "forfeited", "places": [2, 1]}});
    shows(&left, over.clone());
    shows(&left, json!({"players": [{"playerId": "alice", "left": true}, {"playerId": "bob"}], "view": {"theirPlay": null}}));
    for gamer in [&mut *alice, &mut *bob] {
        let told = gamer.told().await;
        shows(&told, over.clone());
        shows(&told, json!({"players": left["players"], "view": {"yourScore": 0, "theirScore": 0}}));
    }
    shows(&alice.get("leaveMatch", here).await, json!({"version": 2, "outcome": left["outcome"]}));
    let code = opened(alice).await;
    let left = alice.get("leaveMatch", json!({"matchId": code})).await;
    shows(&left, json!({"state": "over", "outcome": {"ending": "abandoned"}}));
    alice.told().await;
    assert_eq!(bob.refused("joinMatch", json!({"matchId": code})).await, "match_over");
    are_free(&mut gamers).await;
}

#[tokio::test]
async fn of_two_who_leave_at_once_the_first_one_forfeits_and_both_are_told_the_same() {
    let stack = LocalStack::start(&[]).await;
    join_all((0..DOUBLE).map(async |number| {
        let names = [format!("alice-{number}"), format!("bob-{number}")];
        let mut gamers = met_for_one(&stack, [&names[0], &names[1]]).await;
        let [alice, bob] = &mut gamers;
        let here = alice.here();
        let (hers, his) = join(alice.get("leaveMatch", here.clone()), bob.get("leaveMatch", here)).await;
        shows(&hers, json!({"state": "over", "version": 2, "outcome": {"ending": "forfeited"}}));
        assert_eq!((&hers["outcome"], &hers["players"]), (&his["outcome"], &his["players"]));
        let left: Vec<bool> = hers["players"].as_array().unwrap().iter().map(|player| player["left"] == true).collect();
        let places: Vec<usize> = left.iter().map(|left| if *left { 2 } else { 1 }).collect();
        assert!(left[0] != left[1] && hers["outcome"]["places"] == json!(places), "{hers}");
        for gamer in [alice, bob] {
            shows(&gamer.told().await, json!({"version": 2, "outcome": hers["outcome"]}));
        }
        are_free(&mut gamers).await;
    }))
    .await;
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_leave_that_comes_behind_the_last_play_takes_nothing_from_the_winner() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let [mut alice, mut bob] = met_for_one(&stack, ["alice", "bob"]).await;
    alice.play("paper").await;
    // Hers is the next write, and has seen a round that goes on.
    let gate = Gate::closed();
    let (held, first) = (gate.clone(), proxy.called("PutItem") + 1);
    let holds = move |number| if number == first { Treatment::HoldCall(held.clone()) } else { Treatment::Pass };
    proxy.treat(move |call| if call.operation == "PutItem" { holds(call.number) } else { Treatment::Pass });
    let leave = json!({"route": "leaveMatch", "requestId": "leave", "body": alice.here()});
    alice.player.socket.send(leave.to_string()).await;
    proxy.sees("PutItem", first).await;
    let won = json!({"state": "over", "version": 2, "outcome": {"ending": "won", "places": [1, 2], "scores": [1, 0]}});
    shows(&bob.play("rock").await, won.clone());
    gate.open();
    shows(&alice.player.answer().await["body"], won.clone());
    for gamer in [&mut alice, &mut bob] {
        shows(&gamer.told().await, won.clone());
    }
    are_free([&mut alice, &mut bob]).await;
}

#[tokio::test]
async fn a_leave_that_comes_behind_the_deadline_takes_nothing_from_whoever_played() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met_for_one(&stack, ["alice", "bob"]).await;
    alice.play("paper").await;
    overdue(&stack, alice.match_id()).await;
    let here = alice.here();
    let players = json!([{"playerId": "alice"}, {"playerId": "bob"}]);
    let won = json!({"state": "over", "version": 2, "outcome": {"ending": "won", "places": [1, 2]}, "players": players});
    shows(&alice.get("leaveMatch", here).await, won.clone());
    for gamer in [&mut alice, &mut bob] {
        shows(&gamer.told().await, won.clone());
    }
}

#[tokio::test]
async fn a_leave_that_races_the_last_play_is_before_it_or_behind_it() {
    let stack = LocalStack::start(&[]).await;
    let races = (0..RACES).map(async |number| {
        let names = [format!("alice-{number}"), format!("bob-{number}")];
        let [mut alice, mut bob] = met_for_one(&stack, [&names[0], &names[1]]).await;
        alice.play("paper").await;
        let (here, last) = (alice.here(), bob.action("rock"));
        let (left, answer) = join(alice.get("leaveMatch", here), bob.player.ask(&last)).await;
        let in_time = answer["type"] == "reply";
        assert!(in_time || answer["code"] == "match_over", "{answer}");
        let (ending, places) = if in_time { ("won", [1, 2]) } else { ("forfeited", [2, 1]) };
        let over = json!({"state": "over", "version": 2, "outcome": {"ending": ending, "places": places}});
        shows(&left, over.clone());
        for gamer in [&mut alice, &mut bob] {
            shows(&gamer.told().await, over.clone());
        }
        usize::from(in_time)
    });
    let in_time: usize = join_all(races).await.into_iter().sum();
    println!("{in_time} of {RACES} last plays came before the leave");
}

#[tokio::test]
async fn a_seat_in_a_match_whose_end_was_lost_holds_nobody_and_is_given_up_by_leaving_it() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = matched(&stack, ["alice", "bob"]).await;
    let here = gamers[0].here();
    let seats = [stack.seat("alice").await, stack.seat("bob").await];
    gamers[0].get("leaveMatch", here.clone()).await;
    for (gamer, seat) in gamers.iter_mut().zip(&seats) {
        gamer.told().await;
        stack.put("muster-dev-players", seat).await;
    }
    assert_eq!(gamers[0].get("leaveMatch", here).await["state"], "over");
    assert_eq!((stack.seat("alice").await, &stack.seat("bob").await), (Value::Null, &seats[1]));
    for gamer in &mut gamers {
        gamer.join_pool("rpsls").await;
    }
    shows(&gamers[1].told().await, json!({"state": "playing"}));
}

#[tokio::test]
async fn a_seat_in_a_match_that_is_forgotten_holds_nobody_and_is_given_up_by_leaving_it() {
    let stack = LocalStack::start(&[]).await;
    for (names, is_expired) in [(["alice", "bob"], false), (["carol", "dave"], true)] {
        let mut gamers = matched(&stack, names).await;
        let here = gamers[0].here();
        if is_expired {
            // DynamoDB deletes such a row some day.
            tamper(&stack, gamers[0].match_id(), "expiresAt", json!({"N": "1000"})).await;
        } else {
            let delete = json!({"TableName": "muster-dev-matches", "Key": key_of(gamers[0].match_id())});
            stack.aws("DynamoDB_20120810.DeleteItem", &delete).await;
        }
        for gamer in &mut gamers {
            assert_eq!(gamer.state().await["matches"], Value::Null);
        }
        assert_eq!(gamers[0].refused("leaveMatch", here).await, "not_found");
        assert_eq!(stack.seat(names[0]).await, Value::Null);
        for gamer in &mut gamers {
            gamer.join_pool("rpsls").await;
        }
        shows(&gamers[1].told().await, json!({"state": "playing"}));
    }
}
