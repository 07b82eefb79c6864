//! Who is matched with whom.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Gamer, matched, opponent};
use crate::harness::{Gate, LocalStack, Proxy, Treatment, eventually};

const CROWD: usize = 200;

#[tokio::test]
async fn two_hundred_who_come_at_once_are_a_hundred_matches_and_nobody_is_in_two() {
    let stack = LocalStack::start(&[]).await;
    let names: Vec<String> = (0..CROWD).map(|number| format!("player-{number:03}")).collect();
    let mut gamers = join_all(names.iter().map(|name| Gamer::connect(&stack, name))).await;
    join_all(gamers.iter_mut().map(|gamer| gamer.join_pool("rpsls"))).await;
    let told = join_all(gamers.iter_mut().map(Gamer::told)).await;
    let met = told.iter().map(|push| (opponent(push).to_owned(), &push["matchId"]));
    let of: BTreeMap<&String, (String, &Value)> = names.iter().zip(met).collect();
    for (name, (opponent, id)) in &of {
        assert_eq!(of[opponent], ((*name).clone(), *id), "{name}");
    }
    let matches = stack.table("matches").await;
    assert_eq!(matches.len(), CROWD / 2);
    let seats = matches.iter().flat_map(|row| row["seats"]["L"].as_array().unwrap());
    let mut players: Vec<&str> = seats.map(|seat| seat["M"]["playerId"]["S"].as_str().unwrap()).collect();
    players.sort_unstable();
    assert_eq!(players, names, "each of them once");
    let tickets = stack.table("tickets").await;
    assert!(!tickets.iter().any(|row| row.get("players").is_some()), "{tickets:?}");
}

#[tokio::test]
async fn whoever_leaves_while_it_is_matched_is_out_of_the_pool_or_in_the_match() {
    let stack = LocalStack::start(&[]).await;
    for number in 0..10 {
        let mut alice = Gamer::connect(&stack, &format!("alice-{number}")).await;
        let mut bob = Gamer::connect(&stack, &format!("bob-{number}")).await;
        let ticket = alice.join_pool("rpsls").await;
        let leaving = async {
            tokio::time::sleep(Duration::from_millis(number * 3)).await;
            alice.ask("leavePool", json!({})).await
        };
        let (_, left) = join(bob.join_pool("rpsls"), leaving).await;
        if left["type"] == "reply" {
            assert_eq!(left["body"], json!({"ticketId": ticket}));
            assert_eq!(alice.state().await["seats"], Value::Null);
            // The one who is left behind waits on, for whoever comes next.
            let mut carol = Gamer::connect(&stack, &format!("carol-{number}")).await;
            carol.join_pool("rpsls").await;
            assert_eq!(opponent(&bob.told().await), carol.name);
        } else {
            assert_eq!(left["code"], "not_found", "{left}");
            assert_eq!(opponent(&alice.told().await), bob.name);
            assert_eq!(opponent(&bob.told().await), alice.name);
        }
    }
    let mut dave = Gamer::connect(&stack, "dave").await;
    assert_eq!(dave.refused("leavePool", json!({})).await, "not_found");
}

#[tokio::test]
async fn those_who_were_chosen_with_somebody_who_left_are_matched_though_nobody_else_comes() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let mut gamers = join_all(["erin", "alice", "bob", "carol", "dave"].map(|name| Gamer::connect(&stack, name))).await;
    let [erin, alice, bob, carol, dave] = &mut gamers[..] else { unreachable!() };
    // While the look at another pool is held, all tickets come that are looked at next, at once.
    let (looking, matching) = (Gate::closed(), Gate::closed());
    let (held, made) = (looking.clone(), matching.clone());
    proxy.treat(move |call| match call.operation.as_str() {
        "Query" if call.body.contains("rps#") => Treatment::HoldCall(held.clone()),
        "TransactWriteItems" if call.body.contains("muster-dev-matches") => Treatment::HoldCall(made.clone()),
        _ => Treatment::Pass,
    });
    let queries = proxy.called("Query");
    erin.join_pool("rps").await;
    proxy.sees("Query", queries + 1).await;
    for gamer in [&mut *alice, &mut *bob, &mut *carol, &mut *dave] {
        gamer.join_pool("rpsls").await;
    }
    let transactions = proxy.called("TransactWriteItems");
    looking.open();
    proxy.sees("TransactWriteItems", transactions + 2).await;
    for gamer in [alice, carol] {
        gamer.get("leavePool", json!({})).await;
    }
    matching.open();
    assert_eq!(opponent(&bob.told().await), "dave");
    assert_eq!(opponent(&dave.told().await), "bob");
}

