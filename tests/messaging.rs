//! A message reaches whom it is for, wherever they are.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::future::join3;
use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, Socket, Stack, eventually};

async fn connect(stack: &Stack, name: &str) -> Socket {
    Socket::with_token(stack.url(), &stack.token(name).await).await.unwrap()
}

fn to(players: &[String], text: &str) -> String {
    json!({"route": "sendMessage", "requestId": "r1", "body": {"playerIds": players, "message": text}}).to_string()
}

/// The player of a push and its text, checked to be a message.
fn content(push: &Value) -> (&str, &str) {
    assert_eq!(push["type"], "message", "{push}");
    (push["senderId"].as_str().unwrap(), push["message"].as_str().unwrap())
}

/// The newest row in a player's inbox.
async fn newest(stack: &LocalStack, player: &str) -> Value {
    let query = json!({
        "TableName": "muster-dev-messages", "KeyConditionExpression": "recipientId = :player", "ScanIndexForward": false, "Limit": 1,
        "ExpressionAttributeValues": {":player": {"S": player}}
    });
    stack.aws("DynamoDB_20120810.Query", &query).await["Items"][0].take()
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[tokio::test]
async fn a_message_reaches_its_recipient_with_its_senders_true_name() {
    let stack = Stack::start().await;
    let (mut alice, mut bob) = (connect(&stack, "alice").await, connect(&stack, "bob").await);
    let bobs = stack.player("bob");
    // The spoofed fields are what other systems believed.
    let frame = json!({
        "route": "sendMessage", "requestId": "r1", "senderId": "mallory", "playerId": "mallory",
        "body": {"playerIds": [bobs], "message": "héllo ☃", "senderId": "mallory", "userId": "mallory"}
    });
    let reply = alice.ask(frame.to_string()).await;
    assert_eq!((&reply["type"], &reply["requestId"], &reply["route"]), (&json!("reply"), &json!("r1"), &json!("sendMessage")), "{reply}");
    assert_eq!(reply["body"]["unsent"], json!([]));
    let push = bob.receive().await;
    assert_eq!(content(&push), (stack.player("alice").as_str(), "héllo ☃"));
    assert_eq!(push["messageId"], reply["body"]["messageIds"][&bobs]);
    assert_eq!(push["requestId"], "r1");
    assert!(push["sentAt"].as_u64().unwrap().abs_diff(now()) < 60_000);
}

#[tokio::test]
async fn a_message_to_oneself_comes_back() {
    let stack = Stack::start().await;
    let mut alice = connect(&stack, "88888888").await;
    let own = stack.player("88888888");
    alice.send(json!({"route": "sendMessage", "body": {"playerIds": [own], "message": "Hello Me"}}).to_string()).await;
    let frames = [alice.receive().await, alice.receive().await];
    let push = frames.iter().find(|frame| frame["type"] == "message").expect("the push, before or after the reply");
    assert_eq!(content(push), (own.as_str(), "Hello Me"));
}

#[tokio::test]
async fn each_of_many_recipients_gets_it_once_however_often_named() {
    let stack = Stack::start().await;
    let names: Vec<String> = (0..30).map(|number| format!("player-{number}")).collect();
    let mut sockets = Vec::new();
    for name in &names {
        sockets.push(connect(&stack, name).await);
    }
    let players: Vec<String> = names.iter().chain(&names).map(|name| stack.player(name)).collect();
    let mut alice = connect(&stack, "alice").await;
    let reply = alice.ask(to(&players, "all of you")).await;
    let ids = reply["body"]["messageIds"].as_object().unwrap();
    assert_eq!(ids.keys().collect::<BTreeSet<_>>(), players.iter().collect());
    for (socket, name) in sockets.iter_mut().zip(&names) {
        let push = socket.receive().await;
        assert_eq!(content(&push).1, "all of you");
        assert_eq!(push["messageId"], ids[&stack.player(name)]);
    }
    assert!(sockets[0].is_quiet(Duration::from_millis(300)).await, "the message came once");
}

#[tokio::test]
async fn every_device_of_a_player_gets_it() {
    let stack = Stack::start().await;
    let (mut phone, mut desk) = (connect(&stack, "bob").await, connect(&stack, "bob").await);
    let mut alice = connect(&stack, "alice").await;
    alice.send(to(&[stack.player("bob")], "both")).await;
    assert_eq!(content(&phone.receive().await).1, "both");
    assert_eq!(content(&desk.receive().await).1, "both");
}

#[tokio::test]
async fn a_thousand_messages_with_awaited_replies_arrive_in_order_at_each_recipient() {
    let stack = Stack::start().await;
    let mut alice = connect(&stack, "alice").await;
    let (mut bob, mut carol) = (Player::of(connect(&stack, "bob").await), Player::of(connect(&stack, "carol").await));
    let players = [stack.player("bob"), stack.player("carol")];
    let expected: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let sending = async {
        let mut ids = Vec::new();
        for text in &expected {
            let reply = alice.ask(to(&players, text)).await;
            ids.push(reply["body"]["messageIds"][&players[0]].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned());
        }
        ids
    };
    let (ids, bobs, carols) = join3(sending, bob.texts(expected.len()), carol.texts(expected.len())).await;
    assert!(bobs == expected && carols == expected, "{bobs:?} {carols:?}");
    // The first 13 characters of an id are its time. Two messages of one millisecond may have their ids in either order.
    assert!(ids.is_sorted_by_key(|id| id[..13].to_owned()), "ids grow with time");
}

#[tokio::test]
async fn an_offline_player_finds_it_in_the_inbox() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let reply = alice.ask(to(&["bob".to_owned()], "for later")).await;
    let rows = stack.inbox("bob").await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row["messageId"]["S"], reply["body"]["messageIds"]["bob"]);
    assert_eq!((&row["senderId"]["S"], &row["message"]["S"]), (&json!("alice"), &json!("for later")));
    let expires_at: u64 = row["expiresAt"]["N"].as_str().unwrap().parse().expect("whole seconds");
    assert!(expires_at.abs_diff(now() / 1_000 + 24 * 3_600) < 60, "{expires_at}");
    assert!(row["cause"]["S"].as_str().is_some_and(|cause| !cause.is_empty()));
}

