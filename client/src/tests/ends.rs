//! How a match ended while its player was away: a resume does not show it, so it is asked for.

use serde_json::{Value, json};

use super::{
    matches::{NOW, asked, over, page, resuming, seat, told, view},
    server::{Accepted, Server, event, soon},
};
use crate::{Client, Event, Events, Options, RequestError, protocol::cursor::first_id_of};

/// A client that is in a match, as its first resume has said, and is away then. The next connection has been asked for the inbox.
async fn away(server: &Server, options: Options, in_match: &Value) -> (Client, Events, Accepted, Value) {
    let (client, mut events, mut accepted) = server.pair(options).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("match", "a"), in_match)).await;
    assert_eq!(told(&mut events).await.unwrap(), "a1");
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats.len() == 1));
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted).await;
    (client, events, accepted, request)
}

/// The only page of a resume of a player who is in nothing, with one message.
fn in_nothing() -> Value {
    let mut page = page(&Value::Null, &Value::Null);
    page["messages"] = json!([{"messageId": first_id_of(NOW), "senderId": "bob", "message": "well played", "sentAt": NOW}]);
    page
}

/// Receives the question how the match `id` ended.
async fn asked_for(accepted: &mut Accepted, id: &str) -> Value {
    let request = accepted.receive().await;
    assert_eq!((&request["route"], &request["body"]), (&json!("joinMatch"), &json!({"matchId": id})));
    request
}

/// Checks that the message and the end of the resume come next, and nothing before them.
async fn resumed(events: &mut Events) {
    assert!(matches!(told(events).await, Err(Event::Message(message)) if message.push.message == "well played"));
    assert!(matches!(event(events).await, Event::Resumed { seats, .. } if seats.is_empty()));
}

/// Checks that a further resume of a player who is in nothing asks for no match.
async fn settled(server: &Server, events: &mut Events, accepted: Accepted) {
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&Value::Null, &Value::Null)).await;
    assert!(matches!(told(events).await, Err(Event::Resumed { seats, .. }) if seats.is_empty()));
}

#[tokio::test]
async fn whoever_was_away_at_the_end_is_told_it_once_and_before_what_else_was_missed() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted, request) = away(&server, resuming(&server), &view("a", 1)).await;
    accepted.reply(&request, in_nothing()).await;
    let request = asked_for(&mut accepted, "a").await;
    accepted.reply(&request, over("a", 5)).await;
    accepted.send(over("a", 5)).await;
    assert_eq!(told(&mut events).await.unwrap(), "a5");
    resumed(&mut events).await;
    settled(&server, &mut events, accepted).await;
}

#[tokio::test]
async fn whoever_is_in_another_match_by_then_is_told_the_end_of_the_one_before() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted, request) = away(&server, resuming(&server), &view("a", 1)).await;
    accepted.reply(&request, page(&seat("match", "b"), &view("b", 2))).await;
    let request = asked_for(&mut accepted, "a").await;
    accepted.reply(&request, over("a", 5)).await;
    assert_eq!(told(&mut events).await.unwrap(), "b2");
    assert_eq!(told(&mut events).await.unwrap(), "a5");
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats[0].id == "b"));
}

#[tokio::test]
async fn of_a_match_that_is_remembered_no_more_nothing_is_told_and_it_is_not_asked_for_again() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted, request) = away(&server, resuming(&server), &view("a", 1)).await;
    accepted.reply(&request, in_nothing()).await;
    let request = asked_for(&mut accepted, "a").await;
    accepted.reject(&request, "not_found", "there is no match a").await;
    resumed(&mut events).await;
    settled(&server, &mut events, accepted).await;
}

#[tokio::test]
async fn a_match_that_waits_is_never_asked_for_since_that_would_join_it() {
    let server = Server::start().await;
    let mut waiting = view("a", 1);
    waiting["state"] = json!("waiting");
    let (_client, mut events, mut accepted, request) = away(&server, resuming(&server), &waiting).await;
    accepted.reply(&request, in_nothing()).await;
    resumed(&mut events).await;
}

#[tokio::test]
async fn an_end_that_could_not_be_asked_for_is_asked_for_again() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted, request) = away(&server, resuming(&server), &view("a", 1)).await;
    accepted.reply(&request, in_nothing()).await;
    let request = asked_for(&mut accepted, "a").await;
    accepted.reject(&request, "busy", "too much is going on").await;
    let failed = told(&mut events).await.unwrap_err();
    assert!(matches!(failed, Event::ResumeFailed { error: RequestError::Rejected(_), retry_in: Some(_) }), "{failed:?}");
    // The second time the connection is lost.
    let request = asked(&mut accepted).await;
    accepted.reply(&request, in_nothing()).await;
    asked_for(&mut accepted, "a").await;
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, in_nothing()).await;
    let request = asked_for(&mut accepted, "a").await;
    accepted.reply(&request, over("a", 5)).await;
    assert_eq!(told(&mut events).await.unwrap(), "a5");
    resumed(&mut events).await;
}

#[tokio::test]
async fn an_end_for_which_there_is_no_room_is_asked_for_again_once_there_is() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(Options { event_capacity: 2, ..resuming(&server) }).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("match", "a"), &view("a", 1))).await;
    assert_eq!(told(&mut events).await.unwrap(), "a1");
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }));
    drop(accepted);
    let mut accepted = server.accept().await;
    assert!(matches!(event(&mut events).await, Event::Disconnected { .. }));
    assert!(matches!(event(&mut events).await, Event::Connected { .. }));
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("match", "b"), &view("b", 1))).await;
    let request = asked_for(&mut accepted, "a").await;
    // Both places of the queue are taken now.
    accepted.send(view("b", 2)).await;
    accepted.reply(&request, over("a", 9)).await;
    // Both were received before the ping is answered.
    soon(async {
        tokio::join!(async { drop(client.ping().await) }, async {
            let ping = accepted.receive().await;
            accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
        })
    })
    .await;
    for expected in ["b1", "b2"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    let request = asked_for(&mut accepted, "a").await;
    accepted.reply(&request, over("a", 9)).await;
    assert_eq!(told(&mut events).await.unwrap(), "a9");
    assert!(matches!(event(&mut events).await, Event::Resumed { seats, .. } if seats[0].id == "b"));
}
