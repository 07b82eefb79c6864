//! Matches and tickets: by pushes, by the state with which a resume begins, and by requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Accepted, Server, event, soon};
use crate::{
    Event, Events, Options, RequestError,
    protocol::{Code, MatchState, PoolOutcome, Seat, SeatKind, cursor::first_id_of, routes::JoinPool},
};

/// The time of the tests, in epoch milliseconds.
pub(super) const NOW: u64 = 1_700_000_000_000;

pub(super) fn resuming(server: &Server) -> Options {
    Options { resume: true, ..server.options("t") }
}

/// A version of a match that is played.
pub(super) fn view(id: &str, version: u64) -> Value {
    json!({
        "type": "match", "matchId": id, "mode": "chess", "version": version, "state": "playing", "seat": 0, "awaits": [0],
        "players": [{"playerId": "alice"}, {"playerId": "bob"}], "now": NOW, "dueAt": NOW + 1_000, "view": {"moves": version},
    })
}

/// The version in which it ends.
pub(super) fn over(id: &str, version: u64) -> Value {
    let mut view = view(id, version);
    (view["state"], view["outcome"]) = (json!("over"), json!({"ending": "forfeited", "places": [1, 2], "words": "a player has left"}));
    view
}

fn pool(ticket: &str) -> Value {
    json!({"type": "pool", "ticketId": ticket, "outcome": "timedOut"})
}

/// The only page of a resume, with this seat, and the match that it is in, if there are.
pub(super) fn page(seat: &Value, in_match: &Value) -> Value {
    let [seats, matches] = [seat, in_match].map(|one| Some(one).filter(|one| !one.is_null()).into_iter().collect::<Vec<_>>());
    let state = json!({"seats": seats, "matches": matches, "sessions": [], "placements": []});
    json!({"messages": [], "after": first_id_of(NOW), "complete": true, "state": state})
}

pub(super) fn seat(kind: &str, id: &str) -> Value {
    json!({"kind": kind, "id": id})
}

/// Receives a resume.
pub(super) async fn asked(accepted: &mut Accepted) -> Value {
    let request = accepted.receive().await;
    assert_eq!(request["route"], "resume", "{request}");
    request
}

/// The next event but those of connections, as a word: the match and its version, or the ticket.
pub(super) async fn told(events: &mut Events) -> Result<String, Event> {
    loop {
        match event(events).await {
            Event::Match(push) => return Ok(format!("{}{}", push.match_id, push.version)),
            Event::Pool(push) => return Ok(push.ticket_id),
            Event::Connected { .. } | Event::Disconnected { .. } | Event::RolledOver => {}
            other => return Err(other),
        }
    }
}

#[tokio::test]
async fn views_are_handed_out_in_the_order_of_their_versions_each_once() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(server.options("t")).await;
    for frame in [pool("t"), view("a", 2), view("a", 1), pool("t"), view("a", 2), over("a", 4), view("a", 3), over("a", 4)] {
        accepted.send(frame).await;
    }
    accepted.send("the end").await;
    let Event::Pool(push) = event(&mut events).await else { panic!("another event") };
    assert_eq!((push.ticket_id.as_str(), push.outcome), ("t", PoolOutcome::TimedOut));
    assert_eq!(told(&mut events).await.unwrap(), "a2");
    let Event::Match(push) = event(&mut events).await else { panic!("another event") };
    assert_eq!((push.version, push.state, push.view), (4, MatchState::Over, Some(json!({"moves": 4}))));
    assert!(matches!(event(&mut events).await, Event::Unknown(_)));
}

#[tokio::test]
async fn a_match_does_not_wait_for_the_inbox_and_ends_the_wait() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted).await;
    accepted.send(view("a", 1)).await;
    assert_eq!(told(&mut events).await.unwrap(), "a1");
    // This was read before the match was made.
    accepted.reply(&request, page(&seat("ticket", "t"), &Value::Null)).await;
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats.is_empty()));
}

#[tokio::test]
async fn whoever_comes_back_is_told_the_current_view_exactly_if_it_is_new() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    for (state, expected) in [(view("a", 1), Some("a1")), (view("a", 1), None), (view("a", 3), Some("a3")), (view("a", 2), None)] {
        let request = asked(&mut accepted).await;
        accepted.reply(&request, page(&seat("match", "a"), &state)).await;
        if let Some(expected) = expected {
            assert_eq!(told(&mut events).await.unwrap(), expected);
        }
        let Err(Event::Resumed { seats, .. }) = told(&mut events).await else { panic!("another event") };
        assert_eq!(seats, [Seat { kind: SeatKind::Match, id: "a".into(), request_id: None }]);
        drop(accepted);
        accepted = server.accept().await;
    }
    let request = asked(&mut accepted).await;
    accepted.send(over("a", 4)).await;
    accepted.reply(&request, page(&seat("match", "a"), &view("a", 3))).await;
    assert_eq!(told(&mut events).await.unwrap(), "a4");
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { seats, .. }) if seats.is_empty()), "it is over");
}

