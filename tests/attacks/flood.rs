//! One socket sends as much as the gateway takes, and others are still served.
//!
//! The gateway works at no more than 32 frames of one socket at once, and the stage takes 1,000 in a second of all sockets together. What
//! is beyond that is answered with `Too Many Requests`, also to those who do not flood, and is to be sent again.

use std::time::{Duration, Instant};

use futures_util::future::{Either, join, select};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{LocalStack, Player, eventually, message_to};

/// How many messages are timed.
const SAMPLES: usize = 50;

/// How much longer than without a flood half of the messages may take: so many times as long, and this on top. Measured on two
/// cores were 9 to 95 ms instead of 2 to 3 ms, the more the busier they were.
const FACTOR: u32 = 10;
const ON_TOP: Duration = Duration::from_millis(500);

/// From a message's first sending to its push: the median. What the stage's throttle refuses is sent again, as a client should.
async fn median(alice: &mut Player, bob: &mut Player) -> Duration {
    let mut times = Vec::new();
    for number in 0..SAMPLES {
        let frame = message_to(&["bob"], &number.to_string());
        let sent = Instant::now();
        loop {
            let answer = alice.ask(&frame).await;
            if answer["type"] == "reply" {
                break;
            }
            assert_eq!(answer["message"], "Too Many Requests", "{answer}");
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(bob.texts(1).await, [number.to_string()]);
        times.push(sent.elapsed());
    }
    times.sort();
    times[SAMPLES / 2]
}

/// Measures how long messages take without and with a flood of `frame`, which `function` takes.
async fn others_are_served_during_a_flood_of(frame: Value, function: &str) {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let mut mallory = Player::connect(&stack, "mallory").await;
    alice.send(&["bob"], "so that everything has started").await;
    bob.texts(1).await;
    let quiet = median(&mut alice, &mut bob).await;
    let before = stack.invocations(function).await;
    let measuring = async {
        let is_flooded = || async { (stack.invocations(function).await > before + 500).then_some(()) };
        eventually("the flood is under way", is_flooded).await;
        median(&mut alice, &mut bob).await
    };
    let text = frame.to_string();
    let flood = std::pin::pin!(mallory.socket.flood(&text));
    let Either::Left((flooded, _)) = select(std::pin::pin!(measuring), flood).await else { panic!("the flood ended by itself") };
    println!("median {quiet:?} without and {flooded:?} with a flood of {function}");
    assert!(flooded <= quiet * FACTOR + ON_TOP, "{quiet:?} became {flooded:?}");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_flood_of_pings_from_one_socket_does_not_hold_up_others() {
    others_are_served_during_a_flood_of(json!({"route": "ping"}), "ping").await;
}

#[tokio::test]
async fn a_flood_of_messages_from_one_socket_does_not_hold_up_others() {
    others_are_served_during_a_flood_of(message_to(&["dave"], "spam"), "send-message").await;
}

/// Each such frame is a hundred rows, and a stream serves rows in their order: here others do wait, for as long as the rows in front take.
#[tokio::test]
async fn a_burst_of_messages_to_a_hundred_players_each_is_worked_off_and_nobody_loses_anything() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    let mut mallory = Player::connect(&stack, "mallory").await;
    let crowd: Vec<String> = (0..100).map(|number| format!("player-{number}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let burst = vec![message_to(&crowd, "spam").to_string(); 30];
    let texts: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    let sending = async {
        for text in &texts {
            alice.send(&["bob"], text).await;
        }
    };
    let (answers, ()) = join(mallory.socket.exchange(burst, 1_000), sending).await;
    assert!(answers.iter().all(|answer| answer["type"] == "reply"), "{answers:?}");
    assert_eq!(bob.texts(texts.len()).await, texts);
    assert_eq!(stack.inbox(crowd[99]).await.len(), 30);
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}
