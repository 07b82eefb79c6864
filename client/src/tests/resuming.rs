//! What was missed, and what is pushed meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Accepted, PATIENCE, Server, event, soon};
use crate::{
    Client, Event, Events, Message, Options, RequestError,
    protocol::{Code, cursor::first_id_of, routes::OVERLAP_MILLISECONDS},
};

/// The time of the tests, in epoch milliseconds.
const NOW: u64 = 1_700_000_000_000;

fn resuming(server: &Server) -> Options {
    Options { resume: true, ..server.options("t") }
}

/// The message number `n`, sent `n` milliseconds after [`NOW`].
fn message(n: u64) -> Value {
    let id = format!("{}{:012x}", &first_id_of(NOW + n)[..24], n);
    json!({"messageId": id, "senderId": "bob", "message": n.to_string(), "sentAt": NOW + n})
}

async fn push(accepted: &mut Accepted, n: u64) {
    let mut push = message(n);
    push["type"] = json!("message");
    accepted.send(push).await;
}

/// The last page of a resume, which began at [`NOW`] + `begun`.
fn last(messages: impl IntoIterator<Item = u64>, begun: u64) -> Value {
    json!({"messages": messages.into_iter().map(message).collect::<Vec<_>>(), "after": first_id_of(NOW + begun), "complete": true})
}

/// Receives a resume and checks from where it reads.
async fn asked(accepted: &mut Accepted, field: &str, place: Option<&str>) -> Value {
    let request = accepted.receive().await;
    assert_eq!(request["route"], "resume", "{request}");
    let mut expected = json!({"limit": 100});
    if let Some(place) = place {
        expected[field] = json!(place);
    }
    assert_eq!(request["body"], expected);
    request
}

async fn next_message(events: &mut Events) -> Message {
    match event(events).await {
        Event::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

/// The texts of the messages up to the end of a resume, and that end.
async fn resumed(events: &mut Events) -> (Vec<String>, Event) {
    let mut texts = Vec::new();
    loop {
        match event(events).await {
            Event::Message(message) => texts.push(message.push.message),
            Event::Connected { .. } | Event::Disconnected { .. } => {}
            end => return (texts, end),
        }
    }
}

/// A client whose first resume is finished, with the cursor [`NOW`].
async fn caught_up(server: &Server, options: Options) -> (Client, Events, Accepted) {
    let (client, mut events, mut accepted) = server.pair(options).await;
    let request = asked(&mut accepted, "after", None).await;
    accepted.reply(&request, last([], 0)).await;
    assert!(matches!(event(&mut events).await, Event::Resumed { after: None, missed: 0, complete: true, .. }));
    (client, events, accepted)
}

#[tokio::test]
async fn a_new_client_asks_for_what_waits_in_its_inbox() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted, "after", None).await;
    accepted.reply(&request, last(1..=2, 5)).await;
    assert!(next_message(&mut events).await.missed);
    assert_eq!(next_message(&mut events).await.push.message, "2");
    let Event::Resumed { after: None, cursor, missed: 2, complete: true, .. } = event(&mut events).await else { panic!("another event") };
    assert_eq!(cursor, first_id_of(NOW + 5));
}