#[tokio::test]
async fn whoever_waits_in_a_pool_is_told_by_the_seat() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("ticket", "t"), &Value::Null)).await;
    let Event::Resumed { seats, .. } = event(&mut events).await else { panic!("another event") };
    assert_eq!(seats, [Seat { kind: SeatKind::Ticket, id: "t".into(), request_id: None }]);
}

#[tokio::test]
async fn both_connections_of_a_roll_over_tell_a_view_once() {
    let server = Server::start().await;
    let options = Options { roll_over: Some(Duration::from_millis(200)), ..resuming(&server) };
    let (_client, mut events, mut old) = server.pair(options).await;
    let request = asked(&mut old).await;
    old.reply(&request, page(&Value::Null, &Value::Null)).await;
    let mut new = server.accept().await;
    let request = asked(&mut new).await;
    for accepted in [&mut old, &mut new] {
        accepted.send(view("a", 1)).await;
    }
    new.reply(&request, page(&seat("match", "a"), &view("a", 1))).await;
    old.expect_close().await;
    new.send(view("a", 2)).await;
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { .. })));
    assert_eq!(told(&mut events).await.unwrap(), "a1");
    assert!(matches!(told(&mut events).await, Err(Event::Resumed { seats, .. }) if seats.len() == 1));
    assert_eq!(told(&mut events).await.unwrap(), "a2");
}

#[tokio::test]
async fn requests_of_pools_and_matches_speak_the_protocol() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let join = JoinPool { mode: "rpsls".into(), skill: Some(7), latencies: Vec::new() };
    let in_match = json!({"matchId": "K7QX2M"});
    let expected = [
        ("joinPool", json!({"mode": "rpsls", "skill": 7}), json!({"ticketId": "t1"})),
        ("leavePool", json!({}), json!({"ticketId": "t1"})),
        ("newMatch", json!({"mode": "rps"}), view("K7QX2M", 1)),
        ("newMatch", json!({"mode": "rps", "options": {"wins": 1}, "bots": 1}), view("B", 1)),
        ("joinMatch", in_match.clone(), view("K7QX2M", 2)),
        ("startMatch", in_match.clone(), view("K7QX2M", 2)),
        ("leaveMatch", in_match, over("K7QX2M", 3)),
        ("newMatch", json!({"after": "K7QX2M"}), view("C", 1)),
    ];
    soon(async {
        tokio::join!(
            async {
                assert_eq!(client.join_pool(&join).await.unwrap().ticket_id, "t1");
                assert_eq!(client.leave_pool().await.unwrap().ticket_id, "t1");
                assert_eq!(client.new_match("rps", None, 0).await.unwrap().version, 1);
                assert_eq!(client.new_match("rps", Some(&json!({"wins": 1})), 1).await.unwrap().match_id, "B");
                assert_eq!(client.join_match("K7QX2M").await.unwrap().version, 2);
                assert_eq!(client.start_match("K7QX2M").await.unwrap().version, 2);
                assert_eq!(client.leave_match("K7QX2M").await.unwrap().state, MatchState::Over);
                assert_eq!(client.next_match("K7QX2M").await.unwrap().match_id, "C");
                let Err(RequestError::Rejected(rejection)) = client.leave_match("K7QX2M").await else { panic!("another answer") };
                assert_eq!(rejection.code, Code::MatchOver);
            },
            async {
                for (route, body, reply) in expected {
                    let request = accepted.receive().await;
                    assert_eq!((&request["route"], &request["body"]), (&json!(route), &body));
                    accepted.reply(&request, reply).await;
                }
                let request = accepted.receive().await;
                accepted.reject(&request, "match_over", "the match is over").await;
            }
        )
    })
    .await;
    // What was answered is an event, once for each version, and comes again only for what has happened in it.
    let mut push = view("C", 1);
    accepted.send(&push).await;
    push["events"] = json!(["e4"]);
    accepted.send(&push).await;
    accepted.send(over("K7QX2M", 3)).await;
    for expected in ["K7QX2M1", "B1", "K7QX2M2", "K7QX2M3", "C1"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    let Event::Match(push) = event(&mut events).await else { panic!("another event") };
    assert_eq!((push.match_id.as_str(), push.version, push.events), ("C", 1, vec![json!("e4")]));
    accepted.send("the end").await;
    assert!(matches!(event(&mut events).await, Event::Unknown(_)));
}

#[tokio::test]
async fn a_view_that_found_no_room_is_made_up_for_by_the_one_of_the_next_resume() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(Options { event_capacity: 2, ..resuming(&server) }).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&Value::Null, &Value::Null)).await;
    for version in 1..=3 {
        accepted.send(view("a", version)).await;
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
    assert_eq!(told(&mut events).await.unwrap(), "a1");
    assert!(matches!(event(&mut events).await, Event::Missed(2)));
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("match", "a"), &view("a", 3))).await;
    assert_eq!(told(&mut events).await.unwrap(), "a3");
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats.len() == 1));
}
