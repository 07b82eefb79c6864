//! Every function that has to do with messages is killed again and again, wherever it happens to be, while 1,000 `sendMessage` frames are
//! sent. Each names Bob and Carol, so that they are 2,000 rows.
//!
//! Bob has a bare socket, so that it shows what the stream delivers. Carol has the client library and a network that is cut at times, so
//! that it shows what a player gets.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use fastrand::Rng;
use futures_util::future::{join, join_all, join3};
use muster_client::{Client, Event, Events};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::kill;
use crate::{
    harness::{LocalStack, Network, Player, Socket, eventually, message_to},
    players::options,
};

const SENDERS: usize = 4;
const MESSAGES_EACH: usize = 250;
/// Who works for messages, and for those who come and go.
pub const FUNCTIONS: [&str; 8] = ["authorize", "connect", "disconnect", "default", "ping", "resume", "send-message", "messages-deliver"];
const RECIPIENTS: [&str; 2] = ["bob", "carol"];

/// Sends every message until it is acknowledged, under the same request id each time, and returns the acknowledged ids.
async fn send_all(stack: &LocalStack, name: &str) -> BTreeSet<String> {
    let mut sender = connect(stack, name).await;
    let mut acknowledged = BTreeSet::new();
    for number in 0..MESSAGES_EACH {
        let frame = message_to(&RECIPIENTS, &format!("{name} {number}"));
        let reply = loop {
            let answer = sender.ask(&frame).await;
            match answer["type"].as_str() {
                Some("reply") => break answer,
                Some("rejection") => assert_eq!(answer["code"], "internal", "{answer}"),
                _ => assert_eq!(answer["message"], "Internal server error", "{answer}"),
            }
        };
        let ids = reply["body"]["messageIds"].as_object().unwrap();
        assert_eq!(ids.len(), RECIPIENTS.len(), "{reply}");
        acknowledged.extend(ids.values().map(|id| id.as_str().unwrap().to_owned()));
    }
    acknowledged
}

/// Connects, again if a function dies over it.
async fn connect(stack: &LocalStack, name: &str) -> Player {
    let token = stack.token(name).await;
    Player::of(eventually("a connection", || async { Socket::with_token(&stack.addresses.url, &token).await.ok() }).await)
}

/// Puts every new message that a player receives into `received`, until there is nothing more to wait for.
async fn receive(mut player: Player, received: &Mutex<Vec<Value>>, done: &AtomicBool) {
    while !done.load(Relaxed) {
        if let Ok(message) = timeout(Duration::from_millis(50), player.message()).await {
            received.lock().unwrap().push(message);
        }
    }
}

/// The texts that a client hands out, until all have come; each must come once.
async fn collect(mut events: Events) -> BTreeSet<String> {
    let mut collected = BTreeSet::new();
    while collected.len() < SENDERS * MESSAGES_EACH {
        let event =
            timeout(Duration::from_secs(60), events.next()).await.expect("an event in time").expect("a client that does not give up");
        if let Event::Message(message) = event {
            assert!(collected.insert(message.message.clone()), "{message:?} came twice");
        }
    }
    collected
}

/// Cuts the network now and then while messages are sent.
async fn cut_at_random(network: &Network, sent: &AtomicBool) {
    let mut random = Rng::new();
    while !sent.load(Relaxed) {
        sleep(Duration::from_millis(random.u64(100..500))).await;
        network.cut();
        sleep(Duration::from_millis(random.u64(1..50))).await;
        network.mend();
    }
}

/// How many processes of each function were killed.
pub type Killed = BTreeMap<String, usize>;

/// Kills one process of these functions after another, for at least so long and until one of each was killed; however slow the machine is,
/// not for ever.
pub async fn kill_each(stack: &LocalStack, functions: &[String], time: Duration, done: &AtomicBool) -> Killed {
    let started = Instant::now();
    let is_over = |killed: &Killed| started.elapsed() >= if killed.len() < functions.len() { 4 * time } else { time };
    let killed = kill_at_random(stack, functions, is_over).await;
    done.store(true, Relaxed);
    killed
}

/// Kills one process of these functions after another, until it is over.
async fn kill_at_random(stack: &LocalStack, functions: &[String], is_over: impl Fn(&Killed) -> bool) -> Killed {
    let (mut random, mut killed) = (Rng::new(), Killed::new());
    while !is_over(&killed) {
        sleep(Duration::from_millis(random.u64(1..20))).await;
        let function = &functions[random.usize(0..functions.len())];
        if let Some(process) = random.choice(stack.processes(function).await) {
            kill(stack, &[process]);
            *killed.entry(function.clone()).or_default() += 1;
        }
    }
    killed
}