#[tokio::test]
async fn after_a_lost_connection_all_pages_are_read_from_the_cursor_on() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = caught_up(&server, resuming(&server)).await;
    push(&mut accepted, 40_000).await;
    assert!(!next_message(&mut events).await.missed);
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted, "after", Some(&first_id_of(NOW))).await;
    let page = |n, next: &str| json!({"messages": [message(n), message(n + 1)], "next": next, "complete": true});
    accepted.reply(&request, page(1, "second")).await;
    let request = asked(&mut accepted, "next", Some("second")).await;
    accepted.reply(&request, page(3, "third")).await;
    let request = asked(&mut accepted, "next", Some("third")).await;
    accepted.reply(&request, last([5, 40_000], 50_000)).await;
    let (texts, end) = resumed(&mut events).await;
    assert_eq!(texts, ["1", "2", "3", "4", "5"], "what was pushed before is not new");
    assert!(matches!(end, Event::Resumed { after: Some(_), missed: 5, complete: true, .. }), "{end:?}");
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_resume_begins_it_anew() {
    let server = Server::start().await;
    let options = Options { after: Some(first_id_of(NOW)), ..resuming(&server) };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    let request = asked(&mut accepted, "after", Some(&first_id_of(NOW))).await;
    accepted.reply(&request, json!({"messages": [message(1)], "next": "second", "complete": true})).await;
    asked(&mut accepted, "next", Some("second")).await;
    push(&mut accepted, 9).await;
    drop(accepted);
    let mut accepted = server.accept().await;
    let request = asked(&mut accepted, "after", Some(&first_id_of(NOW))).await;
    accepted.reply(&request, last([1, 2, 9], 10)).await;
    let (mut texts, end) = resumed(&mut events).await;
    texts.sort();
    assert_eq!(texts, ["1", "2", "9"]);
    assert!(matches!(end, Event::Resumed { .. }), "{end:?}");
}

#[tokio::test]
async fn pushes_that_waited_for_a_resume_are_handed_out_when_the_connection_is_lost() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(Options { backoff: None, ..resuming(&server) }).await;
    asked(&mut accepted, "after", None).await;
    push(&mut accepted, 1).await;
    accepted.socket.close(None).await.unwrap();
    assert_eq!(next_message(&mut events).await.push.message, "1");
    assert!(matches!(event(&mut events).await, Event::Disconnected { retry_in: None, .. }));
}

#[tokio::test]
async fn pushes_during_a_resume_come_after_what_was_missed_and_once() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted, "after", None).await;
    for n in [6, 3, 7, 6] {
        push(&mut accepted, n).await;
    }
    accepted.reply(&request, last(1..=4, 5)).await;
    push(&mut accepted, 2).await;
    push(&mut accepted, 8).await;
    let (texts, end) = resumed(&mut events).await;
    assert_eq!(texts, ["1", "2", "3", "4"]);
    assert!(matches!(end, Event::Resumed { missed: 4, .. }), "{end:?}");
    for expected in ["6", "7", "8"] {
        let message = next_message(&mut events).await;
        assert_eq!((message.push.message.as_str(), message.missed), (expected, false));
    }
}

#[tokio::test]
async fn a_resume_that_fails_is_repeated_and_holds_nobody_up() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted, "after", None).await;
    push(&mut accepted, 5).await;
    accepted.reject(&request, "internal", "our fault").await;
    assert_eq!(next_message(&mut events).await.push.message, "5");
    let Event::ResumeFailed { error: RequestError::Rejected(rejection), retry_in: Some(_) } = event(&mut events).await else {
        panic!("another event")
    };
    assert_eq!(rejection.code, Code::Internal);
    asked(&mut accepted, "after", None).await;
    accepted.send(json!({"message": "Endpoint request timed out"})).await;
    assert!(matches!(event(&mut events).await, Event::ResumeFailed { error: RequestError::Gateway(_), retry_in: Some(_) }));
    assert!(matches!(event(&mut events).await, Event::Gateway(_)));
    let request = asked(&mut accepted, "after", None).await;
    accepted.reply(&request, json!({"odd": true})).await;
    assert!(matches!(event(&mut events).await, Event::ResumeFailed { error: RequestError::UnexpectedReply(_), retry_in: Some(_) }));
    let request = asked(&mut accepted, "after", None).await;
    push(&mut accepted, 7).await;
    accepted.reply(&request, last([4, 5], 9)).await;
    assert_eq!(next_message(&mut events).await.push.message, "4");
    assert!(matches!(event(&mut events).await, Event::Resumed { missed: 1, .. }));
    assert_eq!(next_message(&mut events).await.push.message, "7");
}

