//! Players who are not there when it is decided: whoever comes back finds it, with nothing remembered.

use std::time::Duration;

use muster_client::{
    Client, Event, Events,
    protocol::{Outcome, SeatKind},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{QUIET, arn_of, cancel, end_of, placement_of, request, requested, stack, state_of};
use crate::{
    harness::{LocalStack, Network, PATIENCE, Player, eventually},
    players::options,
};

/// Waits until it is decided what a player is told.
async fn is_decided(stack: &LocalStack, player: &str) -> Value {
    eventually("it is decided", || async { stack.player_sessions(player).await.pop() }).await
}

fn session_ended(placement_id: &str) -> Value {
    json!({"type": "SessionEnded", "gameSessionArn": arn_of(placement_id), "results": {"winner": "alice"}})
}

#[tokio::test]
async fn a_session_that_came_while_its_player_was_away_is_in_the_state_until_it_is_over() {
    let stack = stack(&json!({"delayMilliseconds": 400})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let id = requested(&mut alice).await;
    alice.socket.vanish();
    eventually("the stack notices", || async { stack.connections("alice").await.is_empty().then_some(()) }).await;
    is_decided(&stack, "alice").await;
    // Else she may be back in time for the push.
    stack.settles().await;

    let mut alice = Player::connect(&stack, "alice").await;
    let state = state_of(&mut alice).await;
    let placed = &stack.described(&id).await["PlacedPlayerSessions"][0];
    let session = json!({
        "placementId": id, "ip": "127.0.0.1", "dns": "localhost", "port": 9, "playerSessionId": placed["PlayerSessionId"],
        "gameSessionArn": arn_of(&id), "region": "eu-central-1"
    });
    assert_eq!(state, json!({"sessions": [session], "placements": []}));

    stack.gamelift_tells(&session_ended(&id)).await;
    let push = alice.news().await;
    let over = json!({"placementId": id, "outcome": "ended", "reason": "the game session is over", "results": {"winner": "alice"}});
    let mut pushed = over.clone();
    pushed["type"] = json!("placement");
    assert_eq!(push, pushed);
    assert_eq!(state_of(&mut alice).await, json!({"sessions": [], "placements": [over]}));
}

#[tokio::test]
async fn a_client_that_remembers_nothing_sees_what_it_waits_for_and_can_cancel_it() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let mut before = Player::connect(&stack, "alice").await;
    assert_eq!(state_of(&mut before).await, json!({"sessions": [], "placements": []}));
    let id = placement_of(&before.ask(&request(Some("the first"))).await);
    before.socket.vanish();

    let mut after = Player::connect(&stack, "alice").await;
    let seat = json!({"kind": "placement", "id": id, "requestId": "the first"});
    assert_eq!(state_of(&mut after).await, json!({"seats": [seat], "sessions": [], "placements": []}));
    stack.is_at_gamelift(&id, "PENDING").await;
    assert_eq!(cancel(&mut after, &id).await["type"], "reply");
    let (outcome, reason) = end_of(&mut after, &id).await;
    let over = json!({"placementId": id, "outcome": outcome, "reason": reason});
    assert_eq!(outcome, "cancelled");
    assert_eq!(state_of(&mut after).await, json!({"sessions": [], "placements": [over]}));
    // Nobody else sees it.
    let mut bob = Player::connect(&stack, "bob").await;
    assert_eq!(state_of(&mut bob).await, json!({"sessions": [], "placements": []}));
}

#[tokio::test]
async fn the_state_is_newest_first_and_only_on_the_page_that_begins_a_resume() {
    let stack = stack(&json!({"outcome": "fail", "delayMilliseconds": 0})).await;
    let mut alice = Player::connect(&stack, "alice").await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let id = requested(&mut alice).await;
        end_of(&mut alice, &id).await;
        ids.insert(0, id);
        alice.send(&["alice"], text).await;
    }
    let state = state_of(&mut alice).await;
    let shown: Vec<&str> = state["placements"].as_array().unwrap().iter().map(|push| push["placementId"].as_str().unwrap()).collect();
    assert_eq!(shown, ids);
    let after = "0192f0c1-0000-7abc-8def-0123456789ab";
    let page = alice.ask(&json!({"route": "resume", "body": {"after": after, "limit": 1}})).await["body"].take();
    assert_eq!(page["state"], state);
    let next = alice.ask(&json!({"route": "resume", "body": {"next": page["next"], "limit": 1}})).await["body"].take();
    assert_eq!((next["messages"].as_array().unwrap().len(), &next["state"]), (1, &Value::Null));
}

/// The next event that is about placements, or the end of a resume with what the player waits for.
async fn news(events: &mut Events) -> Event {
    loop {
        let event = timeout(PATIENCE, events.next()).await.expect("an event in time").expect("a client that has not given up");
        match event {
            Event::Disconnected { .. } | Event::ConnectFailed { .. } | Event::Connected { .. } => {}
            event => return event,
        }
    }
}

/// Whether no event comes but the end of resumes.
async fn hear_nothing(events: &mut Events) -> bool {
    loop {
        match timeout(QUIET, events.next()).await {
            Err(_) => return true,
            Ok(Some(Event::Resumed { .. })) => {}
            Ok(_) => return false,
        }
    }
}

#[tokio::test]
async fn a_client_whose_network_is_cut_while_it_waits_is_told_exactly_once() {
    let stack = stack(&json!({"outcome": "never"})).await;
    let network = Network::to(&stack.addresses.url).await;
    let options = options(&network.url(&stack.addresses.url), stack.token("alice").await);
    let (alice, mut events) = Client::connect(options).await.unwrap();
    assert!(matches!(news(&mut events).await, Event::Resumed { seats, .. } if seats.is_empty()));
    let id = alice.request_placement(&Default::default()).await.unwrap().placement_id;
    stack.is_at_gamelift(&id, "PENDING").await;
    // It is back before anything has happened, and still waits.
    network.cut();
    network.mend();
    match news(&mut events).await {
        Event::Resumed { seats, .. } => {
            assert_eq!(seats.iter().map(|seat| (seat.kind, &seat.id)).collect::<Vec<_>>(), [(SeatKind::Placement, &id)]);
        }
        other => panic!("{other:?}"),
    }

    network.cut();
    eventually("the stack notices", || async { stack.connections("alice").await.is_empty().then_some(()) }).await;
    stack.gamelift_tells(&super::fulfilled(&id, &["alice"])).await;
    is_decided(&stack, "alice").await;
    network.mend();
    match news(&mut events).await {
        Event::Session(session) => assert_eq!((&session.placement_id, session.player_session_id.as_str()), (&id, "psess-alice")),
        other => panic!("{other:?}"),
    }
    // What is in the state again after the next connect is no news.
    network.cut();
    network.mend();
    tokio::time::sleep(Duration::from_millis(100)).await;
    alice.ping().await.ok();
    assert!(matches!(news(&mut events).await, Event::Resumed { seats, .. } if seats.is_empty()));
    stack.gamelift_tells(&session_ended(&id)).await;
    loop {
        match news(&mut events).await {
            Event::Resumed { .. } => {}
            Event::Placement(push) => {
                assert_eq!((&push.placement_id, push.outcome), (&id, Outcome::Ended));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(hear_nothing(&mut events).await);
}
