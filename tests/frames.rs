//! Whatever a client sends, it is answered, and nothing breaks.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::harness::{LocalStack, Socket, Stack};

async fn alice(stack: &Stack) -> Socket {
    Socket::with_token(stack.url(), &stack.token("alice").await).await.unwrap()
}

/// The code and the message of a rejection.
fn rejection(answer: &Value) -> (&str, &str) {
    assert_eq!(answer["type"], "rejection", "{answer}");
    (answer["code"].as_str().unwrap(), answer["message"].as_str().unwrap())
}

#[tokio::test]
async fn a_ping_is_answered_with_the_servers_time() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    let answer = socket.ask(r#"{"route":"ping","requestId":"r1"}"#).await;
    assert_eq!((&answer["type"], &answer["requestId"], &answer["route"]), (&json!("reply"), &json!("r1"), &json!("ping")));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(now.abs_diff(answer["body"]["time"].as_u64().unwrap().into()) < 60_000, "{answer}");
    assert_eq!(answer["body"]["protocol"], 1, "{answer}");
    let newest = socket.ask(r#"{"route":"ping","body":{"protocol":1}}"#).await;
    assert_eq!(newest["type"], "reply", "{newest}");
    let outdated = socket.ask(r#"{"route":"ping","body":{"protocol":0}}"#).await;
    assert_eq!(rejection(&outdated), ("outdated", "body.protocol: at least 1, not 0; a newer client is needed"));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    let cases = [
        ("hello", "bad_frame", "the frame is not JSON"),
        (r#"{"route":"ping""#, "bad_frame", "the frame is not JSON"),
        (r#"["ping"]"#, "bad_frame", "the frame is not a JSON object"),
        ("null", "bad_frame", "the frame is not a JSON object"),
        ("{}", "bad_frame", "missing field `route`"),
        (r#"{"route":{"name":"ping"}}"#, "bad_frame", "expected a string"),
        (r#"{"route":"fly"}"#, "unknown_route", "there is no route 'fly'; the routes are ping, sendMessage"),
        (r#"{"route":"Ping"}"#, "unknown_route", "there is no route 'Ping'"),
        (r#"{"route":"ping","body":"now"}"#, "bad_request", "body: must be an object"),
        (r#"{"route":"ping","requestId":7}"#, "bad_frame", "expected a string"),
    ];
    for (frame, code, message) in cases {
        let answer = socket.ask(frame).await;
        let refused = rejection(&answer);
        assert_eq!(refused.0, code, "{frame}");
        assert!(refused.1.contains(message), "{frame}: {}", refused.1);
        // What a route has refused names it.
        let is_routed = frame.starts_with(r#"{"route":"ping","#);
        assert_eq!(answer.get("route"), is_routed.then(|| json!("ping")).as_ref(), "{frame}");
    }
}

#[tokio::test]
async fn a_bad_request_is_refused_by_field_and_limit_and_echoes_its_id() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    let players = |count: usize| (0..count).map(|player| player.to_string()).collect::<Vec<_>>();
    let cases = [
        (json!({}), "body: missing field `playerIds`"),
        (json!({"playerIds": ["bob"]}), "body: missing field `message`"),
        (json!({"message": "hi"}), "body: missing field `playerIds`"),
        (json!({"playerIds": "bob", "message": "hi"}), "body.playerIds: invalid type: string \"bob\", expected a sequence"),
        (json!({"playerIds": ["bob", 5], "message": "hi"}), "body.playerIds[1]: invalid type: integer `5`, expected a string"),
        (json!({"playerIds": ["bob"], "message": {"text": "hi"}}), "body.message: invalid type: map, expected a string"),
        (json!({"playerIds": [], "message": "hi"}), "body.playerIds: 1 to 100 players, not 0"),
        (json!({"playerIds": players(101), "message": "hi"}), "body.playerIds: 1 to 100 players, not 101"),
        (json!({"playerIds": ["x".repeat(129)], "message": "hi"}), "body.playerIds[0]: 1 to 128 characters, not 129"),
        (json!({"playerIds": ["bob"], "message": ""}), "body.message: 1 to 4096 bytes, not 0"),
        (json!({"playerIds": ["bob"], "message": "x".repeat(4_097)}), "body.message: 1 to 4096 bytes, not 4097"),
    ];
    for (body, message) in cases {
        let answer = socket.ask(json!({"route": "sendMessage", "requestId": "r7", "body": body}).to_string()).await;
        assert_eq!(rejection(&answer), ("bad_request", message));
        assert_eq!((&answer["requestId"], &answer["route"]), (&json!("r7"), &json!("sendMessage")));
    }
    let answer = socket.ask(json!({"route": "ping", "requestId": "r".repeat(65)}).to_string()).await;
    assert_eq!(rejection(&answer), ("bad_request", "requestId: at most 64 characters, not 65"));
    let largest = json!({"playerIds": players(100), "message": "\u{1}".repeat(4_096)});
    assert_eq!(socket.ask(json!({"route": "sendMessage", "body": largest}).to_string()).await["type"], "reply");
}

#[tokio::test]
async fn what_is_unknown_absent_or_written_otherwise_is_in_nobodys_way() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    let deep = "[".repeat(4_000) + &"]".repeat(4_000);
    for odd in [deep.as_str(), "1e999", r#""\ud800""#, r#"{"\ud800":null}"#, "null"] {
        let frame = format!(r#"{{"odd":{odd},"route":"resume","body":{{"odd":{odd},"after":null,"limit":1.0}},"requestId":"r1"}}"#);
        let answer = socket.ask(frame).await;
        assert_eq!((&answer["type"], &answer["requestId"]), (&json!("reply"), &json!("r1")), "{answer}");
    }
}

#[tokio::test]
async fn a_message_over_128_kb_closes_the_socket_and_nothing_else() {
    let stack = Stack::start().await;
    let (mut loud, mut quiet) = (alice(&stack).await, alice(&stack).await);
    // The gateway may close while the rest is still being sent; what counts is how it closes.
    drop(loud.send_fragments(&"x".repeat(128 * 1024 + 1), 16 * 1024).await);
    assert_eq!(loud.closed().await.map(|frame| frame.code), Some(CloseCode::Size));
    assert_eq!(quiet.ask(r#"{"route":"ping"}"#).await["type"], "reply");
}

#[tokio::test]
async fn a_message_of_128_kb_is_taken_in_frames_of_32_kb_and_in_no_larger_ones() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    let padding = "x".repeat(128 * 1024 - r#"{"route":"ping","else":""}"#.len());
    let largest = format!(r#"{{"route":"ping","else":"{padding}"}}"#);
    socket.send_fragments(&largest, 32 * 1024).await.unwrap();
    assert_eq!(socket.receive().await["type"], "reply");
    drop(socket.send_fragments(&largest, 32 * 1024 + 1).await);
    assert_eq!(socket.closed().await.map(|frame| frame.code), Some(CloseCode::Size));
}

#[tokio::test]
async fn a_binary_message_closes_the_socket() {
    let stack = Stack::start().await;
    let mut socket = alice(&stack).await;
    socket.send_message(Message::binary(vec![0, 159, 146, 150])).await.unwrap();
    assert_eq!(socket.closed().await.map(|frame| frame.code), Some(CloseCode::Unsupported));
}

#[tokio::test]
async fn deep_and_odd_json_is_answered() {
    let stack = LocalStack::start(&[]).await;
    let mut socket = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let frames = [
        deep.clone(),
        format!(r#"{{"route":"ping","body":{deep}}}"#),
        format!(r#"{{"route":"sendMessage","body":{{"playerIds":{deep},"message":"hi"}}}}"#),
        r#"{"route":"ping","route":"sendMessage"}"#.to_owned(),
        format!(r#"{{"route":{}}}"#, "9".repeat(1_000)),
        r#"{"route":"ping","requestId":1e999}"#.to_owned(),
        r#"{"route":"\ud800"}"#.to_owned(),
        r#"{"route":"$connect"}"#.to_owned(),
        r#"{"route":"$disconnect"}"#.to_owned(),
        "\u{feff}{}".to_owned(),
    ];
    for frame in frames {
        let shown: String = frame.chars().take(60).collect();
        assert_eq!(socket.ask(frame).await["type"], "rejection", "{shown}");
    }
    let output = stack.output();
    assert!(!output.contains("ERROR"), "no frame is a fault: {output}");
}
