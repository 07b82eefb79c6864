//! What operators invoke dies in the middle: what was asked for is asked for again.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::{Moment, killed_in_the_middle};
use crate::harness::{LocalStack, Player, Proxy};

/// The functions that are killed here.
pub const FUNCTIONS: [&str; 2] = ["operate", "replay-dead-letters"];

/// Longer than letters are hidden that a step has taken out.
const HIDDEN: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_replay_that_dies_before_it_deletes_a_letter_replays_it_again_and_its_player_gets_it_once() {
    let (stack, proxy) = Proxy::between(&["sqs"], &[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    alice.send(&["bob"], "hello").await;
    assert_eq!(bob.texts(1).await, ["hello"]);
    let (_, letter) = stack.record("messages", "messages-deliver", |row| row["message"]["S"] == "hello").await;
    stack.put_letter("streams", &letter).await;
    // Whoever waits for the answer goes on with the run that it has begun.
    let step = json!({"queue": "streams", "who": "a test", "run": {"id": "the-run", "startedAt": 1}});
    let asked = async { drop(tokio::time::timeout(Duration::from_secs(5), stack.invoke("replay-dead-letters", &step)).await) };
    killed_in_the_middle((&stack, &proxy), "replay-dead-letters", (Moment::BeforeItsCall, "DeleteMessage"), asked).await;
    let begun = Instant::now();
    loop {
        let answer = stack.task("replay-dead-letters", &step).await;
        if answer["letters"][0]["verdict"] == "replayed" {
            assert_eq!(answer["left"], 0, "{answer}");
            break;
        }
        assert!(begun.elapsed() < HIDDEN, "the letter comes back: {answer}");
        sleep(Duration::from_secs(1)).await;
    }
    alice.send(&["bob"], "last").await;
    assert_eq!(bob.texts(1).await, ["last"], "the others were the same message");
    assert!(bob.repeated > 0);
}

#[tokio::test]
async fn an_order_that_dies_is_given_again() {
    let (stack, proxy): (LocalStack, Proxy) = super::stack().await;
    let mut alice = Player::connect(&stack, "alice").await;
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let order = json!({"ask": "freeSeat", "playerId": "alice", "who": "a test"});
    let asked = async { drop(tokio::time::timeout(Duration::from_secs(5), stack.invoke("operate", &order)).await) };
    killed_in_the_middle((&stack, &proxy), "operate", (Moment::BeforeItsCall, "DeleteItem"), asked).await;
    let freed = stack.operate(order).await;
    assert!(freed["freed"].as_array().unwrap().iter().all(|seat| seat["holds"] == opened["body"]["matchId"]), "{freed}");
    assert_eq!(stack.operate(json!({"ask": "player", "playerId": "alice"})).await["seats"], json!([]));
    assert_eq!(alice.ask(&json!({"route": "newMatch", "requestId": "2", "body": {"mode": "rps"}})).await["type"], "reply");
}
