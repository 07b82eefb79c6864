//! Game servers and ends of placements: by pushes, and by the state with which a resume begins.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Accepted, Server, event, soon};
use crate::{
    Event, Events, Options,
    protocol::{Outcome, Seat, SeatKind, cursor::first_id_of},
};

/// The time of the tests, in epoch milliseconds.
const NOW: u64 = 1_700_000_000_000;

fn resuming(server: &Server) -> Options {
    Options { resume: true, ..server.options("t") }
}

/// Where the game server of a placement is.
fn session(placement: &str) -> Value {
    json!({
        "type": "session", "placementId": placement, "ip": "127.0.0.1", "port": 40_123,
        "playerSessionId": "psess-1", "gameSessionArn": "arn",
    })
}

/// The end of a placement.
fn end(placement: &str) -> Value {
    json!({"type": "placement", "placementId": placement, "outcome": "ended", "results": {"won": true}})
}

fn seat(placement: &str) -> Value {
    json!({"kind": "placement", "id": placement, "requestId": "r1"})
}

/// The only page of a resume, with this state.
fn page(seat: &Value, sessions: &[Value], placements: &[Value]) -> Value {
    let seats: Vec<&Value> = Some(seat).filter(|seat| !seat.is_null()).into_iter().collect();
    let state = json!({"seats": seats, "sessions": sessions, "placements": placements});
    json!({"messages": [], "after": first_id_of(NOW), "complete": true, "state": state})
}

/// Receives a resume.
async fn asked(accepted: &mut Accepted) -> Value {
    let request = accepted.receive().await;
    assert_eq!(request["route"], "resume", "{request}");
    request
}

/// The next event but those of connections, as a word: `+` and the placement of a session, `-` and that of an end.
async fn told(events: &mut Events) -> Result<String, Event> {
    loop {
        match event(events).await {
            Event::Session(push) => return Ok(format!("+{}", push.placement_id)),
            Event::Placement(push) => return Ok(format!("-{}", push.placement_id)),
            Event::Connected { .. } | Event::Disconnected { .. } | Event::RolledOver => {}
            other => return Err(other),
        }
    }
}

#[tokio::test]
async fn pushes_are_handed_out_once_and_none_after_the_end() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(server.options("t")).await;
    for frame in [session("a"), session("a"), end("b"), session("b"), end("a"), session("a"), end("a")] {
        accepted.send(frame).await;
    }
    accepted.send("the end").await;
    let Event::Session(push) = event(&mut events).await else { panic!("another event") };
    assert_eq!((push.ip.as_str(), push.port, push.player_session_id.as_str()), ("127.0.0.1", 40_123, "psess-1"));
    assert_eq!(told(&mut events).await.unwrap(), "-b");
    let Event::Placement(push) = event(&mut events).await else { panic!("another event") };
    assert_eq!((push.placement_id.as_str(), push.outcome, push.results), ("a", Outcome::Ended, Some(json!({"won": true}))));
    assert!(matches!(event(&mut events).await, Event::Unknown(_)));
}

#[tokio::test]
async fn a_game_server_does_not_wait_for_the_inbox() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted).await;
    accepted
        .send(json!({"type": "message", "messageId": first_id_of(NOW + 1), "senderId": "bob", "message": "hi", "sentAt": NOW + 1}))
        .await;
    accepted.send(session("a")).await;
    assert_eq!(told(&mut events).await.unwrap(), "+a");
    // This was read before the push was made.
    accepted.reply(&request, page(&seat("a"), &[], &[])).await;
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats.is_empty()), "it waits no longer");
    assert!(matches!(event(&mut events).await, Event::Message(_)));
}

#[tokio::test]
async fn whoever_was_away_is_told_what_it_missed_once() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("d"), &[session("b"), session("a")], &[end("x")])).await;
    for expected in ["-x", "+a", "+b"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    let Event::Resumed { seats, .. } = event(&mut events).await else { panic!("another event") };
    assert_eq!(seats, [Seat { kind: SeatKind::Placement, id: "d".into(), request_id: Some("r1".into()) }]);
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted).await;
    // This push was under way when the connection was lost, and is older than what is known by now.
    accepted.send(session("b")).await;
    accepted.reply(&request, page(&Value::Null, &[session("c")], &[end("b"), end("a"), end("x")])).await;
    accepted.send(session("c")).await;
    accepted.send(end("d")).await;
    for expected in ["-a", "-b", "+c"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { seats, .. }) if seats.is_empty()));
    assert_eq!(told(&mut events).await.unwrap(), "-d");
}

#[tokio::test]
async fn both_connections_of_a_roll_over_tell_a_game_server_once() {
    let server = Server::start().await;
    let options = Options { roll_over: Some(Duration::from_millis(200)), ..resuming(&server) };
    let (_client, mut events, mut old) = server.pair(options).await;
    let request = asked(&mut old).await;
    old.reply(&request, page(&Value::Null, &[], &[])).await;
    let mut new = server.accept().await;
    let request = asked(&mut new).await;
    for accepted in [&mut old, &mut new] {
        accepted.send(session("a")).await;
    }
    new.reply(&request, page(&Value::Null, &[session("a")], &[])).await;
    old.expect_close().await;
    new.send(end("a")).await;
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { .. })));
    assert_eq!(told(&mut events).await.unwrap(), "+a");
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { .. })));
    assert_eq!(told(&mut events).await.unwrap(), "-a");
}

#[tokio::test]
async fn what_found_no_room_comes_with_the_next_resume_as_far_as_there_is_room() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(Options { event_capacity: 2, ..resuming(&server) }).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&Value::Null, &[], &[])).await;
    for placement in ["a", "b", "c"] {
        accepted.send(session(placement)).await;
    }
    // Everything was received before the ping is answered.
    soon(async {
        tokio::join!(async { drop(client.ping().await) }, async {
            let ping = accepted.receive().await;
            accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
        })
    })
    .await;
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }));
    assert_eq!(told(&mut events).await.unwrap(), "+a");
    assert!(matches!(event(&mut events).await, Event::Missed(2)));
    let state = page(&Value::Null, &[session("d"), session("c"), session("b"), session("a")], &[]);
    let request = asked(&mut accepted).await;
    accepted.reply(&request, state.clone()).await;
    for expected in ["+b", "+c"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    let request = asked(&mut accepted).await;
    assert_eq!(request["body"].get("next"), None, "the state is on the first page");
    accepted.reply(&request, state).await;
    assert_eq!(told(&mut events).await.unwrap(), "+d");
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }));
}
