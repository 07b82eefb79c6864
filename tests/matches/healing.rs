//! What goes wrong with pools and matches is made good, by whoever comes across it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Gamer, matched, opponent, overdue, shows};
use crate::harness::{Call, LocalStack, Proxy, Treatment, eventually};

/// More tickets than a look reads.
const MANY: usize = 310;

#[tokio::test]
async fn nobody_gives_up_by_leaving_a_match_what_is_none() {
    let stack = LocalStack::start(&[]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let (mut alice, mut bob) = (Gamer::connect(&stack, "alice").await, Gamer::connect(&stack, "bob").await);
    let ticket = alice.join_pool("rpsls").await;
    let placement = bob.get("sessionPlacementRequest", json!({})).await["placementId"].as_str().unwrap().to_owned();
    for (gamer, id) in [(&mut alice, ticket), (&mut bob, placement)] {
        assert_eq!(gamer.refused("leaveMatch", json!({"matchId": id})).await, "not_found");
        assert_eq!(stack.seat(&gamer.name).await["holds"]["S"], id, "{} would have a second seat", gamer.name);
    }
}

#[tokio::test]
async fn whoever_is_late_in_a_round_that_nobody_has_resolved_resolves_it() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let begun = Instant::now();
    alice.play("paper").await;
    overdue(&stack, alice.match_id()).await;
    assert_eq!(bob.cannot_play("rock").await, "stale");
    shows(&alice.told().await, json!({"version": 2, "ack": "play-1", "view": {"round": 2, "yourScore": 1, "theirPlay": null}}));
    shows(&bob.told().await, json!({"version": 2, "ack": null, "view": {"round": 2, "theirScore": 1}}));
    assert!(begun.elapsed() < Duration::from_secs(4), "not by its timer: {:?}", begun.elapsed());
}

#[tokio::test]
async fn whoever_has_left_a_match_can_play_again_at_once() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    for _ in 0..10 {
        let here = alice.here();
        alice.get("leaveMatch", here).await;
        alice.join_pool("rpsls").await;
        shows(&bob.told().await, json!({"state": "over", "outcome": {"ending": "forfeited"}}));
        bob.join_pool("rpsls").await;
        shows(&bob.told().await, json!({"state": "playing"}));
        while alice.told().await["state"] != "playing" {}
    }
}

#[tokio::test]
async fn tickets_that_nobody_can_be_matched_with_go_and_stand_before_nobody() {
    let stack = LocalStack::start(&[]).await;
    let mut gamers = join_all(["alice", "bob", "carol"].map(|name| Gamer::connect(&stack, name))).await;
    let [alice, bob, carol] = &mut gamers[..] else { unreachable!() };
    carol.join_pool("rpsls").await;
    let [ticket] = &tickets(&stack).await[..] else { panic!("one has joined") };
    carol.get("leavePool", json!({})).await;
    // They are stamped, as such rows make nobody look. Their players have no seats.
    let queued_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() - 300_000;
    let dead = (0..MANY).map(|number| {
        let mut row = ticket.clone();
        row["ticketId"]["S"] = json!(format!("{:08x}-{:04x}-7000-8000-{number:012}", queued_at >> 16, queued_at & 0xffff));
        row["players"] = json!({"L": [{"S": format!("nobody-{number}")}]});
        row["queuedAt"]["N"] = json!(queued_at.to_string());
        row["absentSince"] = json!({"N": queued_at.to_string()});
        row
    });
    for row in dead {
        stack.put("muster-dev-tickets", &row).await;
    }
    alice.join_pool("rpsls").await;
    bob.join_pool("rpsls").await;
    assert_eq!(opponent(&alice.told().await), "bob");
    assert_eq!(opponent(&bob.told().await), "alice");
    eventually("the pool is empty, though nobody waits in it", || async { tickets(&stack).await.is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_player_who_could_not_be_told_of_its_ticket_is_told_later() {
    let (stack, proxy) = Proxy::between(&["dynamodb", "apigatewaymanagementapi"], &[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    let ticket = alice.join_pool("rpsls").await;
    stack.settles().await;
    let posted = proxy.called("PostToConnection");
    // As often as one look tries.
    let failing = move |call: &Call| call.operation == "PostToConnection" && call.number <= posted + 6;
    proxy.treat(move |call| if failing(call) { Treatment::Refuse(500, "InternalServerException") } else { Treatment::Pass });
    let mut row = tickets(&stack).await.remove(0);
    let queued_at: u64 = row["queuedAt"]["N"].as_str().unwrap().parse().unwrap();
    row["queuedAt"]["N"] = json!((queued_at - 120_000).to_string());
    stack.put("muster-dev-tickets", &row).await;
    assert_eq!(alice.player.news().await, json!({"type": "pool", "ticketId": ticket, "outcome": "timedOut"}));
    assert!(proxy.called("PostToConnection") > posted + 6, "the first look could not tell");
    eventually("the ticket is gone", || async { tickets(&stack).await.is_empty().then_some(()) }).await;
}

#[tokio::test]
async fn a_pool_of_no_mode_is_a_dead_letter_at_once_and_blocks_nobody() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Gamer::connect(&stack, "alice").await;
    alice.join_pool("rpsls").await;
    let mut row = tickets(&stack).await.remove(0);
    row["pool"] = json!({"S": "chess#25#0"});
    stack.put("muster-dev-tickets", &row).await;
    let letter = eventually("a dead letter", || async { stack.dead_letters("tickets-match").await.pop() }).await;
    assert_eq!(letter["record"]["dynamodb"]["NewImage"]["pool"]["S"], "chess#25#0");
    assert!(letter["reason"].as_str().unwrap().contains("no pool of a mode"), "{letter}");
    let mut bob = Gamer::connect(&stack, "bob").await;
    bob.join_pool("rpsls").await;
    assert_eq!(opponent(&bob.told().await), "alice");
}

/// All tickets that wait, in whatever pool.
async fn tickets(stack: &LocalStack) -> Vec<Value> {
    stack.table("tickets").await.into_iter().filter(|row| row.get("players").is_some()).collect()
}
