//! The client library and the terminal player keep their promises against the real thing.
//!
//! `reconnecting` is about connections that end, `missing` about what comes meanwhile, and `terminal` about the program.

mod missing;
mod reconnecting;
mod terminal;

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::{join, join_all};
use muster_client::{
    Backoff, Client, ConnectError, Event, Events, Options, RequestError, Token,
    protocol::{Code, MessagePush},
};
use tokio::time::timeout;

use crate::{
    crashes::{self, Moment, killed_in_the_middle},
    harness::{LocalStack, PATIENCE, Stack, eventually, free_port},
};

/// How many requests are open on one socket at once.
const MANY: usize = 100;

async fn connect(stack: &Stack, name: &str) -> (Client, Events) {
    Client::connect(Options::new(stack.url(), stack.token(name).await)).await.unwrap()
}

/// Options that connect again quickly, since nobody else waits for this stack.
pub fn options(url: &str, token: impl Into<Token>) -> Options {
    let backoff = Backoff { base: Duration::from_millis(50), cap: Duration::from_millis(250) };
    // A token that is about to expire is left to expire.
    Options { backoff: Some(backoff), roll_over: None, ..Options::new(url, token) }
}

/// The next event, or `None` at their end. That the inbox was read up to its end is no news here.
async fn told(events: &mut Events) -> Option<Event> {
    loop {
        match timeout(PATIENCE, events.next()).await.expect("an event in time") {
            Some(Event::Resumed { .. }) => {}
            other => return other,
        }
    }
}

/// Reads on until the client has read its inbox, which is empty.
async fn resumed(events: &mut Events) {
    loop {
        match timeout(PATIENCE, events.next()).await.expect("an event in time").expect("a client that has not given up") {
            Event::Resumed { .. } => return,
            Event::Message(message) => panic!("nobody has sent {message:?}"),
            _ => {}
        }
    }
}

/// The next event, which must come.
async fn next(events: &mut Events) -> Event {
    told(events).await.expect("a client that has not given up")
}

/// The next event, which must be a message.
async fn message(events: &mut Events) -> MessagePush {
    match next(events).await {
        Event::Message(message) => message.push,
        other => panic!("not a message: {other:?}"),
    }
}

