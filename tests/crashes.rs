//! Functions are killed in the middle of their work, and nothing is lost.

use std::process::Command;

use serde_json::json;

use crate::harness::{LocalStack, Socket, eventually};

fn signal(name: &str, processes: &[u32]) {
    for process in processes {
        let status = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().unwrap();
        assert!(status.success(), "kill -{name} {process}");
    }
}

fn message(text: &str) -> String {
    json!({"route": "sendMessage", "requestId": text, "body": {"playerIds": ["bob"], "message": text}}).to_string()
}

async fn player(stack: &LocalStack, name: &str) -> Socket {
    Socket::with_token(&stack.addresses.url, &stack.token(name).await).await.unwrap()
}

/// Holds the function's processes still, does `work`, which then waits for one of them, and kills them in the middle of it.
pub async fn killed_in_the_middle(stack: &LocalStack, function: &str, work: impl Future<Output = ()>) {
    let processes = stack.processes(function).await;
    assert!(!processes.is_empty(), "{function} has been used, so it has a process");
    let before = stack.invocations(function).await;
    signal("STOP", &processes);
    work.await;
    // An invocation is counted just before it is handed over, and nothing can become of it while its process stands still.
    eventually("the function is invoked", || async { (stack.invocations(function).await > before).then_some(()) }).await;
    signal("KILL", &processes);
}

#[tokio::test]
async fn a_route_that_dies_is_answered_by_the_gateway_and_works_again() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = player(&stack, "alice").await;
    assert_eq!(alice.ask(message("one")).await["type"], "reply");
    killed_in_the_middle(&stack, "send-message", alice.send(message("two"))).await;
    let answer = alice.receive().await;
    assert_eq!(answer["message"], "Internal server error", "{answer}");
    assert!(answer["connectionId"].is_string() && answer["requestId"].is_string(), "{answer}");
    assert_eq!(alice.ask(message("three")).await["type"], "reply");
}

#[tokio::test]
async fn a_consumer_that_dies_is_invoked_again_and_no_message_is_lost() {
    let stack = LocalStack::start(&[]).await;
    let (mut alice, mut bob) = (player(&stack, "alice").await, player(&stack, "bob").await);
    assert_eq!(alice.ask(message("one")).await["type"], "reply");
    assert_eq!(bob.receive().await["message"], "one");
    killed_in_the_middle(&stack, "messages-deliver", async {
        for text in ["two", "three"] {
            assert_eq!(alice.ask(message(text)).await["type"], "reply");
        }
    })
    .await;
    // A repeated delivery would be right; but both must come, and in order.
    let mut seen = vec![bob.receive().await["message"].clone()];
    while seen.last() != Some(&json!("three")) {
        seen.push(bob.receive().await["message"].clone());
    }
    assert_eq!(seen.first(), Some(&json!("two")));
}

#[tokio::test]
async fn a_disconnect_that_dies_leaves_a_row_that_harms_nobody() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = player(&stack, "alice").await;
    // The first disconnect starts the function's process.
    player(&stack, "bob").await.vanish();
    let disconnect = eventually("disconnect has a process", || async {
        let processes = stack.processes("disconnect").await;
        (!processes.is_empty()).then_some(processes)
    })
    .await;
    let before = stack.invocations("disconnect").await;
    signal("STOP", &disconnect);
    player(&stack, "bob").await.vanish();
    eventually("disconnect is invoked", || async { (stack.invocations("disconnect").await > before).then_some(()) }).await;
    signal("KILL", &disconnect);
    let mut bob = player(&stack, "bob").await;
    assert_eq!(alice.ask(message("hello")).await["type"], "reply");
    assert_eq!(bob.receive().await["message"], "hello");
}
