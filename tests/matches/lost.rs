//! Answers that are lost, and routes that die: a play is done once, with all that follows from it, or not at all.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{met, replied, row_of, shows};
use crate::{
    crashes::{Moment, killed_in_the_middle, stack},
    harness::{Gate, Proxy, Treatment},
};

/// A match of many rounds, none of which is over by its time before a test is.
fn long() -> Value {
    json!({"mode": "rps", "options": {"wins": 9, "seconds": 60}})
}

#[tokio::test]
async fn a_play_whose_answer_was_lost_counts_once_also_when_the_round_has_gone_on() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], long()).await;
    for (round, (has_id, gone_on)) in (1..).zip([(true, false), (false, false), (true, true), (false, true)]) {
        let mut frame = alice.action("paper");
        if !has_id {
            frame.as_object_mut().unwrap().remove("requestId");
        }
        let (gate, first) = (Gate::closed(), proxy.called("PutItem") + 1);
        let held = gate.clone();
        proxy.treat(move |call| match call.operation.as_str() {
            "PutItem" if call.number == first => Treatment::LoseAnswer,
            "PutItem" if call.number == first + 1 => Treatment::HoldCall(held.clone()),
            _ => Treatment::Pass,
        });
        alice.player.socket.send(frame.to_string()).await;
        // It is written, and as its route has not heard of that, written again.
        proxy.sees("PutItem", first + 1).await;
        if gone_on {
            bob.play("rock").await;
        }
        gate.open();
        let seen = replied(&alice.player.answer().await, "play");
        if gone_on {
            shows(&seen, json!({"version": round + 1, "view": {"round": round + 1, "yourPlay": "paper", "played": null}}));
        } else {
            shows(&seen, json!({"version": round, "view": {"round": round, "played": "paper"}}));
            bob.play("rock").await;
        }
        shows(&alice.told().await, json!({"version": round + 1, "ack": frame["requestId"], "view": {"yourScore": round}}));
        shows(&bob.told().await, json!({"version": round + 1, "view": {"theirScore": round}}));
    }
    assert_eq!(row_of(&stack, alice.match_id()).await["revision"]["N"], "10", "one write for each play, and two for opening and coming in");
}

#[tokio::test]
async fn a_play_whose_route_dies_is_done_with_all_that_follows_or_can_be_sent_again() {
    let (stack, proxy) = stack().await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], long()).await;
    let begun = Instant::now();
    for (version, moment) in [(1, Moment::BeforeItsCall), (2, Moment::AfterItsCall)] {
        alice.play("paper").await;
        let before = row_of(&stack, bob.match_id()).await;
        let mut frame = bob.action("rock");
        frame["reply"] = json!(false);
        let sent = bob.player.socket.send(frame.to_string());
        killed_in_the_middle((&stack, &proxy), "play", (moment, "PutItem"), sent).await;
        let answer = bob.player.answer().await;
        assert_eq!(answer["message"], "Internal server error", "{answer}");
        let row = row_of(&stack, bob.match_id()).await;
        if let Moment::BeforeItsCall = moment {
            assert_eq!(row, before, "half of it is nothing");
            bob.player.socket.send(frame.to_string()).await;
        } else {
            assert_eq!(row["version"], json!({"N": (version + 1).to_string()}), "the round is over, without anybody's help");
            shows(&replied(&bob.player.ask(&frame).await, "play"), json!({"version": version + 1, "view": {"yourPlay": "rock"}}));
        }
        for gamer in [&mut alice, &mut bob] {
            shows(&gamer.told().await, json!({"version": version + 1, "view": {"roundSummary": "paper covers rock"}}));
        }
        assert_eq!(alice.seen, bob.seen);
    }
    assert_eq!(row_of(&stack, alice.match_id()).await["revision"]["N"], "6");
    assert!(begun.elapsed() < Duration::from_secs(55), "not by its timer: {:?}", begun.elapsed());
}
