//! Functions are killed in the middle of their work, and nothing is lost.
//!
//! Here it is those that have to do with messages. `placing` is about placements and `matching` about pools and matches, step by step, with
//! `traps` that catch functions there, `announcing` about announcements, and `tasks` about what operators invoke. In `at_random`,
//! `placing_at_random` and `matching_at_random` all functions are killed all the time.

mod announcing;
mod at_random;
mod kept;
mod matching;
mod matching_at_random;
mod placing;
mod placing_at_random;
mod tasks;
mod traps;

use std::{collections::BTreeSet, process::Command};

use crate::harness::{Gate, LocalStack, Player, Proxy, Socket, Treatment, message_to};

/// Ends processes of the stack without a word, those that have ended already excepted: such a number may by now be another program's.
fn kill(stack: &LocalStack, processes: &[u32]) {
    let stack = stack.process.id().expect("a stack that runs").to_string();
    for process in processes.iter().map(u32::to_string) {
        let parent = Command::new("ps").args(["-o", "ppid=", "-p", &process]).output().unwrap();
        if String::from_utf8_lossy(&parent.stdout).trim() == stack {
            Command::new("kill").args(["-KILL", &process]).output().unwrap();
        }
    }
}

/// Where in its work a function is killed.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// It has called an AWS API, which has not seen the call yet.
    BeforeItsCall,
    /// The AWS API has done what was asked for, and the function has not heard of it.
    AfterItsCall,
}

/// Does `work`, which has `function` call `operation`, and kills its processes there.
pub async fn killed_in_the_middle(
    (stack, proxy): (&LocalStack, &Proxy),
    function: &str,
    (moment, operation): (Moment, &'static str),
    work: impl Future<Output = ()>,
) {
    // Those who died before their calls have made none that is done.
    let (before, done) = (proxy.called(operation), proxy.done(operation));
    // It is never opened: who is held there dies there.
    let gate = Gate::closed();
    proxy.treat(move |call| match moment {
        _ if call.operation != operation => Treatment::Pass,
        Moment::BeforeItsCall => Treatment::HoldCall(gate.clone()),
        Moment::AfterItsCall => Treatment::HoldAnswer(gate.clone()),
    });
    work.await;
    proxy.sees(operation, before + 1).await;
    if let Moment::AfterItsCall = moment {
        proxy.has_done(operation, done + 1).await;
    }
    proxy.treat(|_| Treatment::Pass);
    let processes = stack.processes(function).await;
    assert!(!processes.is_empty(), "{function} is held in the middle of its work");
    kill(stack, &processes);
}

/// A stack whose functions can be caught in the middle of their calls.
pub async fn stack() -> (LocalStack, Proxy) {
    Proxy::between(&["dynamodb", "apigatewaymanagementapi"], &[]).await
}

#[tokio::test]
async fn each_function_is_killed_by_one_of_these_tests() {
    let stack = LocalStack::start(&[]).await;
    let killed = at_random::FUNCTIONS.iter().chain(&placing_at_random::FUNCTIONS).chain(&matching_at_random::FUNCTIONS);
    let killed = killed.chain(&tasks::FUNCTIONS).chain(&["announcements"]);
    let killed: BTreeSet<String> = killed.map(|&function| function.to_owned()).collect();
    assert_eq!(killed, stack.functions().await.into_iter().collect());
}

#[tokio::test]
async fn a_route_that_dies_is_answered_by_the_gateway_and_works_again() {
    let (stack, proxy) = stack().await;
    let mut alice = Player::connect(&stack, "alice").await;
    alice.send(&["bob"], "one").await;
    for (moment, text, stored) in [(Moment::BeforeItsCall, "two", 1), (Moment::AfterItsCall, "three", 2)] {
        let sent = alice.socket.send(message_to(&["bob"], text).to_string());
        killed_in_the_middle((&stack, &proxy), "send-message", (moment, "BatchWriteItem"), sent).await;
        let answer = alice.socket.receive().await;
        assert_eq!(answer["message"], "Internal server error", "{answer}");
        assert!(answer["connectionId"].is_string() && answer["requestId"].is_string(), "{answer}");
        assert_eq!(stack.inbox("bob").await.len(), stored, "{moment:?}");
    }
    // Whoever got no answer may ask again; recipients know the request by its sender and its id.
    alice.send(&["bob"], "three").await;
    let rows = stack.inbox("bob").await;
    let requests: Vec<_> =
        rows.iter().map(|row| (row["senderId"]["S"].as_str().unwrap(), row["requestId"]["S"].as_str().unwrap())).collect();
    assert_eq!(requests, [("alice", "one"), ("alice", "three"), ("alice", "three")]);
}

#[tokio::test]
async fn a_consumer_that_dies_is_invoked_again_and_no_message_is_lost() {
    let (stack, proxy) = stack().await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    alice.send(&["bob"], "one").await;
    assert_eq!(bob.texts(1).await, ["one"]);
    for point in [(Moment::BeforeItsCall, "Query"), (Moment::BeforeItsCall, "PostToConnection"), (Moment::AfterItsCall, "PostToConnection")]
    {
        killed_in_the_middle((&stack, &proxy), "messages-deliver", point, async {
            for text in ["two", "three"] {
                alice.send(&["bob"], text).await;
            }
        })
        .await;
        assert_eq!(bob.texts(2).await, ["two", "three"], "{point:?}");
    }
    alice.send(&["bob"], "four").await;
    assert_eq!(bob.texts(1).await, ["four"]);
    assert!(bob.repeated > 0, "what was pushed just before the end is pushed again");
}

#[tokio::test]
async fn a_disconnect_that_dies_leaves_a_row_that_harms_nobody() {
    let (stack, proxy) = stack().await;
    let mut alice = Player::connect(&stack, "alice").await;
    let bob = Player::connect(&stack, "bob").await;
    let gone = async { bob.socket.vanish() };
    killed_in_the_middle((&stack, &proxy), "disconnect", (Moment::BeforeItsCall, "DeleteItem"), gone).await;
    let mut bob = Player::connect(&stack, "bob").await;
    assert_eq!(stack.connections("bob").await.len(), 2, "the old row is still there");
    alice.send(&["bob"], "hello").await;
    assert_eq!(bob.texts(1).await, ["hello"]);
}

#[tokio::test]
async fn a_handshake_whose_function_dies_fails_and_the_next_one_does_not() {
    let (stack, proxy) = stack().await;
    let token = stack.token("bob").await;
    Player::connect(&stack, "bob").await;
    let url = stack.addresses.url.clone();
    let mut refused = None;
    killed_in_the_middle((&stack, &proxy), "connect", (Moment::AfterItsCall, "PutItem"), async {
        refused = Some(tokio::spawn(async move { Socket::with_token(&url, &token).await.err() }));
    })
    .await;
    assert_eq!(refused.unwrap().await.unwrap(), Some(502));
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    // The row of the socket that never opened delays nobody.
    alice.send(&["bob"], "hello").await;
    assert_eq!(bob.texts(1).await, ["hello"]);
}
