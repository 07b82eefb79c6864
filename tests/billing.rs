//! What the stack says that AWS would bill.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{LocalStack, Socket, eventually};

/// What `/status` says once nothing is under way and so many sockets are open.
async fn quiet(stack: &LocalStack, sockets: u64) -> Value {
    let url = format!("{}/status", stack.addresses.endpoint);
    eventually("nothing is under way", || async {
        let status: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        (status["busy"] == 0 && status["sockets"] == sockets).then_some(status)
    })
    .await
}

fn used(before: &Value, after: &Value, item: &str) -> f64 {
    let quantity = |status: &Value| status["usage"]["items"][item]["quantity"].as_f64().unwrap();
    quantity(after) - quantity(before)
}

#[tokio::test]
async fn an_operation_is_billed_with_all_that_it_causes() {
    let mut stack = LocalStack::start(&[]).await;
    let start = quiet(&stack, 0).await;
    assert_eq!(start["usage"]["usd"], 0.0);
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let connected = quiet(&stack, 1).await;
    let items = ["gatewayMessages", "lambdaRequests", "writeUnits", "readUnits"];
    assert_eq!(items.map(|item| used(&start, &connected, item)), [0.0, 2.0, 1.0, 0.0], "the authorizer and $connect, which writes a row");

    let frame = json!({"route": "sendMessage", "body": {"playerIds": ["alice"], "message": "hi"}}).to_string();
    alice.ask(&frame).await;
    alice.receive().await;
    let sent = quiet(&stack, 1).await;
    assert_eq!(
        items.map(|item| used(&connected, &sent, item)),
        [3.0, 2.0, 1.0, 1.0],
        "the frame, its reply and the push; the route and the consumer; the row; the player's connections"
    );
    assert!(used(&connected, &sent, "lambdaGbSeconds") > 0.0 && used(&connected, &sent, "logGb") > 0.0);
    assert!(sent["functions"]["muster-dev-send-message"]["usage"]["usd"].as_f64().unwrap() > 0.0);

    drop(alice);
    let gone = quiet(&stack, 0).await;
    assert_eq!(items.map(|item| used(&sent, &gone, item)), [0.0, 1.0, 1.0, 0.0], "$disconnect, which deletes the row");
    let page = reqwest::get(&stack.addresses.endpoint).await.unwrap().text().await.unwrap();
    assert!(page.contains("This run would have cost $0.0000"), "{page}");

    let process = stack.process.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().await.unwrap().success());
    tokio::time::timeout(Duration::from_secs(10), stack.process.wait()).await.expect("it ends").unwrap();
    let output = stack.output();
    assert!(output.contains("muster: This run would have cost $0.0000"), "{output}");
}
