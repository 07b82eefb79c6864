//! The game server of this repository, started by the fleet or by hand, and players who go there.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::Command,
    time::timeout,
};

use crate::harness::{Device, LocalStack, PATIENCE, eventually};

/// A player in the game: lines to and from its server.
struct Visitor(Lines<BufReader<TcpStream>>);

impl Visitor {
    /// Connects to where a push says, and shows this player session.
    async fn enter(push: &Value, player_session: &str) -> Self {
        let address = format!("{}:{}", push["ip"].as_str().unwrap(), push["port"]);
        let mut visitor = Self(BufReader::new(TcpStream::connect(address).await.unwrap()).lines());
        visitor.say(player_session).await;
        visitor
    }

    async fn invited(push: &Value) -> Self {
        Self::enter(push, push["playerSessionId"].as_str().unwrap()).await
    }

    async fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn hears(&mut self, expected: &[&str]) {
        for line in expected {
            let next = timeout(PATIENCE, self.0.next_line()).await.expect("a line in time").unwrap();
            assert_eq!(next.as_deref(), Some(*line));
        }
    }

    async fn is_shown_out(&mut self) {
        assert_eq!(timeout(PATIENCE, self.0.next_line()).await.expect("an end in time").unwrap(), None);
    }
}

/// How many game servers the stack's fleet has.
async fn servers(stack: &LocalStack) -> usize {
    let stack = stack.process.id().unwrap().to_string();
    let children = Command::new("ps").args(["-o", "ppid=,args=", "-A"]).output().await.unwrap();
    let children = String::from_utf8(children.stdout).unwrap();
    children.lines().filter(|line| line.split_whitespace().next() == Some(&stack) && line.contains("muster-game-server")).count()
}

fn program() -> PathBuf {
    muster_launch::build_package("muster-game-server").unwrap().remove(0)
}

#[tokio::test]
async fn a_placed_player_enters_the_real_game_server_and_is_told_its_results_when_it_has_left() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Device::connect(&stack, "alice").await;
    let placement_id = alice.request("r1").await;
    let push = alice.push().await;
    assert_eq!((&push["type"], &push["placementId"]), (&json!("session"), &json!(placement_id)), "{push}");
    assert_eq!(servers(&stack).await, 1);
    let mut stranger = Visitor::enter(&push, "psess-0d1b0a0e-5b0f-4d3f-9f0a-5c6f1d9d7a10").await;
    stranger.hears(&["refused: that is no player session of this game"]).await;
    stranger.is_shown_out().await;
    let mut visitor = Visitor::invited(&push).await;
    visitor.hears(&["welcome alice", "here: alice"]).await;
    drop(visitor);
    let over = alice.push().await;
    assert_eq!((&over["type"], &over["placementId"], &over["outcome"]), (&json!("placement"), &json!(placement_id), &json!("ended")));
    assert_eq!(over["results"]["joined"], json!(["alice"]), "{over}");
    assert!(over["results"]["seconds"].is_u64(), "{over}");
    eventually("the server is gone", || async { (servers(&stack).await == 0).then_some(()) }).await;
    let state = alice.state().await;
    assert_eq!((&state["sessions"], &state["seats"]), (&json!([]), &json!(null)), "{state}");
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

#[tokio::test]
async fn two_players_meet_on_a_server_that_was_started_by_hand() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (Device::connect(&stack, "alice").await, Device::connect(&stack, "bob").await);
    let mut server = by_hand(&program(), &stack);
    let (to_alice, to_bob) = (alice.push().await, bob.push().await);
    assert_eq!(to_alice["placementId"], to_bob["placementId"]);
    assert_ne!(to_alice["playerSessionId"], to_bob["playerSessionId"], "each has its own");
    let mut first = Visitor::invited(&to_alice).await;
    first.hears(&["welcome alice", "here: alice"]).await;
    let mut second = Visitor::invited(&to_bob).await;
    second.hears(&["welcome bob", "here: alice, bob"]).await;
    second.say("hello").await;
    first.hears(&["here: alice, bob", "bob: hello"]).await;
    drop((first, second));
    for device in [&mut alice, &mut bob] {
        let over = device.push().await;
        assert_eq!((&over["placementId"], &over["outcome"]), (&to_alice["placementId"], &json!("ended")), "{over}");
        assert_eq!(over["results"]["joined"], json!(["alice", "bob"]));
    }
    assert!(timeout(PATIENCE, server.wait()).await.expect("it leaves").unwrap().success());
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}

/// Starts a server as the guide does, but for the time that it waits for those who have left.
fn by_hand(program: &Path, stack: &LocalStack) -> tokio::process::Child {
    let topic = "arn:aws:sns:eu-central-1:123456789012:muster-dev-placement-events";
    let arguments = ["--players", "alice,bob", "--endpoint", &stack.addresses.endpoint, "--topic-arn", topic, "--grace-seconds", "1"];
    Command::new(program).args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}
