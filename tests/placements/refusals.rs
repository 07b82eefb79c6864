//! A GameLift that throttles, fails or refuses.

use std::time::Duration;

use serde_json::json;

use super::{QUIET, end_of, is_free, placement_of, request, requested, row_of, session_of, stack};
use crate::harness::{ANOTHER_QUEUE, Call, Gate, LocalStack, Player, Proxy, Treatment};

const START: &str = "StartGameSessionPlacement";
const REFUSED: (&str, &str) = ("failed", "the request was refused");

/// Checks that a placement is fulfilled while starts are treated as `rule` says, and that GameLift has been asked for one.
async fn fulfilled_in_spite_of(rule: impl Fn(&Call) -> Treatment + Send + Sync + 'static) -> (LocalStack, Proxy) {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"delayMilliseconds": 0}));
    let mut alice = Player::connect(&stack, "alice").await;
    proxy.treat(move |call| if call.operation == START { rule(call) } else { Treatment::Pass });
    let id = requested(&mut alice).await;
    session_of(&mut alice, &id).await;
    stack.settles().await;
    assert!(alice.hears_nothing(QUIET).await);
    let next = requested(&mut alice).await;
    assert_ne!(next, id);
    (stack, proxy)
}

#[tokio::test]
async fn a_start_that_is_throttled_is_made_later() {
    // More often than the SDK tries, so that the stream has to repeat it.
    let rule = |call: &Call| match call.number {
        1..=3 => Treatment::Refuse(400, "ThrottlingException"),
        4 | 5 => Treatment::Refuse(400, "TooManyRequestsException"),
        _ => Treatment::Pass,
    };
    let (_stack, proxy) = fulfilled_in_spite_of(rule).await;
    assert_eq!(proxy.answered(START, 400), 5);
}

#[tokio::test]
async fn a_start_that_fails_at_gamelift_or_does_not_reach_it_is_made_again() {
    let rule = |call: &Call| match call.number {
        1..=3 => Treatment::Reset,
        4 | 5 => Treatment::Refuse(500, "InternalServiceException"),
        _ => Treatment::Pass,
    };
    let (_stack, proxy) = fulfilled_in_spite_of(rule).await;
    assert_eq!((proxy.answered(START, 0), proxy.answered(START, 500)), (3, 2));
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_one_placement() {
    let rule = |call: &Call| if call.number == 1 { Treatment::LoseAnswer } else { Treatment::Pass };
    let (_stack, proxy) = fulfilled_in_spite_of(rule).await;
    // Asked a second time, GameLift refuses, and says when asked that it is ours.
    assert_eq!((proxy.answered(START, 0), proxy.answered(START, 400)), (1, 1));
    assert_eq!(proxy.answered("DescribeGameSessionPlacement", 200), 1);
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_and_whose_event_too_is_told_from_what_gamelift_describes() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    // Every second start repeats the one before, and comes when that has ended.
    proxy.treat(|call| match (call.operation.as_str(), call.number % 2) {
        (START, 1) => Treatment::LoseAnswer,
        (START, _) => Treatment::Delay(Duration::from_millis(300)),
        _ => Treatment::Pass,
    });
    for (fleet, outcome) in [("fulfil", "fulfilled"), ("fail", "failed"), ("timeOut", "timedOut")] {
        stack.fleet(&json!({"outcome": fleet, "delayMilliseconds": 0, "events": "drop"}));
        let id = requested(&mut alice).await;
        if outcome == "fulfilled" {
            session_of(&mut alice, &id).await;
        } else {
            assert_eq!(end_of(&mut alice, &id).await.0, outcome);
        }
    }
    assert_eq!(stack.invocations("placement-events").await, 0);
}

#[tokio::test]
async fn what_gamelift_refuses_for_good_fails_at_once_without_its_words() {
    let stack = LocalStack::start(&["--parameter", "GameSessionQueue=no-such-queue"]).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    let (outcome, reason) = end_of(&mut alice, &id).await;
    assert_eq!((outcome.as_str(), reason.as_str()), REFUSED);
    // For those who operate it, the log has them.
    assert!(stack.output().contains("NotFoundException: There is no game session queue no-such-queue."));
    let next = requested(&mut alice).await;
    assert_ne!(next, id);
    end_of(&mut alice, &next).await;
}

#[tokio::test]
async fn a_request_that_gamelift_finds_wrong_fails_at_once() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    for kind in ["InvalidRequestException", "UnauthorizedException", "UnsupportedRegionException"] {
        proxy.treat(move |call| if call.operation == START { Treatment::Refuse(400, kind) } else { Treatment::Pass });
        let id = requested(&mut alice).await;
        let (outcome, reason) = end_of(&mut alice, &id).await;
        assert_eq!((outcome.as_str(), reason.as_str()), REFUSED, "{kind}");
    }
    assert_eq!(proxy.called(START), 3, "what is refused for good is not asked for again");
    proxy.treat(|_| Treatment::Pass);
    let id = requested(&mut bob).await;
    session_of(&mut bob, &id).await;
}