#[tokio::test]
async fn a_resume_without_an_answer_is_repeated_and_its_late_answer_is_nobodys() {
    let server = Server::start().await;
    let options = Options { request_timeout: Duration::from_millis(100), ..resuming(&server) };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    let mut requests = Vec::new();
    for _ in 0..3 {
        requests.push(asked(&mut accepted, "after", None).await);
        assert!(matches!(event(&mut events).await, Event::ResumeFailed { error: RequestError::TimedOut, retry_in: Some(_) }));
    }
    for request in &requests {
        accepted.reply(request, last([1], 5)).await;
    }
    accepted.send("the end").await;
    loop {
        match event(&mut events).await {
            Event::ResumeFailed { .. } => {}
            Event::Unknown(_) => break,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_complaint_of_the_gateway_that_may_be_about_a_resume_repeats_only_that() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let resume = asked(&mut accepted, "after", None).await;
    let (answer, ()) = tokio::join!(client.request("slow", json!({})), async {
        let request = accepted.receive().await;
        accepted.send(json!({"message": "Too Many Requests"})).await;
        let again = asked(&mut accepted, "after", None).await;
        accepted.reply(&resume, last([1], 5)).await;
        accepted.reply(&again, last([2], 5)).await;
        accepted.reply(&request, json!({})).await;
    });
    assert_eq!(answer, Ok(json!({})));
    assert!(matches!(event(&mut events).await, Event::ResumeFailed { error: RequestError::Gateway(_), retry_in: Some(_) }));
    assert!(matches!(event(&mut events).await, Event::Gateway(_)));
    assert_eq!(next_message(&mut events).await.push.message, "2");
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }), "the late page is nobody's");
}