#[tokio::test]
async fn a_disconnect_removes_its_own_connection_and_no_other() {
    let stack = LocalStack::start(&[]).await;
    let token = stack.token("bob").await;
    let mut stays = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    let goes = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    assert_eq!(stack.connections("bob").await.len(), 2);
    goes.vanish();
    eventually("one connection is left", || async { (stack.connections("bob").await.len() == 1).then_some(()) }).await;
    stays.ask(to(&["bob".to_owned()], "still here")).await;
    assert_eq!(content(&stays.receive().await).1, "still here");
}

/// Writes a connection's row as if `$connect` had, and its socket were gone.
async fn put_ghost(stack: &LocalStack, id: &str, connected_at: u64, expires_at: u64) {
    let item = json!({
        "playerId": {"S": "bob"}, "item": {"S": format!("connection#{id}")}, "cause": {"S": "test"},
        "connectedAt": {"N": connected_at.to_string()}, "expiresAt": {"N": expires_at.to_string()}
    });
    stack.put("muster-dev-players", &item).await;
}

#[tokio::test]
async fn a_dead_socket_is_forgotten_only_if_it_cannot_still_be_opening() {
    let stack = LocalStack::start(&[]).await;
    let mut bob = Socket::with_token(&stack.addresses.url, &stack.token("bob").await).await.unwrap();
    let later = now() / 1_000 + 3_600;
    put_ghost(&stack, "bG9uZyBkZWFk=", now() - 36_000, later).await;
    put_ghost(&stack, "anVzdCBib3Ju=", now(), later).await;
    put_ghost(&stack, "ZXhwaXJlZA==", now() - 10_000_000, now() / 1_000 - 1).await;
    assert_eq!(stack.connections("bob").await.len(), 4);
    bob.send(to(&["bob".to_owned()], "who is there?")).await;
    let frames = [bob.receive().await, bob.receive().await];
    assert!(frames.iter().any(|frame| frame["type"] == "message"), "the living socket is served: {frames:?}");
    let left = eventually("the dead and the expired connection are forgotten", || async {
        let left = stack.connections("bob").await;
        (left.len() == 2).then_some(left)
    })
    .await;
    assert!(left.contains(&"connection#anVzdCBib3Ju=".to_owned()), "what may still be opening stays: {left:?}");
}

#[tokio::test]
async fn a_player_whose_socket_died_without_a_close_delays_nobody() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    Socket::with_token(&stack.addresses.url, &stack.token("bob").await).await.unwrap().vanish();
    let mut carol = Socket::with_token(&stack.addresses.url, &stack.token("carol").await).await.unwrap();
    assert_eq!(alice.ask(to(&["bob".to_owned(), "carol".to_owned()], "hi")).await["type"], "reply");
    assert_eq!(content(&carol.receive().await).1, "hi");
    assert_eq!(stack.inbox("bob").await.len(), 1);
}

#[tokio::test]
async fn a_socket_that_takes_no_more_is_closed_and_delays_nobody() {
    let stack = LocalStack::start(&[]).await;
    let deaf = Socket::with_little_room(&stack.addresses.url, &stack.token("bob").await).await;
    let token = stack.token("alice").await;
    let mut alice = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    let mut carol = Socket::with_token(&stack.addresses.url, &stack.token("carol").await).await.unwrap();
    let carols = tokio::spawn(async move {
        let mut received = 0;
        while content(&carol.receive().await).1 != "after" {
            received += 1;
        }
        received
    });
    // As JSON each is 24 KB, so that the buffers between here and there are soon full.
    let players = ["bob".to_owned(), "carol".to_owned()];
    let large = to(&players, &"\u{1}".repeat(4_096));
    let mut sent = 0;
    while !stack.connections("bob").await.is_empty() {
        assert_eq!(alice.ask(large.clone()).await["type"], "reply");
        sent += 1;
        assert!(sent < 2_000, "the socket was never closed");
    }
    let last = alice.ask(to(&players, "after")).await;
    assert_eq!(carols.await.unwrap(), sent, "carol gets every message once");
    let newest = newest(&stack, "bob").await;
    assert_eq!(newest["messageId"]["S"], last["body"]["messageIds"]["bob"], "nothing is lost");
    drop(deaf);
}
