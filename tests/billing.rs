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
    assert_eq!(
        items.map(|item| used(&sent, &gone, item)),
        [0.0, 1.0, 1.0, 2.0],
        "$disconnect, which deletes the row, and looks for others and for seats"
    );
    let page = reqwest::get(&stack.addresses.endpoint).await.unwrap().text().await.unwrap();
    assert!(page.contains("This run would have cost $0.0000"), "{page}");

    let process = stack.process.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &process]).status().await.unwrap().success());
    tokio::time::timeout(Duration::from_secs(10), stack.process.wait()).await.expect("it ends").unwrap();
    let output = stack.output();
    assert!(output.contains("muster: This run would have cost $0.0000"), "{output}");
}

/// What a placement uses: frames and pushes, invocations, write units, read units and publishes.
const ITEMS: [&str; 5] = ["gatewayMessages", "lambdaRequests", "writeUnits", "readUnits", "snsPublishes"];

/// Waits until all is quiet, and tells what was used since the `last` time, which this is from now on. `timers` were set meanwhile.
async fn used_since(stack: &LocalStack, last: &mut Value, timers: f64) -> [f64; 5] {
    let now = quiet(stack, 1).await;
    let sqs = used(last, &now, "sqsRequests");
    assert!(sqs == timers || sqs == timers + 1.0, "a message for each timer, and perhaps a poll of their queue: {sqs}");
    let items = ITEMS.map(|item| used(last, &now, item));
    *last = now;
    items
}

#[tokio::test]
async fn a_placement_is_billed_with_all_that_it_causes() {
    let stack = LocalStack::start(&[]).await;
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let mut last = quiet(&stack, 1).await;
    let frame = |request_id: &str| json!({"route": "sessionPlacementRequest", "requestId": request_id}).to_string();
    let id_of = |reply: &Value| reply["body"]["placementId"].as_str().unwrap().to_owned();

    // The frame, its reply and the push. The route, the forwarder, GameLift's event, and the push's consumer: neither the claim nor the end
    // invokes anybody. A transaction writes the row and the seat, of two units each; then there are the claim, the outcome, the seat given
    // up, the player's session, and that it was told. Before the claim, the outcome and that it was told the row is read at half the price,
    // and the push's consumer reads who is connected. A new environment of the route reads whether there is maintenance, at half the price,
    // too. GameLift publishes one event.
    stack.fleet(&json!({"delayMilliseconds": 0}));
    let id = id_of(&alice.ask(frame("r1")).await);
    assert_eq!(alice.receive().await["type"], "session");
    assert_eq!(used_since(&stack, &mut last, 1.0).await, [3.0, 4.0, 4.0 + 5.0, 3.0 * 0.5 + 1.0 + 0.5, 1.0]);

    // The push. The event and the push's consumer, which reads who is connected. That the placement is closed, which is read before, and
    // the player's session.
    let arn = format!("arn:aws:gamelift:eu-central-1::gamesession/fleet-local/{id}");
    stack.gamelift_tells(&json!({"type": "SessionEnded", "gameSessionArn": arn})).await;
    assert_eq!(alice.receive().await["outcome"], "ended");
    assert_eq!(used_since(&stack, &mut last, 0.0).await, [1.0, 2.0, 2.0, 0.5 + 1.0, 1.0]);

    // The frame and its reply. The route and the forwarder. The transaction, and the claim, before which the row is read.
    stack.fleet(&json!({"outcome": "never"}));
    let id = id_of(&alice.ask(frame("r2")).await);
    assert_eq!(used_since(&stack, &mut last, 1.0).await, [2.0, 2.0, 4.0 + 1.0, 0.5, 0.0]);

    // The frame, its reply and the route. DynamoDB bills a transaction that it refuses, and the seat comes with the refusal: whether what
    // it names is not over is read.
    assert_eq!(id_of(&alice.ask(frame("r2")).await), id);
    assert_eq!(used_since(&stack, &mut last, 0.0).await, [2.0, 1.0, 4.0, 1.0, 0.0]);

    // The frame, its reply and the push. The route, the forwarder, GameLift's event and the push's consumer. That it is being cancelled,
    // the outcome, the seat given up, the player's row, and that it was told. The row before it is changed, three times, and who is
    // connected. The event.
    alice.ask(json!({"route": "cancelPlacement", "body": {"placementId": id}}).to_string()).await;
    assert_eq!(alice.receive().await["outcome"], "cancelled");
    assert_eq!(used_since(&stack, &mut last, 0.0).await, [3.0, 4.0, 5.0, 3.0 * 0.5 + 1.0, 1.0]);
}
