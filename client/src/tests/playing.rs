//! Actions in matches: what acknowledges them, what they are for, and what becomes of them when the connection is lost.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    matches::{NOW, asked, page, resuming, seat, told, view},
    server::{Accepted, Server, event, soon},
};
use crate::{
    Client, Event, Options, RequestError,
    protocol::{Code, MatchState},
};

/// Receives an action in the match, to which no reply is wanted.
async fn played(accepted: &mut Accepted) -> Value {
    let request = accepted.receive().await;
    let seen = (&request["route"], &request["reply"], &request["body"]["matchId"], &request["body"]["action"]);
    assert_eq!(seen, (&json!("play"), &json!(false), &json!("A"), &json!("paper")));
    request
}

/// A version of the match that has an action in it.
fn with(request: &Value, version: u64) -> Value {
    let mut push = view("A", version);
    (push["ack"], push["events"]) = (request["requestId"].clone(), json!(["paper"]));
    push
}

/// Starts an action of this client in the match `A`. It ends with the version that has it.
fn play(client: &Client) -> tokio::task::JoinHandle<Result<u64, RequestError>> {
    let client = client.clone();
    tokio::spawn(async move { client.play("a", "paper").await.map(|push| push.version) })
}

#[tokio::test]
async fn an_action_is_for_what_was_read_last_and_is_acknowledged_by_its_push() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    for version in [1, 2] {
        accepted.send(view("A", version)).await;
    }
    assert_eq!(told(&mut events).await.unwrap(), "A1");
    let playing = play(&client);
    let request = played(&mut accepted).await;
    assert_eq!(request["body"]["version"], 1, "the program has not read the second one");
    accepted.send(with(&json!({"requestId": "of another device"}), 3)).await;
    accepted.send(with(&request, 4)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(4));
    for expected in ["A2", "A3", "A4"] {
        assert_eq!(told(&mut events).await.unwrap(), expected);
    }
    assert_eq!(client.open_requests(), 0);
}

#[tokio::test]
async fn there_is_one_action_at_a_time_in_a_match_and_others_do_not_wait_for_it() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let playing = play(&client);
    let request = played(&mut accepted).await;
    assert_eq!(request["body"].get("version"), None, "nothing was seen of it");
    assert_eq!(client.play("A", "rock").await, Err(RequestError::Unacknowledged));
    let (other, pong, ()) = soon(async {
        tokio::join!(client.play("B", json!({"cell": 4})), client.ping(), async {
            for _ in 0..2 {
                let request = accepted.receive().await;
                match request["route"].as_str() {
                    Some("play") => accepted.reply(&request, view("B", 1)).await,
                    _ => accepted.reply(&request, json!({"time": 1, "protocol": 1})).await,
                }
            }
        })
    })
    .await;
    assert_eq!((other.map(|push| push.version), pong.map(|pong| pong.time)), (Ok(1), Ok(1)));
    assert_eq!(told(&mut events).await.unwrap(), "B1");
    accepted.send(with(&request, 1)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(1));
}

#[tokio::test]
async fn whoever_drops_an_action_may_send_another() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let playing = play(&client);
    accepted.receive().await;
    playing.abort();
    assert!(playing.await.unwrap_err().is_cancelled());
    let playing = play(&client);
    let request = played(&mut accepted).await;
    accepted.send(with(&request, 1)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(1));
}

#[tokio::test]
async fn a_rejection_is_the_answer_and_a_stale_one_shows_the_match_as_it_is() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(server.options("t")).await;
    let playing = play(&client);
    let request = played(&mut accepted).await;
    accepted
        .send(json!({
            "type": "rejection", "requestId": request["requestId"], "route": "play", "code": "stale", "message": "too late", "matchId": "A",
            "match": view("A", 7),
        }))
        .await;
    let Err(RequestError::Rejected(rejection)) = soon(playing).await.unwrap() else { panic!("another answer") };
    assert_eq!((rejection.code, rejection.in_match.map(|push| push.version)), (Code::Stale, Some(7)));
    let playing = play(&client);
    let request = played(&mut accepted).await;
    assert_eq!(request["body"]["version"], 7, "the rejection has shown it");
    assert_eq!(told(&mut events).await.unwrap(), "A7");
    accepted.reject(&request, "unknown_play", "body.action: one of …").await;
    let Err(RequestError::Rejected(rejection)) = soon(playing).await.unwrap() else { panic!("another answer") };
    assert_eq!(rejection.code, Code::Other("unknown_play".into()));
}