#[tokio::test]
async fn whoever_leaves_a_pool_and_joins_it_again_at_once_is_not_matched_with_itself() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let mut gamers = join_all(["erin", "alice", "bob"].map(|name| Gamer::connect(&stack, name))).await;
    let [erin, alice, bob] = &mut gamers[..] else { unreachable!() };
    // While the look at another pool is held, both tickets of hers come that are looked at next, at once.
    let looking = Gate::closed();
    let held = looking.clone();
    proxy.treat(move |call| match call.operation.as_str() {
        "Query" if call.body.contains("rps#") => Treatment::HoldCall(held.clone()),
        _ => Treatment::Pass,
    });
    let queries = proxy.called("Query");
    erin.join_pool("rps").await;
    proxy.sees("Query", queries + 1).await;
    let first = alice.join_pool("rpsls").await;
    alice.get("leavePool", json!({})).await;
    assert_ne!(alice.join_pool("rpsls").await, first);
    looking.open();
    stack.settles().await;
    assert_eq!(stack.troubles().await, Vec::<String>::new());
    bob.join_pool("rpsls").await;
    assert_eq!(opponent(&alice.told().await), "bob");
    assert_eq!(opponent(&bob.told().await), "alice");
}

#[tokio::test]
async fn whoever_finds_nobody_in_time_is_told_and_free() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let ticket = alice.join_pool("rpsls").await;
    stack.settles().await;
    // Two minutes ago, which nobody wants to wait for.
    let mut row = stack.table("tickets").await.into_iter().find(|row| row["ticketId"]["S"] == ticket).unwrap();
    let queued_at: u64 = row["queuedAt"]["N"].as_str().unwrap().parse().unwrap();
    row["queuedAt"]["N"] = json!((queued_at - 120_000).to_string());
    stack.put("muster-dev-tickets", &row).await;
    assert_eq!(alice.player.news().await, json!({"type": "pool", "ticketId": ticket, "outcome": "timedOut"}));
    assert_eq!(alice.state().await["seats"], Value::Null);
    assert_ne!(alice.join_pool("rpsls").await, ticket);
}

#[tokio::test]
async fn a_ticket_can_be_asked_for_twice_and_is_one() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let ticket = alice.join_pool("rpsls").await;
    assert_eq!(alice.join_pool("rpsls").await, ticket);
    let other = alice.player.ask(&json!({"route": "joinPool", "requestId": "2", "body": {"mode": "rps"}})).await;
    assert_eq!(other["code"], "seated", "{other}");
    assert_eq!(alice.state().await["seats"], json!([{"kind": "ticket", "id": ticket, "requestId": "1"}]));
    assert_eq!(alice.get("leavePool", json!({})).await, json!({"ticketId": ticket}));
    for mode in ["arena", "chess"] {
        assert_eq!(alice.refused("joinPool", json!({"mode": mode})).await, "bad_request");
    }
    assert_ne!(alice.join_pool("rpsls").await, ticket);
}

#[tokio::test]
async fn a_ghost_is_passed_over_and_one_that_returns_has_kept_its_place() {
    let stack = LocalStack::start(&[]).await;
    let mut ghost = Gamer::connect(&stack, "ghost").await;
    let ticket = ghost.join_pool("rpsls").await;
    let ghost = ghost.vanish(&stack).await;
    let [_alice, _bob] = matched(&stack, ["alice", "bob"]).await;
    let mut ghost = ghost.connect(&stack).await;
    assert_eq!(ghost.state().await["seats"][0]["id"], ticket);
    let mut carol = Gamer::connect(&stack, "carol").await;
    carol.join_pool("rpsls").await;
    assert_eq!(opponent(&ghost.told().await), "carol");
    assert_eq!(opponent(&carol.told().await), "ghost");
}