#[tokio::test]
async fn placements_that_wait_behind_one_that_is_throttled_all_come() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"delayMilliseconds": 0}));
    let mut players = Vec::new();
    for name in ["alice", "bob", "carol"] {
        players.push(Player::connect(&stack, name).await);
    }
    // Names are text also in CBOR.
    proxy.treat(|call| match call.operation.as_str() {
        START if call.body.contains("alice") && call.number < 6 => Treatment::Refuse(400, "ThrottlingException"),
        _ => Treatment::Pass,
    });
    let mut ids = Vec::new();
    for player in &mut players {
        ids.push(requested(player).await);
        proxy.sees(START, 1).await;
    }
    for (player, id) in players.iter_mut().zip(&ids) {
        session_of(player, id).await;
    }
    stack.settles().await;
    assert_eq!(proxy.answered(START, 200), 3, "none was started twice");
}

#[tokio::test]
async fn a_stop_that_fails_is_made_again() {
    let (stack, proxy) = Proxy::between(&["gamelift"], &[]).await;
    stack.fleet(&json!({"outcome": "never"}));
    let mut alice = Player::connect(&stack, "alice").await;
    proxy.treat(|call| match (call.operation.as_str(), call.number) {
        ("StopGameSessionPlacement", 1..=4) => Treatment::Refuse(500, "InternalServiceException"),
        // It is stopped, and whoever asked has to find that out.
        ("StopGameSessionPlacement", 5) => Treatment::LoseAnswer,
        _ => Treatment::Pass,
    });
    let id = requested(&mut alice).await;
    stack.is_at_gamelift(&id, "PENDING").await;
    super::cancel(&mut alice, &id).await;
    assert_eq!(end_of(&mut alice, &id).await.0, "cancelled");
    stack.settles().await;
    assert!(alice.hears_nothing(QUIET).await);
    is_free(&stack, &mut alice, &id).await;
}

#[tokio::test]
async fn a_placement_whose_id_somebody_else_has_taken_is_refused_and_theirs_is_left_alone() {
    let stack = stack(&json!({})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let theirs = |id: &str, data: &str| {
        json!({
            "PlacementId": id, "GameSessionQueueName": ANOTHER_QUEUE, "MaximumPlayerSessionCount": 2, "GameSessionData": data,
            "DesiredPlayerSessions": [{"PlayerId": "alice"}]
        })
    };
    for (id, data) in [("taken-1", "another game"), ("taken-2", r#"{"mode":"duel","players":["alice"],"placementId":"taken-2"}"#)] {
        stack.start_placement(&theirs(id, data)).await;
        stack.is_at_gamelift(id, "FULFILLED").await;
        stack.put("muster-dev-placements", &row_of(id, &["alice"])).await;
        let (outcome, reason) = end_of(&mut alice, id).await;
        assert_eq!((outcome.as_str(), reason.as_str()), REFUSED);
        assert_eq!(stack.described(id).await["Status"], "FULFILLED");
    }
    stack.settles().await;
    assert!(alice.hears_nothing(QUIET).await);
}

#[tokio::test]
async fn a_row_of_a_mode_that_is_no_more_fails_and_does_not_block_the_others() {
    let stack = stack(&json!({"delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut old = row_of("old", &["alice"]);
    old["mode"] = json!({"S": "chess"});
    stack.put("muster-dev-placements", &old).await;
    assert_eq!(end_of(&mut alice, "old").await, ("failed".to_owned(), "there is no such mode".to_owned()));
    let id = placement_of(&alice.ask(&request(None)).await);
    session_of(&mut alice, &id).await;
}

#[tokio::test]
async fn no_placement_is_started_before_its_timer_is_set() {
    let (stack, proxy) = Proxy::between(&["gamelift", "sqs"], &[]).await;
    stack.fleet(&json!({"delayMilliseconds": 0}));
    let mut alice = Player::connect(&stack, "alice").await;
    let gate = Gate::closed();
    let held = gate.clone();
    // More failures than the SDK's three attempts.
    proxy.treat(move |call| match (call.operation.as_str(), call.number) {
        ("SendMessage", 1..=4) => Treatment::Refuse(500, "InternalFailure"),
        ("SendMessage", 5) => Treatment::HoldCall(held.clone()),
        _ => Treatment::Pass,
    });
    let id = requested(&mut alice).await;
    proxy.sees("SendMessage", 5).await;
    assert_eq!(proxy.called(START), 0);
    gate.open();
    session_of(&mut alice, &id).await;
    assert_eq!(proxy.called(START), 1);
}