/// Comes, asks every route that sends nothing, and goes, so that these functions work, too.
async fn come_and_go(stack: &LocalStack, sent: &AtomicBool) {
    while !sent.load(Relaxed) {
        let mut visitor = connect(stack, "dave").await;
        for frame in [json!({"route": "ping"}), json!({"route": "resume"}), json!({"route": "nowhere"})] {
            visitor.ask(&frame).await;
        }
        visitor.socket.vanish();
    }
}

/// Waits until the stream has dealt with each of these rows: it was pushed, or is among the dead letters. Returns the ids of the
/// dead-lettered, other players' included.
async fn all_dealt_with(stack: &LocalStack, rows: &BTreeSet<String>, received: &Mutex<Vec<Value>>) -> BTreeSet<String> {
    let dead = RefCell::new(BTreeSet::new());
    eventually("every row is pushed or dead-lettered", || async {
        for letter in stack.dead_letters("messages-deliver").await {
            let ids = stack.dead_lettered(&letter).await;
            dead.borrow_mut().extend(ids);
        }
        let received = received.lock().unwrap();
        let pushed: BTreeSet<&str> = received.iter().map(|message| message["messageId"].as_str().unwrap()).collect();
        rows.iter().all(|id| pushed.contains(id.as_str()) || dead.borrow().contains(id)).then_some(())
    })
    .await;
    dead.into_inner()
}

/// The ids of rows.
fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["messageId"]["S"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whatever_dies_each_message_is_in_its_inbox_and_pushed_or_dead_lettered_and_none_comes_twice() {
    let stack = LocalStack::start(&[]).await;
    let network = Network::to(&stack.addresses.url).await;
    let (sent, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let received = Mutex::default();
    let bob = connect(&stack, RECIPIENTS[0]).await;
    let carols = options(&network.url(&stack.addresses.url), stack.token(RECIPIENTS[1]).await);
    let (_carol, events) = Client::connect(carols).await.unwrap();
    let names: Vec<String> = (0..SENDERS).map(|number| format!("sender-{number}")).collect();
    let sending = async {
        let acknowledged = join_all(names.iter().map(|name| send_all(&stack, name))).await;
        sent.store(true, Relaxed);
        acknowledged.into_iter().flatten().collect::<BTreeSet<String>>()
    };
    let functions = FUNCTIONS.map(str::to_owned);
    let disturbing =
        join3(kill_at_random(&stack, &functions, |_| sent.load(Relaxed)), come_and_go(&stack, &sent), cut_at_random(&network, &sent));
    let working = async {
        let (acknowledged, (killed, (), ())) = join(sending, disturbing).await;
        let bobs = stack.inbox(RECIPIENTS[0]).await;
        let dead = all_dealt_with(&stack, &ids(&bobs), &received).await;
        done.store(true, Relaxed);
        // What was given up by now is missed for sure when the client reads its inbox once more.
        network.cut();
        network.mend();
        (acknowledged, killed, bobs, dead)
    };
    let ((acknowledged, killed, bobs, dead), (), collected) = join3(working, receive(bob, &received, &done), collect(events)).await;
    println!("killed {killed:?}; {} rows were dead-lettered", dead.len());
    assert_eq!(killed.len(), functions.len(), "every function was killed: {killed:?}");

    // What was sent again because its answer was lost has the same sender, request and text, and counts as one message.
    let expected: BTreeSet<String> =
        names.iter().flat_map(|name| (0..MESSAGES_EACH).map(move |number| format!("{name} {number}"))).collect();
    assert_eq!(collected, expected, "carol's client has handed out every message");
    let mut stored = BTreeSet::new();
    for inbox in [&bobs, &stack.inbox(RECIPIENTS[1]).await] {
        let texts: BTreeSet<String> = inbox.iter().map(|row| row["message"]["S"].as_str().unwrap().to_owned()).collect();
        assert_eq!(texts, expected, "every message is in the inbox");
        stored.append(&mut ids(inbox));
    }
    assert!(acknowledged.is_subset(&stored), "what was acknowledged is stored");
    let received = received.into_inner().unwrap();
    assert!(received.iter().all(|message| stored.contains(message["messageId"].as_str().unwrap())), "what comes has been stored");
    assert_in_order_after_dedupe(&received);
}

/// Drops what was sent again under the same sender and request id, and checks that what is left of each sender comes in its order.
fn assert_in_order_after_dedupe(received: &[Value]) {
    let mut seen = BTreeSet::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for message in received {
        let [sender, request] = ["senderId", "requestId"].map(|name| message[name].as_str().unwrap());
        if seen.insert((sender, request)) {
            let number = request.rsplit(' ').next().unwrap().parse().unwrap();
            let before = last.insert(sender, number);
            assert!(before.is_none_or(|before| before < number), "{request} came after {before:?}");
        }
    }
}
