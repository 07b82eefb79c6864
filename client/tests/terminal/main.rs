//! The terminal player as a process, against a small server that speaks the wire.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod matches;

use std::{
    collections::BTreeSet,
    process::{Output, Stdio},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

type Socket = WebSocketStream<TcpStream>;

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it happens in time")
}

/// A server on a free port, and the player's process that is to connect to it.
struct Stage {
    listener: TcpListener,
    player: Child,
}

impl Stage {
    async fn start(arguments: &[&str], input: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/dev", listener.local_addr().unwrap());
        Self { player: play(&[&["--url", &url], arguments].concat(), input).await, listener }
    }

    /// Gives the player a token.
    async fn issue(&self) {
        let (mut stream, _) = soon(self.listener.accept()).await.unwrap();
        let mut request = [0; 4_096];
        let length = soon(stream.read(&mut request)).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        assert!(request.starts_with("POST /issuer/token?player=alice HTTP/1.1"), "{request}");
        let body = r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    }

    async fn accept(&self) -> Socket {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        accept_async(stream).await.unwrap()
    }

    /// What the player printed, once it has left.
    async fn finish(self) -> Output {
        soon(self.player.wait_with_output()).await.unwrap()
    }
}

/// Starts the player with this standard input.
async fn play(arguments: &[&str], input: &str) -> Child {
    let mut player = start(arguments);
    player.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    player
}

/// Starts the player, whose input is still to come.
fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_muster-client"))
        .args(arguments)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The next frame.
