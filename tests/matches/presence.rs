//! Players who are away in the middle of a match: the others are told, and told again when something is heard of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Gamer, met, shows};
use crate::harness::{LocalStack, eventually};

/// How long nothing must come for it to count as never.
const QUIET: Duration = Duration::from_millis(500);

#[tokio::test]
async fn whoever_has_closed_its_last_socket_is_away_until_it_is_heard_of() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    let here = alice.here();
    let due_at = alice.get("joinMatch", here.clone()).await["dueAt"].take();
    let second = Gamer::connect(&stack, "bob").await;
    second.player.socket.vanish();
    eventually("one connection is left", || async { (stack.connections("bob").await.len() == 1).then_some(()) }).await;
    stack.settles().await;
    assert!(alice.player.hears_nothing(QUIET).await, "he is there on his other device");
    for (version, sign) in [(2, "joinMatch"), (4, "resume"), (6, "play")] {
        let absent = bob.vanish(&stack).await;
        let away = json!([{"playerId": "alice"}, {"playerId": "bob", "away": true}]);
        let told = alice.told().await;
        shows(&told, json!({"version": version, "state": "playing", "players": away, "dueAt": due_at, "events": null}));
        bob = absent.connect(&stack).await;
        let back = json!([{"playerId": "alice"}, {"playerId": "bob"}]);
        match sign {
            "joinMatch" => shows(&bob.get(sign, here.clone()).await, json!({"players": back})),
            "resume" => assert_eq!(bob.state().await["matches"][0]["players"], back),
            _ => {
                let mut frame = bob.action("rock");
                frame["body"]["version"] = Value::Null;
                shows(&bob.player.ask(&frame).await["body"], json!({"players": back, "view": {"played": "rock"}}));
            }
        }
        for gamer in [&mut alice, &mut bob] {
            let told = gamer.told().await;
            shows(&told, json!({"version": version + 1, "players": back, "awaits": gamer_awaits(sign, &told), "dueAt": due_at}));
        }
    }
    shows(&alice.play("paper").await, json!({"version": 8, "view": {"round": 2, "yourScore": 1}}));
}

/// Who is awaited, as far as the one who is told may know: not that the other has played.
fn gamer_awaits(sign: &str, told: &Value) -> Value {
    if sign == "play" && told["seat"] == 1 { json!([0]) } else { json!([0, 1]) }
}

#[tokio::test]
async fn that_somebody_is_away_tells_nobody_that_it_has_played() {
    let stack = LocalStack::start(&[]).await;
    let [mut alice, mut bob] = met(&stack, ["alice", "bob"], json!({"mode": "rps", "options": {"seconds": 120}})).await;
    bob.play("rock").await;
    let absent = bob.vanish(&stack).await;
    shows(&alice.told().await, json!({"version": 2, "awaits": [0, 1], "view": {"round": 1, "played": null}}));
    bob = absent.connect(&stack).await;
    shows(&bob.state().await["matches"][0], json!({"version": 3, "awaits": [0], "view": {"played": "rock"}}));
    shows(&alice.told().await, json!({"version": 3, "awaits": [0, 1]}));
    shows(&alice.play("paper").await, json!({"version": 4, "view": {"theirPlay": "rock"}}));
}
