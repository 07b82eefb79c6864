//! The request: what it may ask for, and what becomes of repetitions.

use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::{Value, json};

use super::{end_of, placement_of, request, session_of, stack};
use crate::harness::{LocalStack, Player, Proxy, Treatment};

const START: &str = "StartGameSessionPlacement";

/// Checks that an answer refuses with this code, and tells its words.
fn refusal(answer: &Value, code: &str) -> String {
    assert_eq!((&answer["type"], &answer["code"]), (&json!("rejection"), &json!(code)), "{answer}");
    answer["message"].as_str().unwrap().to_owned()
}

/// Sends the same frame so many times without waiting, and takes as many answers.
async fn at_once(player: &mut Player, frame: &Value, times: usize) -> Vec<Value> {
    for _ in 0..times {
        player.socket.send(frame.to_string()).await;
    }
    let mut answers = Vec::new();
    while answers.len() < times {
        answers.push(player.answer().await);
    }
    answers
}

#[tokio::test]
async fn a_request_that_is_sent_again_gets_the_same_reply_and_is_one_placement() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let (mut phone, mut desk) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "alice").await);
    let frame = request(Some("r1"));
    let (some, others) = join(at_once(&mut phone, &frame, 10), at_once(&mut desk, &frame, 10)).await;
    let ids: BTreeSet<String> = some.iter().chain(&others).map(placement_of).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let id = ids.first().unwrap();
    stack.is_at_gamelift(id, "PENDING").await;
    assert_eq!(&placement_of(&desk.ask(&frame).await), id, "also when it is long under way");
    stack.settles().await;
    assert_eq!(proxy.called(START), 1);
}

#[tokio::test]
async fn a_request_whose_rows_were_written_without_an_answer_is_replied_to() {
    let (stack, proxy) = Proxy::between(&["dynamodb", "gamelift"], &[]).await;
    stack.fleet(&json!({"delayMilliseconds": 0}));
    let mut alice = Player::connect(&stack, "alice").await;
    proxy.treat(|call| match (call.operation.as_str(), call.number) {
        ("TransactWriteItems", 1) => Treatment::Reset,
        ("TransactWriteItems", 2) => Treatment::LoseAnswer,
        _ => Treatment::Pass,
    });
    let id = placement_of(&alice.ask(&request(None)).await);
    session_of(&mut alice, &id).await;
    stack.settles().await;
    assert_eq!((proxy.called("TransactWriteItems"), proxy.called(START)), (3, 1));
    assert_eq!(stack.seat("alice").await, Value::Null, "the repetition took no seat in what was over");
}

#[tokio::test]
async fn another_request_is_refused_with_the_name_of_the_placement_that_is_open() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let mut alice = Player::connect(&stack, "alice").await;
    let first = placement_of(&alice.ask(&request(Some("r1"))).await);
    for other in [request(Some("r2")), request(None)] {
        let answer = alice.ask(&other).await;
        assert_eq!(answer["requestId"], other["requestId"], "{answer}");
        let words = refusal(&answer, "seated");
        assert_eq!(words, format!("you hold a seat in placement {first}: leave it, or wait for its end"));
    }
    // Nobody can know that a request without an id is a repetition.
    let mut bob = Player::connect(&stack, "bob").await;
    let answers = at_once(&mut bob, &request(None), 5).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer["type"] == "reply");
    let [taken] = taken.as_slice() else { panic!("{answers:?}") };
    let id = placement_of(taken);
    assert!(refused.iter().all(|answer| refusal(answer, "seated").contains(&id)), "{refused:?}");
    stack.settles().await;
    assert_eq!(proxy.called(START), 2, "one for each player");
}

#[tokio::test]
async fn the_same_request_id_after_the_end_is_a_new_placement() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut ids = BTreeSet::new();
    for fleet in [json!({"delayMilliseconds": 0}), json!({"outcome": "fail", "delayMilliseconds": 0})] {
        stack.fleet(&fleet);
        let id = placement_of(&alice.ask(&request(Some("r1"))).await);
        if fleet["outcome"] == "fail" {
            assert_eq!(end_of(&mut alice, &id).await.0, "failed");
        } else {
            session_of(&mut alice, &id).await;
        }
        ids.insert(id);
    }
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn two_players_with_the_same_request_id_have_a_placement_each() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let (alices, bobs) = (placement_of(&alice.ask(&request(Some("1"))).await), placement_of(&bob.ask(&request(Some("1"))).await));
    assert_ne!(alices, bobs);
    let (one, other) = (session_of(&mut alice, &alices).await, session_of(&mut bob, &bobs).await);
    assert_ne!(one["playerSessionId"], other["playerSessionId"]);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_by_name_and_takes_no_seat() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let crowd: Vec<Value> = (0..21).map(|n| json!({"region": format!("region-{n}"), "milliseconds": 1})).collect();
    let one = |region: &str, milliseconds: Value| json!({"latencies": [{"region": region, "milliseconds": milliseconds}]});
    for (body, words) in [
        (json!({"mode": "chess"}), "body.mode: one of arena, duel"),
        (json!({"mode": "Arena"}), "body.mode: one of arena, duel"),
        (json!({"latencies": crowd}), "body.latencies: at most 20 regions, not 21"),
        (one("eu-central-1", json!(10_001)), "body.latencies[0].milliseconds: at most 10000, not 10001"),
        (one("us east", json!(1)), "body.latencies[0].region: 1 to 64 letters, digits and hyphens"),
        (one("", json!(1)), "body.latencies[0].region: 1 to 64 letters, digits and hyphens"),
        (
            json!({"latencies": [{"region": "r", "milliseconds": 1}, {"region": "r", "milliseconds": 2}]}),
            "body.latencies[1].region: r is named twice",
        ),
        (one("eu-central-1", json!(-1)), "-1"),
        (json!({"latencies": {"eu-central-1": 1}}), "body"),
    ] {
        let answer = alice.ask(&json!({"route": "sessionPlacementRequest", "requestId": "r1", "body": body})).await;
        let said = refusal(&answer, "bad_request");
        assert!(said.contains(words), "{body}: {said}");
    }
    let most: Vec<Value> = (0..20).map(|n| json!({"region": format!("region-{n}"), "milliseconds": 10_000})).collect();
    let id = placement_of(&alice.ask(&json!({"route": "sessionPlacementRequest", "body": {"latencies": most}})).await);
    assert_eq!(stack.is_at_gamelift(&id, "PENDING").await["PlayerLatencies"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn without_a_queue_hosted_modes_are_unavailable_and_everything_else_works() {
    let stack = LocalStack::start(&["--parameter", "FleetArn="]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    for _ in 0..2 {
        assert_eq!(refusal(&alice.ask(&request(None)).await, "unavailable"), "body.mode: arena has no game servers here");
    }
    let unknown = alice.ask(&json!({"route": "sessionPlacementRequest", "body": {"mode": "chess"}})).await;
    assert_eq!(refusal(&unknown, "bad_request"), "body.mode: one of arena, duel");
    alice.send(&["alice"], "hi").await;
    assert_eq!(alice.texts(1).await, ["hi"]);
}