async fn receive_any(socket: &mut Socket) -> Value {
    let message = soon(socket.next()).await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

/// The next frame that asks for anything but the inbox, which is empty.
async fn receive(socket: &mut Socket) -> Value {
    loop {
        let frame = receive_any(socket).await;
        if frame["route"] != "resume" {
            return frame;
        }
        show_inbox(socket, &frame, &json!([]), true).await;
    }
}

/// Answers a resume with an empty inbox, and with what the player waits for and missed.
async fn show_state(socket: &mut Socket, request: &Value, state: &Value) {
    assert_eq!(request["route"], "resume");
    let body = json!({"messages": [], "after": "018bcfe5-6800-7000-8000-000000000000", "complete": true, "state": state});
    reply(socket, request, &body).await;
}

async fn reply(socket: &mut Socket, request: &Value, body: &Value) {
    send(socket, json!({"type": "reply", "requestId": request["requestId"], "route": request["route"], "body": body})).await;
}

/// Answers a resume with all that the inbox holds.
async fn show_inbox(socket: &mut Socket, request: &Value, messages: &Value, complete: bool) {
    assert_eq!(request["route"], "resume");
    let body = json!({"messages": messages, "after": "018bcfe5-6800-7000-8000-000000000000", "complete": complete});
    send(socket, json!({"type": "reply", "requestId": request["requestId"], "route": "resume", "body": body})).await;
}

async fn send(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// Takes part in closing. The inbox may have been asked for, and nobody waits for it any more.
async fn see_off(socket: &mut Socket) {
    loop {
        match soon(socket.next()).await {
            Some(Ok(Message::Close(_))) => break,
            Some(Ok(Message::Text(text))) => assert!(text.contains("\"route\":\"resume\""), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    soon(socket.flush()).await.unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn piped_commands_run_in_order_and_are_answered_before_leaving() {
    let stage = Stage::start(&["alice", "--exit-at-eof"], "to bob,carol hello there\nping\nraw {\"route\":\"dance\"}\n").await;
    stage.issue().await;
    let mut socket = stage.accept().await;

    let message = receive(&mut socket).await;
    assert_eq!((&message["route"], &message["body"]["message"]), (&json!("sendMessage"), &json!("hello there")));
    send(&mut socket, json!({"type": "message", "messageId": "m", "senderId": "bob", "message": "hi", "sentAt": 1})).await;
    let body = json!({"messageIds": {"bob": "1", "carol": "2"}, "unsent": []});
    send(&mut socket, json!({"type": "reply", "requestId": message["requestId"], "route": "sendMessage", "body": body})).await;

    let ping = receive(&mut socket).await;
    send(&mut socket, json!({"type": "reply", "requestId": ping["requestId"], "route": "ping", "body": {"time": 42, "protocol": 1}})).await;
    assert_eq!(receive(&mut socket).await, json!({"route": "dance"}));
    send(&mut socket, json!({"type": "rejection", "code": "unknown_route", "message": "there is no route dance"})).await;
    see_off(&mut socket).await;

    let output = stage.finish().await;
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("Muster: connected to ws://") && lines[0].ends_with(" as alice."), "{printed}");
    assert!(lines.contains(&"bob: hi") && lines.contains(&"sent to bob, carol"), "{printed}");
    assert!(printed.contains("the server's time is 42"), "{printed}");
    assert!(lines.contains(&"rejected (unknown_route): there is no route dance"), "{printed}");
    assert_eq!(output.status.code(), Some(1), "the last command failed");
}

#[tokio::test]
async fn without_the_flag_the_end_of_input_is_not_the_end() {
    let stage = Stage::start(&["--token", "t"], "").await;
    let mut socket = stage.accept().await;
    drop(socket);
    socket = stage.accept().await;
    let request = receive_any(&mut socket).await;
    show_inbox(&mut socket, &request, &json!([]), true).await;
    send(&mut socket, json!({"message": "Too Many Requests", "connectionId": "c", "requestId": "g"})).await;
    // It closes the socket only because this process ends it: nothing else would.
    assert!(tokio::time::timeout(Duration::from_millis(300), socket.next()).await.is_err());
    let Stage { mut player, .. } = stage;
    player.start_kill().unwrap();
    let printed = text(&soon(player.wait_with_output()).await.unwrap().stdout);
    assert!(printed.contains("connection lost: ") && printed.contains("; next try in "), "{printed}");
    let end = "connected again\ncaught up: nothing missed\nthe gateway says: Too Many Requests (its request g)\n";
    assert!(printed.ends_with(end), "{printed}");
}

#[tokio::test]
async fn what_was_missed_is_printed_before_it_leaves() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "").await;
    let mut socket = stage.accept().await;
    let request = receive_any(&mut socket).await;
    let message = |n: u32| json!({"messageId": format!("018bcfe5-67ff-7000-8000-00000000000{n}"), "senderId": "bob", "message": "hi", "sentAt": 1_699_999_999_999_u64});
    show_inbox(&mut socket, &request, &json!([message(1), message(2)]), false).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().skip_while(|line| !line.starts_with("(missed")).collect();
    let missed = "(missed, 2023-11-14 22:13:19) bob: hi";
    assert_eq!(lines, [missed, missed, "caught up: 2 messages missed; there are older ones, which are not shown"]);
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn a_place_is_asked_for_and_given_up() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "place duel\ncancel\n").await;
    let mut socket = stage.accept().await;
    let place = receive(&mut socket).await;
    assert_eq!((&place["route"], &place["body"]), (&json!("sessionPlacementRequest"), &json!({"mode": "duel"})));
    reply(&mut socket, &place, &json!({"placementId": "p1"})).await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"seats": [{"kind": "placement", "id": "p1"}], "sessions": [], "placements": []})).await;
    let cancel = receive(&mut socket).await;
    assert_eq!((&cancel["route"], &cancel["body"]), (&json!("cancelPlacement"), &json!({"placementId": "p1"})));
    let found = json!({"type": "session", "placementId": "p1", "ip": "127.0.0.1", "port": 40_123, "playerSessionId": "psess-1", "gameSessionArn": "arn"});
    send(&mut socket, found).await;
    reply(&mut socket, &cancel, &json!({"placementId": "p1", "outcome": "fulfilled"})).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.contains(&"looking for a game server (placement p1)"), "{printed}");
    assert!(lines.contains(&"a game server: 127.0.0.1:40123, your player session psess-1 (placement p1)"), "{printed}");
    assert!(lines.contains(&"the placement had ended before: there is a game server"), "{printed}");
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn whoever_waits_for_a_placement_is_told_and_can_give_it_up() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "cancel\n").await;
    let mut socket = stage.accept().await;
    let ended = json!({"placementId": "p0", "outcome": "timedOut", "reason": "no game server was free in time"});
    let state = json!({"seats": [{"kind": "placement", "id": "p1"}], "sessions": [], "placements": [ended]});
    let cancel = loop {
        let request = receive_any(&mut socket).await;
        if request["route"] != "resume" {
            break request;
        }
        show_state(&mut socket, &request, &state).await;
    };
    assert_eq!((&cancel["route"], &cancel["body"]), (&json!("cancelPlacement"), &json!({"placementId": "p1"})));
    reply(&mut socket, &cancel, &json!({"placementId": "p1"})).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().filter(|line| line.contains("placement") && !line.starts_with(' ')).collect();
    let expected = [
        "the placement has ended: timed out: no game server was free in time (placement p0)",
        "the placement is being cancelled",
        "you are waiting for a placement (p1)",
    ];
    assert_eq!(BTreeSet::from_iter(lines), BTreeSet::from(expected), "{printed}");
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn whoever_waits_for_nothing_has_nothing_to_give_up() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "cancel\n").await;
    let mut socket = stage.accept().await;
    for _ in 0..2 {
        let request = receive_any(&mut socket).await;
        show_state(&mut socket, &request, &json!({"sessions": [], "placements": []})).await;
    }
    see_off(&mut socket).await;
    let output = stage.finish().await;
    assert!(text(&output.stdout).ends_with("\nthere is nothing to cancel: place asks for a place on a game server\n"));
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_token_that_expires_is_told_of() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "ping\nda\u{1b}[2Jnce\n").await;
    let mut socket = stage.accept().await;
    let ping = receive(&mut socket).await;
    send(&mut socket, json!({"type": "rejection", "requestId": ping["requestId"], "code": "token_expired", "message": "it is over"})).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    assert!(printed.contains("\nthe token has expired\n") && printed.contains("\nrejected (token_expired): it is over\n"), "{printed}");
    assert!(printed.contains("\nno such command: da\\u{1b}[2Jnce (help lists them)\n"), "{printed}");
}

#[tokio::test]
async fn quit_leaves_in_good_order() {
    let stage = Stage::start(&["--token", "t"], "quit\n").await;
    let mut socket = stage.accept().await;
    see_off(&mut socket).await;
    assert_eq!(stage.finish().await.status.code(), Some(0));
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_named_with_what_to_do() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("ws://{free}/dev");
    for arguments in [["alice", "--url", &url].as_slice(), &["--token", "t", "--url", &url]] {
        let output = soon(play(arguments, "").await.wait_with_output()).await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = text(&output.stderr);
        assert!(complaint.starts_with("no stack at ") && complaint.ends_with(": start it with `cargo run`\n"), "{complaint}");
    }
}

#[tokio::test]
async fn a_wrong_command_line_is_refused() {
    let output = soon(play(&["alice", "--url", "wss://a.example/dev"], "").await.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("give --token"));
}
