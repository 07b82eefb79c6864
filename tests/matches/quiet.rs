//! Plays that are acknowledged by a push, and those that come again.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Gamer, met, replied, row_of, shows};
use crate::harness::LocalStack;

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(500);

/// Sends an action that is not to be answered: its frame.
async fn quietly(gamer: &mut Gamer, play: &str) -> Value {
    let mut frame = gamer.action(play);
    frame["reply"] = json!(false);
    gamer.player.socket.send(frame.to_string()).await;
    frame
}

/// How many frames have passed the gateway since the `last` time, which this is from now on.
async fn frames(stack: &LocalStack, last: &mut f64) -> f64 {
    let now = stack.used("gatewayMessages").await;
    now - std::mem::replace(last, now)
}

#[tokio::test]
async fn a_quiet_play_costs_its_frame_and_the_pushes_and_a_reply_costs_one_more() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rps"})).await;
    let mut last = stack.used("gatewayMessages").await;
    let hers = quietly(&mut alice, "paper").await;
    assert!(alice.player.hears_nothing(QUIET).await && bob.player.hears_nothing(QUIET).await);
    assert_eq!(frames(&stack, &mut last).await, 1.0, "nothing answers a secret play");
    let his = quietly(&mut bob, "rock").await;
    for (gamer, frame) in [(&mut alice, &hers), (&mut bob, &his)] {
        shows(&gamer.told().await, json!({"version": 2, "ack": frame["requestId"], "view": {"round": 2}}));
    }
    assert_eq!(frames(&stack, &mut last).await, 1.0 + 2.0, "the pushes are the answer");
    alice.play("paper").await;
    assert_eq!(frames(&stack, &mut last).await, 1.0 + 1.0, "the frame and its reply");
    bob.play("rock").await;
    assert_eq!(frames(&stack, &mut last).await, 1.0 + 1.0 + 2.0);
    // Nothing that was acknowledged before is so again.
    for gamer in [&mut alice, &mut bob] {
        assert_eq!(gamer.told().await["ack"], "play-2");
    }
    // One without an id cannot be acknowledged, and is done all the same.
    let unnamed = json!({"route": "play", "reply": false, "body": {"matchId": alice.match_id(), "action": "paper"}});
    alice.player.socket.send(unnamed.to_string()).await;
    stack.settles().await;
    let here = alice.here();
    shows(&alice.get("joinMatch", here).await, json!({"version": 3, "view": {"played": "paper"}}));
}

#[tokio::test]
async fn a_quiet_play_is_answered_if_it_is_refused_or_was_done_before() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"wins": 9}})).await;
    let refused = quietly(&mut alice, "well").await;
    shows(&alice.player.answer().await, json!({"type": "rejection", "requestId": refused["requestId"], "code": "unknown_play"}));
    let mut hers = quietly(&mut alice, "paper").await;
    stack.settles().await;
    // Whatever it says now, it is the request that was done.
    hers["body"]["action"] = json!("rock");
    let here = alice.here();
    for (version, round) in [(1, json!({"round": 1, "played": "paper"})), (2, json!({"round": 2, "yourPlay": "paper", "played": null}))] {
        let again = replied(&alice.player.ask(&hers).await, "play");
        shows(&again, json!({"version": version, "view": round, "ack": null, "events": null}));
        if version == 1 {
            let his = quietly(&mut bob, "rock").await;
            shows(&bob.told().await, json!({"version": 2, "ack": his["requestId"]}));
            alice.told().await;
            shows(&replied(&bob.player.ask(&his).await, "play"), json!({"version": 2, "view": {"round": 2, "yourPlay": "rock"}}));
        }
    }
    assert_eq!(row_of(&stack, alice.match_id()).await["revision"]["N"], "4", "neither was done twice");
    // The last four are known.
    for round in 3..6 {
        alice.play("paper").await;
        bob.play("rock").await;
        for gamer in [&mut alice, &mut bob] {
            shows(&gamer.told().await, json!({"version": round}));
        }
    }
    shows(&replied(&alice.player.ask(&hers).await, "play"), json!({"version": 5, "view": {"round": 5, "yourScore": 4}}));
    // Also when all is over.
    alice.get("leaveMatch", here).await;
    shows(&replied(&alice.player.ask(&hers).await, "play"), json!({"version": 6, "state": "over"}));
}
