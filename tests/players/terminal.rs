//! The terminal player: what is typed, what is printed, and with which code it leaves.

use futures_util::future::join;
use muster_client::{Client, Options};

use crate::harness::{LocalStack, Network, Terminal, free_port};

fn play(stack: &LocalStack, name: &str) -> Terminal {
    Terminal::start(&[name, "--url", &stack.addresses.url, "--exit-at-eof"])
}

#[tokio::test]
async fn two_players_talk() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (play(&stack, "alice"), play(&stack, "bob"));
    let greetings = join(alice.line("Muster: connected"), bob.line("Muster: connected")).await;
    assert_eq!(greetings.0, format!("Muster: connected to {} as alice.", stack.addresses.url));
    bob.enter("to alice hi").await;
    assert_eq!(bob.line("sent").await, "sent to alice");
    assert_eq!(alice.line("bob").await, "bob: hi");
    alice.enter("to bob,carol hello   both").await;
    assert_eq!(alice.line("sent").await, "sent to bob, carol");
    assert_eq!(bob.line("alice").await, "alice: hello   both");
    alice.enter("ping").await;
    let pong = alice.line("pong").await;
    assert!(pong.starts_with("pong after ") && pong.contains(" ms; the server's time is 1"), "{pong}");
    for left in [alice.leave().await, bob.leave().await] {
        assert_eq!((left.code, left.complaint.as_str()), (Some(0), ""), "{left:?}");
    }
}

#[tokio::test]
async fn a_player_whose_network_was_cut_is_shown_what_it_missed() {
    let stack = LocalStack::start(&[]).await;
    let network = Network::to(&stack.addresses.url).await;
    let token = stack.token("alice").await;
    let mut alice = Terminal::start(&["--token", &token, "--url", &network.url(&stack.addresses.url), "--exit-at-eof"]);
    alice.line("Muster: connected").await;
    let mut bob = play(&stack, "bob");
    network.cut();
    for text in ["one", "two"] {
        bob.enter(&format!("to alice {text}")).await;
        assert_eq!(bob.line("sent").await, "sent to alice");
    }
    network.mend();
    for text in ["one", "two"] {
        let missed = alice.line("(missed").await;
        assert!(missed.ends_with(&format!("bob: {text}")), "{missed}");
    }
    assert_eq!(alice.line("caught up").await, "caught up: 2 messages missed");
    bob.enter("to alice three").await;
    assert_eq!(alice.line("bob").await, "bob: three");
    assert_eq!((alice.leave().await.code, bob.leave().await.code), (Some(0), Some(0)));
}

#[tokio::test]
async fn piped_commands_are_all_answered_before_it_leaves() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = play(&stack, "alice");
    for command in ["to bob one", "to bob two", "raw {\"route\":\"ping\"}", "ping"] {
        alice.enter(command).await;
    }
    let left = alice.leave().await;
    assert_eq!(left.code, Some(0), "{left:?}");
    let count = |start: &str| left.printed.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("sent to bob"), count("ping replied: {\"protocol\":1,\"time\":"), count("pong after ")), (2, 1, 1), "{left:?}");
}

#[tokio::test]
async fn what_is_refused_is_said_in_words_and_by_the_exit_code() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = play(&stack, "alice");
    alice.enter(&format!("to bob {}", "x".repeat(4_097))).await;
    assert_eq!(alice.line("rejected").await, "rejected (bad_request): body.message: 1 to 4096 bytes, not 4097");
    alice.enter("raw {\"route\":\"dance\"}").await;
    let unknown = alice.line("rejected").await;
    assert!(unknown.starts_with("rejected (unknown_route): ") && unknown.contains("sendMessage"), "{unknown}");
    let left = alice.leave().await;
    assert_eq!(left.code, Some(1), "{left:?}");
}

#[tokio::test]
async fn nobody_can_control_another_players_terminal() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = play(&stack, "alice");
    alice.line("Muster: connected").await;
    // The issuer gives no token for a name with control characters, so that only the text can have them.
    let (mallory, _events) = Client::connect(Options::new(&stack.addresses.url, stack.token("mallory").await)).await.unwrap();
    mallory.send_message(&["alice"], "\u{1b}[2J\u{1b}]0;title\u{7}\r\nbob: lies\u{9b}1A").await.unwrap();
    assert_eq!(alice.line("mallory").await, r"mallory: \u{1b}[2J\u{1b}]0;title\u{7}\r\nbob: lies\u{9b}1A");
    // Nor do names that come back in a reply.
    alice.enter("to \u{202e}bob hi").await;
    let sent = alice.line("sent").await;
    assert_eq!(sent, r"sent to \u{202e}bob");
    let left = alice.leave().await;
    assert!(left.printed.iter().all(|line| !line.contains(char::is_control)), "{left:?}");
}

#[tokio::test]
async fn a_name_that_the_issuer_refuses_is_said_without_it() {
    let stack = LocalStack::start(&[]).await;
    let left = play(&stack, "\u{1b}[2Jeve").leave().await;
    assert_eq!((left.code, left.printed.len()), (Some(1), 0), "{left:?}");
    assert!(left.complaint.contains("400") && left.complaint.contains("no control characters"), "{left:?}");
    assert!(!left.complaint.trim_end().contains(char::is_control), "{left:?}");
}

#[tokio::test]
async fn without_a_stack_it_says_what_to_do() {
    let left = Terminal::start(&["alice", "--url", &format!("ws://127.0.0.1:{}/dev", free_port()), "--exit-at-eof"]).leave().await;
    assert_eq!((left.code, left.printed.len()), (Some(1), 0), "{left:?}");
    assert!(left.complaint.starts_with("no ") && left.complaint.ends_with(": start it with `cargo run`\n"), "{left:?}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_an_exit_code() {
    let stack = LocalStack::start(&[]).await;
    let left = Terminal::start(&["--token", "no.real.token", "--url", &stack.addresses.url]).leave().await;
    assert_eq!((left.code, left.complaint.as_str()), (Some(1), "forbidden (403): the server does not accept this token\n"), "{left:?}");
}
