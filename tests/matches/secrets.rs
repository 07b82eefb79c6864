//! In a round that is open, nobody learns that the other has played: neither by what is shown, nor by what it does to one's own play.

use serde_json::{Value, json};

use super::{Gamer, matched, row_of, shows};
use crate::harness::{Gate, LocalStack, Proxy, Treatment};

/// All that a player can be shown of its match, but for the time at which it is.
async fn shown(gamer: &mut Gamer) -> [Value; 2] {
    let here = gamer.here();
    let mut views = [gamer.get("joinMatch", here).await, gamer.state().await["matches"][0].take()];
    for view in &mut views {
        assert!(view["now"].take().is_u64(), "{view}");
    }
    assert_eq!(views[0], views[1]);
    views
}

#[tokio::test]
async fn a_secret_play_changes_nothing_that_the_other_is_shown_and_makes_nothing_stale() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let before = [shown(&mut alice).await, shown(&mut bob).await];
    alice.play("lizard").await;
    assert_eq!(shown(&mut bob).await, before[1], "version, view, awaits, dueAt and all else");
    let hers = shown(&mut alice).await;
    shows(&hers[0], json!({"version": 1, "awaits": [1], "dueAt": before[0][0]["dueAt"], "view": {"played": "lizard"}}));
    assert_eq!(row_of(&stack, alice.match_id()).await["revision"], json!({"N": "2"}), "it was written");
    shows(&bob.play("spock").await, json!({"version": 2, "view": {"theirPlay": "lizard", "winner": "them"}}));
    shows(&alice.told().await, json!({"version": 2, "view": {"theirPlay": "spock", "winner": "you"}}));
}

#[tokio::test]
async fn a_secret_play_that_is_written_first_does_not_show_in_the_answer_to_the_other() {
    let (stack, proxy) = Proxy::between(&["dynamodb"], &[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    let gate = Gate::closed();
    let (held, first) = (gate.clone(), proxy.called("PutItem") + 1);
    let holds = move |number| if number == first { Treatment::HoldCall(held.clone()) } else { Treatment::Pass };
    proxy.treat(move |call| if call.operation == "PutItem" { holds(call.number) } else { Treatment::Pass });
    // He plays in an empty round, as far as his route has seen.
    let frame = bob.action("rock");
    bob.player.socket.send(frame.to_string()).await;
    proxy.sees("PutItem", first).await;
    alice.play("paper").await;
    gate.open();
    let answer = bob.player.answer().await;
    shows(&answer, json!({"type": "reply", "body": {"version": 2, "view": {"round": 2, "yourPlay": "rock", "theirPlay": "paper"}}}));
    for (gamer, ack) in [(&mut alice, "play-1"), (&mut bob, "play-1")] {
        shows(&gamer.told().await, json!({"version": 2, "ack": ack}));
    }
    assert_eq!(row_of(&stack, alice.match_id()).await["revision"], json!({"N": "3"}), "one write each, and one that was refused");
}

#[tokio::test]
async fn what_was_played_stays_a_secret_when_the_match_ends_before_the_round() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = matched(&stack, ["alice", "bob"]).await;
    alice.play("lizard").await;
    let here = alice.here();
    alice.get("leaveMatch", here.clone()).await;
    let told = bob.told().await;
    shows(&told, json!({"state": "over", "outcome": {"ending": "forfeited", "places": [2, 1]}}));
    let seen = [told, bob.get("joinMatch", here.clone()).await, bob.get("leaveMatch", here).await, bob.state().await];
    assert!(!json!(seen).as_array().unwrap().iter().any(|seen| strip(seen).contains("lizard")), "{seen:?}");
}

/// A frame as text, without what can be played at all.
fn strip(frame: &Value) -> String {
    let mut frame = frame.clone();
    if let Some(plays) = frame["view"].get_mut("plays") {
        plays.take();
    }
    frame.to_string()
}
