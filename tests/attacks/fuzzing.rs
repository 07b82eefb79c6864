//! Frames that are wrong in every way there is, a thousand in a second: each is answered, and nothing breaks.

use std::iter;

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{CloseCode, Data, OpCode},
    },
};

use crate::harness::{LocalStack, Player, Socket, message_to};

const SOCKETS: usize = 4;
const FRAMES_PER_SOCKET: usize = 1_000;
const FRAMES_PER_SECOND: u32 = 250;

/// A frame that no route can take, of any of the kinds that there are.
fn wrong_frame(random: &mut Rng) -> String {
    let deep = |random: &mut Rng| {
        let depth = random.usize(100..10_000);
        "[".repeat(depth) + &"]".repeat(depth)
    };
    let number = |random: &mut Rng| {
        let huge = format!("{}{}", random.u8(1..=9), "9".repeat(random.usize(1..2_000)));
        [huge.clone(), format!("-{huge}"), format!("{huge}e{huge}"), "1e999".to_owned(), "-0.0e-999".to_owned()][random.usize(0..5)].clone()
    };
    match random.u8(0..10) {
        // A letter in front makes sure that it is no JSON.
        0 => format!("x{}", text(random)),
        1 => {
            let whole = json!({"route": "sendMessage", "requestId": text(random), "body": {"playerIds": ["bob"], "message": text(random)}});
            let whole = whole.to_string();
            let cut = random.usize(1..whole.len());
            whole.char_indices().take_while(|(at, _)| *at < cut).map(|(_, letter)| letter).collect()
        }
        2 => format!(r#"{{"route":"ping","body":{}}}"#, deep(random)),
        3 => format!(r#"{{"route":"sendMessage","body":{{"playerIds":[{}],"message":"hi"}}}}"#, deep(random)),
        4 => format!(r#"{{"route":"sendMessage","body":{{"playerIds":["bob"],"message":{}}}}}"#, number(random)),
        5 => format!(r#"{{"route":"ping","requestId":{}}}"#, number(random)),
        6 => {
            let twice = [
                r#"{"route":"ping","route":"ping"}"#,
                r#"{"route":"ping","requestId":"a","requestId":"b"}"#,
                r#"{"route":"sendMessage","body":{},"body":{"playerIds":["bob"],"message":"hi"}}"#,
                r#"{"route":"sendMessage","body":{"playerIds":["bob"],"playerIds":["bob"],"message":"hi"}}"#,
            ];
            twice[random.usize(0..twice.len())].to_owned()
        }
        7 => {
            let odd = [json!(null), json!(true), json!([]), json!({}), json!(7), json!(text(random))];
            let mut odd = || odd[random.usize(0..odd.len())].clone();
            // The message is a list in any case, which is the wrong type.
            json!({"route": "sendMessage", "requestId": null, "body": {"playerIds": odd(), "message": [odd()], "extra": odd()}}).to_string()
        }
        8 => json!({"route": format!("{}?", text(random)), "requestId": "r", "body": {"a": text(random)}}).to_string(),
        _ => {
            let odd = [
                "\u{feff}{}",
                "{}{}",
                "{'route':'ping'}",
                r#"{"route":"ping",}"#,
                r#"{"route":"\ud800"}"#,
                r#"{"route":"ping"} // now"#,
                "NaN",
                r#"{"route":"ping","body":NaN}"#,
                r#"{"route":"$connect"}"#,
                r#"{"route":"$default"}"#,
                r#"{"route":""}"#,
                "\u{0}",
                " ",
                "null",
                r#"{"Route":"ping"}"#,
                r#"{"route":["ping"]}"#,
                r#"{"__proto__":{"route":"ping"}}"#,
                "\"ping\"",
                "[]",
            ];
            odd[random.usize(0..odd.len())].to_owned()
        }
    }
}

/// Up to 200 characters of all planes, control characters and what JSON and terminals treat specially among them.
fn text(random: &mut Rng) -> String {
    let special = ['"', '\\', '{', '}', '[', ']', '\u{0}', '\u{1b}', '\n', '\u{2028}', '\u{202e}', '\u{fffe}', '\u{10ffff}'];
    let letter = |random: &mut Rng| match random.u8(0..4) {
        0 => special[random.usize(0..special.len())],
        1 => random.char('\u{0}'..='\u{ff}'),
        2 => random.char(..),
        _ => random.alphanumeric(),
    };
    let length = random.usize(0..200);
    iter::repeat_with(|| letter(random)).take(length).collect()
}

#[tokio::test]
async fn a_thousand_wrong_frames_in_a_second_are_a_rejection_each_and_break_nothing() {
    let stack = LocalStack::start(&[]).await;
    let seed = fastrand::u64(..);
    let mut random = Rng::with_seed(seed);
    let mut mallory = Vec::new();
    for _ in 0..SOCKETS {
        mallory.push(Player::connect(&stack, "mallory").await);
    }
    // The functions start before it gets busy.
    assert_eq!(mallory[0].ask(&message_to(&["nobody"], "hi")).await["type"], "reply");
    let flood = mallory.iter_mut().map(|player| {
        let frames: Vec<String> = iter::repeat_with(|| wrong_frame(&mut random)).take(FRAMES_PER_SOCKET).collect();
        player.socket.exchange(frames, FRAMES_PER_SECOND)
    });
    for answers in join_all(flood.collect::<Vec<_>>()).await {
        let others: Vec<&Value> = answers.iter().filter(|answer| answer["type"] != "rejection").collect();
        assert!(answers.len() == FRAMES_PER_SOCKET && others.is_empty(), "seed {seed}: {others:?}");
        let known = ["bad_frame", "unknown_route", "bad_request"];
        assert!(answers.iter().all(|answer| known.contains(&answer["code"].as_str().unwrap())), "no fault is told: seed {seed}");
    }
    assert_eq!(stack.troubles().await, Vec::<String>::new(), "seed {seed}");
    for player in &mut mallory {
        assert_eq!(player.ask(&json!({"route": "ping"})).await["type"], "reply", "the socket is open");
    }
}

#[tokio::test]
async fn what_is_no_text_closes_its_own_socket_and_breaks_nothing() {
    let stack = LocalStack::start(&[]).await;
    let token = stack.token("mallory").await;
    let mut other = Player::connect(&stack, "mallory").await;
    let broken: [&[u8]; 8] = [
        b"\xff",
        b"{\"route\":\"\xc3\x28\"}",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc0\xaf",
        b"abc\xe2\x82",
        b"\xf4\x90\x80\x80",
        b"\x80",
    ];
    let broken = broken.iter().map(|bytes| (OpCode::Data(Data::Text), bytes.to_vec(), CloseCode::Invalid));
    let binary = [vec![], vec![0], br#"{"route":"ping"}"#.to_vec(), vec![0xff; 1_000]];
    let binary = binary.into_iter().map(|bytes| (OpCode::Data(Data::Binary), bytes, CloseCode::Unsupported));
    for (kind, bytes, code) in broken.chain(binary) {
        let mut socket = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
        socket.send_message(Message::Frame(Frame::message(bytes.clone(), kind, true))).await.unwrap();
        assert_eq!(socket.closed().await.map(|frame| frame.code), Some(code), "{bytes:?}");
    }
    // A character may be cut in two by the frames of one message.
    let mut socket = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    socket.send_pieces(&[b"\xe2\x98", b"\x83"]).await.unwrap();
    assert_eq!(socket.receive().await["code"], "bad_frame");
    assert_eq!(other.ask(&json!({"route": "ping"})).await["type"], "reply");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}