#[tokio::test]
async fn a_server_without_resume_is_asked_once() {
    let server = Server::start().await;
    let (client, mut events, mut accepted) = server.pair(resuming(&server)).await;
    let request = asked(&mut accepted, "after", None).await;
    accepted.reject(&request, "unknown_route", "there is no route resume").await;
    assert!(matches!(event(&mut events).await, Event::ResumeFailed { retry_in: None, .. }));
    let (pong, ()) = tokio::join!(client.ping(), async {
        let ping = accepted.receive().await;
        assert_eq!(ping["route"], "ping");
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(pong.is_ok());
    push(&mut accepted, 1).await;
    assert_eq!(next_message(&mut events).await.push.message, "1");
}

#[tokio::test]
async fn messages_that_may_be_lost_are_told_of() {
    let server = Server::start().await;
    let options = Options { after: Some(first_id_of(NOW)), ..resuming(&server) };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    let request = asked(&mut accepted, "after", Some(&first_id_of(NOW))).await;
    let mut page = last([100_000], 200_000);
    page["complete"] = json!(false);
    accepted.reply(&request, page).await;
    next_message(&mut events).await;
    assert!(matches!(event(&mut events).await, Event::Resumed { after: Some(_), complete: false, .. }));
    // A push of what the inbox no longer shows is new all the same.
    push(&mut accepted, 10).await;
    assert_eq!(next_message(&mut events).await.push.message, "10");
}

#[tokio::test]
async fn what_was_pushed_or_asked_for_twice_is_handed_out_once() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = caught_up(&server, resuming(&server)).await;
    let sent = |n: u64, request: &str, text: &str| {
        let mut push = message(n);
        (push["type"], push["requestId"], push["message"]) = (json!("message"), json!(request), json!(text));
        push
    };
    let frames = [sent(1, "r", "a"), sent(1, "r", "a"), sent(2, "r", "a"), sent(3, "r", "b"), sent(4, "s", "a"), sent(4, "s", "a")];
    for frame in frames {
        accepted.send(frame).await;
    }
    accepted.send("the end").await;
    let mut handed_out = Vec::new();
    while let Event::Message(message) = event(&mut events).await {
        handed_out.push(message.sent_at - NOW);
    }
    assert_eq!(handed_out, [1, 3, 4]);
}

#[tokio::test]
async fn what_found_no_room_is_asked_for_once_there_is_room() {
    let server = Server::start().await;
    let options = Options { event_capacity: 4, after: Some(first_id_of(NOW)), ..resuming(&server) };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    let request = accepted.receive().await;
    assert_eq!(request["body"]["limit"], 2);
    accepted.reply(&request, last([], 0)).await;
    for n in 1..=6 {
        push(&mut accepted, n).await;
    }
    // Everything was received before the ping is answered.
    tokio::join!(async { drop(_client.ping().await) }, async {
        let ping = accepted.receive().await;
        accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
    });
    assert!(matches!(event(&mut events).await, Event::Resumed { .. }));
    for n in 1..=3 {
        assert_eq!(next_message(&mut events).await.push.message, n.to_string());
    }
    assert!(matches!(event(&mut events).await, Event::Missed(1)), "what came after it waits, so that it cannot overtake");
    let request = accepted.receive().await;
    assert_eq!(request["body"]["after"], first_id_of(NOW));
    accepted.reply(&request, last(1..=6, 9)).await;
    for n in 4..=6 {
        assert_eq!(next_message(&mut events).await.push.message, n.to_string());
    }
    assert!(matches!(event(&mut events).await, Event::Resumed { missed: 0, .. }), "the program was late, not the messages");
}

#[tokio::test]
async fn a_page_waits_for_the_reader() {
    let server = Server::start().await;
    let options = Options { event_capacity: 4, after: Some(first_id_of(NOW)), ..resuming(&server) };
    let (_client, mut events, mut accepted) = server.pair(options).await;
    let mut request = accepted.receive().await;
    for n in [1, 3, 5] {
        accepted.reply(&request, json!({"messages": [message(n), message(n + 1)], "next": n.to_string(), "complete": true})).await;
        if n == 3 {
            let early = tokio::time::timeout(Duration::from_millis(50), accepted.receive()).await;
            assert!(early.is_err(), "four messages wait to be read, and there is room for no other");
            for n in 1..=4 {
                assert_eq!(next_message(&mut events).await.push.message, n.to_string());
            }
        }
        request = accepted.receive().await;
        assert_eq!(request["body"], json!({"next": n.to_string(), "limit": 2}));
    }
}

#[tokio::test]
async fn whoever_drops_the_events_is_not_resumed_for() {
    let server = Server::start().await;
    let (client, events, mut accepted) = caught_up(&server, resuming(&server)).await;
    drop(events);
    for n in 0..10 {
        push(&mut accepted, n).await;
    }
    drop(accepted);
    let mut accepted = server.accept().await;
    let (pong, ()) = soon(async {
        tokio::join!(client.ping(), async {
            let ping = accepted.receive().await;
            assert_eq!(ping["route"], "ping");
            accepted.reply(&ping, json!({"time": 1, "protocol": 1})).await;
        })
    })
    .await;
    assert!(pong.is_ok());
}

#[tokio::test]
async fn a_cursor_that_is_none_is_refused_at_once() {
    let server = Server::start().await;
    let options = Options { after: Some("yesterday".into()), ..resuming(&server) };
    let error = tokio::time::timeout(PATIENCE, Client::connect(options)).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "options.after: body.after: the id of a message, a UUID of version 7");
}

#[tokio::test]
async fn a_busy_client_resumes_now_and_then_so_that_it_can_forget() {
    let server = Server::start().await;
    let (_client, mut events, mut accepted) = caught_up(&server, Options { event_capacity: 20_000, ..resuming(&server) }).await;
    let many = 8_193;
    for n in 0..many {
        push(&mut accepted, n * OVERLAP_MILLISECONDS).await;
    }
    let request = asked(&mut accepted, "after", Some(&first_id_of(NOW))).await;
    accepted.reply(&request, last([], many * OVERLAP_MILLISECONDS)).await;
    for n in 0..many {
        assert_eq!(next_message(&mut events).await.sent_at, NOW + n * OVERLAP_MILLISECONDS);
    }
    assert!(matches!(event(&mut events).await, Event::Resumed { missed: 0, .. }));
}