/// Why there is no connection with this token.
async fn refusal(url: &str, token: &str) -> ConnectError {
    Client::connect(Options::new(url, token)).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn messages_arrive_as_events_in_the_order_in_which_they_were_sent() {
    let stack = Stack::start().await;
    let ((alice, _), (_bob, mut events)) = join(connect(&stack, "alice"), connect(&stack, "bob")).await;
    let bobs = stack.player("bob");
    let mut sent = Vec::new();
    for n in 0..20 {
        let answer = alice.send_message(&[&bobs], &format!("number {n}")).await.unwrap();
        assert!(answer.unsent.is_empty(), "{answer:?}");
        sent.push((answer.message_ids[&bobs].clone(), format!("number {n}")));
    }
    let mut received: Vec<(String, String)> = Vec::new();
    while received.len() < sent.len() {
        let message = message(&mut events).await;
        assert_eq!(message.sender_id, stack.player("alice"));
        received.push((message.message_id, message.message));
    }
    assert_eq!(received, sent);
}

#[tokio::test]
async fn each_of_many_requests_open_at_once_gets_its_own_reply() {
    let stack = Stack::start().await;
    let (alice, mut events) = connect(&stack, "alice").await;
    let players: Vec<String> = (0..MANY).map(|n| stack.player(&format!("player-{n}"))).collect();
    let sending = join_all(players.iter().map(|player| alice.send_message(std::slice::from_ref(player), "hi")));
    let (answers, pongs) = join(sending, join_all((0..MANY).map(|_| alice.ping()))).await;
    let mut ids = BTreeSet::new();
    for (player, answer) in players.iter().zip(answers) {
        let answer = answer.unwrap();
        assert_eq!(answer.message_ids.keys().collect::<Vec<_>>(), [player]);
        ids.extend(answer.message_ids.into_values());
    }
    assert_eq!(ids.len(), MANY, "every request is a message of its own");
    for pong in pongs {
        assert!(pong.unwrap().time > 1_700_000_000_000);
    }
    // An answer that nobody waited for, or a complaint of the gateway, would be here.
    alice.close().await;
    let event = told(&mut events).await;
    assert!(event.is_none(), "{event:?}");
}

#[tokio::test]
async fn a_rejection_is_an_error_with_a_code_and_the_fields_name() {
    let stack = Stack::start().await;
    let (alice, _events) = connect(&stack, "alice").await;
    let crowd: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let cases = [
        ("body.message: ", alice.send_message(&["bob"], "").await),
        ("body.playerIds: ", alice.send_message(&crowd, "hi").await),
        ("body.playerIds[1]: ", alice.send_message(&["bob", ""], "hi").await),
    ];
    for (field, outcome) in cases {
        let Err(RequestError::Rejected(rejection)) = outcome else { panic!("{field}: {outcome:?}") };
        assert_eq!(rejection.code, Code::BadRequest);
        assert!(rejection.message.starts_with(field), "{field}: {rejection}");
    }
    let Err(RequestError::Rejected(rejection)) = alice.request("dance", ()).await else { panic!("there is no such route") };
    assert_eq!(rejection.code, Code::UnknownRoute);
    alice.ping().await.unwrap();
}

#[tokio::test]
async fn who_may_not_connect_is_told_why() {
    let stack = Stack::start().await;
    let empty = refusal(stack.url(), "").await;
    assert!(matches!(empty, ConnectError::Unauthorized), "{empty:?}");
    let wrong = refusal(stack.url(), "no.real.token").await;
    assert!(matches!(wrong, ConnectError::Forbidden), "{wrong:?}");
    let in_query = Options { token_in_query: true, ..Options::new(stack.url(), stack.token("alice").await) };
    Client::connect(in_query).await.unwrap().0.ping().await.unwrap();
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_named() {
    let absent = format!("ws://127.0.0.1:{}/dev", free_port());
    match refusal(&absent, "any").await {
        ConnectError::NoListener { url } => assert_eq!(url, absent),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_whose_function_dies_is_answered_by_the_gateway() {
    let (stack, proxy) = crashes::stack().await;
    let (alice, mut events) = Client::connect(Options::new(&stack.addresses.url, stack.token("alice").await)).await.unwrap();
    // A gateway's error says nothing of whose it is, so that it is nobody's while more than one request is open.
    resumed(&mut events).await;
    let mut sending = None;
    killed_in_the_middle((&stack, &proxy), "send-message", (Moment::BeforeItsCall, "BatchWriteItem"), async {
        let alice = alice.clone();
        sending = Some(tokio::spawn(async move { alice.send_message(&["bob"], "hi").await }));
    })
    .await;
    let error = timeout(PATIENCE, sending.unwrap()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error, RequestError::Gateway("Internal server error".to_owned()));
    assert!(error.may_have_happened());
    match next(&mut events).await {
        Event::Gateway(gateway) => assert!(gateway.connection_id.is_some() && gateway.request_id.is_some(), "{gateway:?}"),
        other => panic!("{other:?}"),
    }
    alice.ping().await.unwrap();
}

#[tokio::test]
async fn dropping_the_last_client_closes_the_socket() {
    let stack = LocalStack::start(&[]).await;
    let (alice, mut events) = Client::connect(Options::new(&stack.addresses.url, stack.token("alice").await)).await.unwrap();
    let clone = alice.clone();
    drop(alice);
    clone.ping().await.unwrap();
    drop(clone);
    assert!(told(&mut events).await.is_none());
    eventually("the stack notices", || async { (stack.invocations("disconnect").await == 1).then_some(()) }).await;
}
