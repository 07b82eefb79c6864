//! What those who watch are told of sockets and their messages.

use serde_json::{Value, json};

use super::stack::{Stack, send, text, until};

#[tokio::test]
async fn whoever_watches_is_told_of_sockets_and_of_messages_both_ways() {
    let stack = Stack::start(|_, _| ()).await;
    let mut watcher = stack.events.watch();
    let mut told = || -> Vec<Value> {
        let events = std::iter::from_fn(|| watcher.try_recv().ok()).map(|(_, event)| serde_json::from_str(&event).unwrap());
        events.filter(|event: &Value| event["kind"] != "invocation").collect()
    };
    let mut client = stack.connect("?token=alice").await;
    let id = stack.connection_id().await;
    let long = "é".repeat(3_000);
    send(&mut client, long.as_str()).await;
    assert_eq!(text(&mut client).await, long);
    stack.post(&id, "pushed").await;
    assert_eq!(text(&mut client).await, "pushed");
    drop(client);
    stack.events_of("disconnect", 1).await;
    until(|| stack.gateway.sockets() == 0).await;
    let events: Vec<_> = told()
        .into_iter()
        .map(|mut event| {
            assert!(event.as_object_mut().unwrap().remove("at").unwrap().is_u64());
            event
        })
        .collect();
    let socket = |what: &str| json!({"kind": "socket", "what": what, "connectionId": id, "playerId": "alice"});
    let frame = |direction: &str, bytes: usize, text: &str| json!({"kind": "frame", "direction": direction, "connectionId": id, "playerId": "alice", "bytes": bytes, "text": text});
    let shown = "é".repeat(2_000);
    let expected = [socket("open"), frame("in", 6_000, &shown), frame("out", 6_000, &shown), frame("out", 6, "pushed"), socket("close")];
    assert_eq!(events, expected);
    assert!(stack.post(&id, "late").await.status() == 410 && told().is_empty(), "what is not sent is not told");
    stack.stop().await;
}