#[tokio::test]
async fn a_ghost_that_stays_away_loses_its_place_and_its_seat() {
    let stack = LocalStack::start(&[]).await;
    let mut ghost = Gamer::connect(&stack, "ghost").await;
    ghost.join_pool("rpsls").await;
    ghost.vanish(&stack).await;
    let [_alice, _bob] = matched(&stack, ["alice", "bob"]).await;
    // Its grace is as long as the tests' patience.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(stack.seat("ghost").await["kind"]["S"], "ticket", "it may come back still");
    eventually("the ghost's seat is free", || async { stack.seat("ghost").await.is_null().then_some(()) }).await;
}

#[tokio::test]
async fn whoever_is_there_is_told_that_its_ticket_was_given_up_since_the_other_stays_away() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let id = alice.join_pool("rpsls").await;
    stack.settles().await;
    // There is no route yet by which friends wait together. Bob has been away for long.
    let mut ticket = stack.table("tickets").await.into_iter().find(|row| row["ticketId"]["S"] == id).unwrap();
    ticket["players"]["L"].as_array_mut().unwrap().push(json!({"S": "bob"}));
    ticket["absentSince"] = json!({"N": "1000"});
    let mut seat = stack.seat("alice").await;
    seat["playerId"] = json!({"S": "bob"});
    stack.put("muster-dev-players", &seat).await;
    stack.put("muster-dev-tickets", &ticket).await;
    let mut carol = Gamer::connect(&stack, "carol").await;
    carol.join_pool("rpsls").await;
    assert_eq!(alice.player.news().await, json!({"type": "pool", "ticketId": id, "outcome": "away"}));
    assert_eq!((stack.seat("alice").await, stack.seat("bob").await), (Value::Null, Value::Null));
    // It is used up, and she is matched as the one she is now.
    assert_ne!(alice.join_pool("rpsls").await, id);
    assert_eq!(opponent(&alice.told().await), "carol");
    assert_eq!(opponent(&carol.told().await), "alice");
}

#[tokio::test]
async fn who_is_too_far_at_first_is_matched_when_it_has_waited_also_in_another_pool() {
    let stack = LocalStack::start(&[]).await;
    // At first neither of them reaches into the other's band of skill.
    let (mut weaker, mut stronger) = (Gamer::connect(&stack, "weaker").await, Gamer::connect(&stack, "stronger").await);
    weaker.join_pool_with(json!({"mode": "rpsls", "skill": 2_380})).await;
    let begun = Instant::now();
    stronger.join_pool_with(json!({"mode": "rpsls", "skill": 2_640})).await;
    assert_eq!(opponent(&weaker.told().await), "stronger");
    assert_eq!(opponent(&stronger.told().await), "weaker");
    assert!(begun.elapsed() >= Duration::from_millis(7_500), "260 points take eight seconds: {:?}", begun.elapsed());
}

#[tokio::test]
async fn two_of_a_hosted_mode_are_sent_to_one_game_server_with_a_place_each() {
    let stack = LocalStack::start(&[]).await;
    stack.fleet(&json!({"delayMilliseconds": 100}));
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    for gamer in [&mut alice, &mut bob] {
        gamer.join_pool("duel").await;
    }
    let (hers, his) = (alice.player.news().await, bob.player.news().await);
    for push in [&hers, &his] {
        assert_eq!(push["type"], "session", "{push}");
    }
    assert_eq!((&hers["placementId"], &hers["gameSessionArn"]), (&his["placementId"], &his["gameSessionArn"]));
    assert_ne!(hers["playerSessionId"], his["playerSessionId"]);
    for gamer in [&mut alice, &mut bob] {
        assert_eq!(gamer.state().await["seats"], Value::Null);
        gamer.join_pool("rpsls").await;
    }
}

#[tokio::test]
async fn two_of_a_hosted_mode_for_whom_no_server_is_found_are_both_told_and_free() {
    let stack = LocalStack::start(&[]).await;
    stack.fleet(&json!({"outcome": "fail", "delayMilliseconds": 100}));
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    for gamer in [&mut alice, &mut bob] {
        gamer.join_pool("duel").await;
    }
    let (hers, his) = (alice.player.news().await, bob.player.news().await);
    assert_eq!((&hers["type"], &hers["outcome"]), (&json!("placement"), &json!("failed")), "{hers}");
    assert_eq!(hers, his);
    for gamer in [&mut alice, &mut bob] {
        assert_eq!(gamer.state().await["seats"], Value::Null);
        gamer.join_pool("rpsls").await;
    }
}