#[tokio::test]
async fn an_action_that_nothing_has_acknowledged_is_sent_again_after_a_reconnect_as_it_was() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted).await;
    accepted.reply(&request, page(&seat("match", "A"), &view("A", 1))).await;
    assert_eq!(told(&mut events).await.unwrap(), "A1");
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }));
    let playing = play(&client);
    let first = played(&mut accepted).await;
    for _ in 0..2 {
        drop(accepted);
        accepted = server.accept().await;
        let mut again = accepted.receive().await;
        if again["route"] == "resume" {
            again = accepted.receive().await;
        }
        assert_eq!(again, first);
    }
    // The server recognises it, and says so, whether its round is open or not.
    accepted.reply(&first, view("A", 1)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(1));
    // What comes of it later is nobody's answer any more.
    accepted.send(with(&first, 2)).await;
    assert_eq!(told(&mut events).await.unwrap(), "A2");
    accepted.reply(&first, view("A", 2)).await;
    accepted.send("the end").await;
    assert!(matches!(told(&mut events).await, Err(Event::Unknown(_))));
}

#[tokio::test]
async fn an_action_that_the_old_connection_of_a_roll_over_took_is_acknowledged_over_the_new_one() {
    let server = Server::start().await;
    let options = Options { roll_over: Some(Duration::from_millis(200)), ..resuming(&server) };
    let (client, _events, mut old) = server.pair(options).await;
    let request = asked(&mut old).await;
    old.reply(&request, page(&Value::Null, &Value::Null)).await;
    let playing = play(&client);
    let action = played(&mut old).await;
    let mut new = server.accept().await;
    let request = asked(&mut new).await;
    new.reply(&request, page(&Value::Null, &Value::Null)).await;
    new.send(with(&action, 1)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(1));
    old.expect_close().await;
}

#[tokio::test]
async fn an_action_that_is_not_acknowledged_in_time_is_sent_once_more_and_waits_for_the_end_of_the_round() {
    let server = Server::start().await;
    let options = Options { request_timeout: Duration::from_millis(100), ..server.options("t") };
    let (client, mut events, mut accepted) = server.pair(options).await;
    let playing = play(&client);
    let first = played(&mut accepted).await;
    assert_eq!(accepted.receive().await, first);
    assert_eq!(soon(playing).await.unwrap(), Err(RequestError::TimedOut));
    assert!(RequestError::TimedOut.may_have_happened());

    let mut open = view("A", 1);
    open["dueAt"] = json!(NOW + 600_000);
    accepted.send(open).await;
    assert_eq!(told(&mut events).await.unwrap(), "A1");
    let playing = play(&client);
    let first = played(&mut accepted).await;
    assert_eq!(accepted.receive().await, first);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!playing.is_finished(), "the round is open");
    accepted.send(with(&first, 2)).await;
    assert_eq!(soon(playing).await.unwrap(), Ok(2));
}

#[tokio::test]
async fn what_a_call_returns_was_seen_without_reading_events() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let (opened, ()) = tokio::join!(client.new_match("chess", None, 1), async {
        let request = accepted.receive().await;
        accepted.reply(&request, view("A", 5)).await;
    });
    assert_eq!(opened.unwrap().state, MatchState::Playing);
    let playing = play(&client);
    let request = played(&mut accepted).await;
    assert_eq!(request["body"]["version"], 5);
    client.close().await;
    assert_eq!(soon(playing).await.unwrap(), Err(RequestError::Closed { sent: true }));
}

#[tokio::test]
async fn a_client_that_is_too_old_is_told_so() {
    let server = Server::start().await;
    let (client, _events, mut accepted) = server.pair(server.options("t")).await;
    let (pong, ()) = tokio::join!(client.ping(), async {
        let request = accepted.receive().await;
        assert_eq!(request["body"], json!({"protocol": 1}));
        accepted.reject(&request, "outdated", "body.protocol: at least 2, not 1").await;
    });
    assert_eq!(pong, Err(RequestError::Outdated("body.protocol: at least 2, not 1".into())));
}
