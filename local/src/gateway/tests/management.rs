//! The management API, as functions use it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stack::{Stack, close_frame, send, text, until};

async fn error(response: reqwest::Response) -> (u16, String, Value) {
    let kind = response.headers()["x-amzn-errortype"].to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.json().await.unwrap())
}

#[tokio::test]
async fn posts_arrive_in_order_as_text() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    for number in 0..20 {
        assert_eq!(stack.post(&id, format!("push {number} \u{1F600}")).await.status(), 200);
    }
    for number in 0..20 {
        assert_eq!(text(&mut client).await, format!("push {number} \u{1F600}"));
    }
    let largest = "x".repeat(128 * 1024);
    assert_eq!(stack.post(&id, largest.clone()).await.status(), 200);
    assert_eq!(text(&mut client).await, largest);
    stack.stop().await;
}

#[tokio::test]
async fn an_id_may_come_with_or_without_percent_encoding() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    assert!(id.ends_with('=') && stack.management_url(&id).ends_with("%3D"));
    let plain = format!("http://{}/dev/@connections/{id}", stack.address);
    let encoded = format!("http://{}/dev/%40connections/{}", stack.address, id.replace('=', "%3d"));
    for url in [plain, encoded] {
        assert_eq!(reqwest::Client::new().post(&url).body(url.clone()).send().await.unwrap().status(), 200, "{url}");
        assert_eq!(text(&mut client).await, url);
    }
    stack.stop().await;
}

#[tokio::test]
async fn an_unknown_connection_is_gone() {
    let stack = Stack::start(|_, _| {}).await;
    let gone = (410, "GoneException".to_owned(), json!({"message": null}));
    assert_eq!(error(stack.post("L0SM9cOFvHcCIhw=", "hello").await).await, gone);
    let url = stack.management_url("L0SM9cOFvHcCIhw=");
    assert_eq!(error(reqwest::get(&url).await.unwrap()).await, gone);
    assert_eq!(error(reqwest::Client::new().delete(&url).send().await.unwrap()).await, gone);
    stack.stop().await;
}

#[tokio::test]
async fn what_can_be_no_connections_id_is_a_bad_request() {
    let stack = Stack::start(|_, _| {}).await;
    for id in ["absent", "a/../b", "L0SM9cOFvHcCIhw", "connection!1="] {
        let bad = (400, "BadRequestException".to_owned(), json!({"message": format!("Invalid connectionId: {id}")}));
        assert_eq!(error(stack.post(id, "hello").await).await, bad);
        assert_eq!(error(reqwest::Client::new().delete(stack.management_url(id)).send().await.unwrap()).await, bad);
    }
    let no_text = format!("http://{}/dev/@connections/%ff", stack.address);
    assert_eq!(error(reqwest::get(&no_text).await.unwrap()).await.1, "BadRequestException");
    stack.stop().await;
}

#[tokio::test]
async fn a_body_over_128_kb_is_too_large_and_one_that_is_no_text_is_refused() {
    let stack = Stack::start(|_, _| {}).await;
    let _client = stack.connect("").await;
    let id = stack.connection_id().await;
    for bytes in [128 * 1024 + 1, 3 * 1024 * 1024] {
        let (status, kind, _) = error(stack.post(&id, "x".repeat(bytes)).await).await;
        assert_eq!((status, kind.as_str()), (413, "PayloadTooLargeException"));
    }
    assert_eq!(error(stack.post(&id, vec![0xff, 0xfe]).await).await.0, 400);
    stack.stop().await;
}

#[tokio::test]
async fn get_says_who_is_connected_since_when() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    let before: Value = reqwest::get(stack.management_url(&id)).await.unwrap().json().await.unwrap();
    assert_eq!(before["identity"], json!({"sourceIp": "127.0.0.1"}));
    tokio::time::sleep(Duration::from_millis(20)).await;
    send(&mut client, "active").await;
    text(&mut client).await;
    let after: Value = reqwest::get(stack.management_url(&id)).await.unwrap().json().await.unwrap();
    assert_eq!(after["connectedAt"], before["connectedAt"]);
    assert!(after["lastActiveAt"].as_str() > before["lastActiveAt"].as_str(), "{before} {after}");
    assert!(after["lastActiveAt"].as_str().unwrap().ends_with('Z'));
    stack.stop().await;
}

#[tokio::test]
async fn delete_closes_what_is_then_gone() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    assert_eq!(stack.post(&id, "last words").await.status(), 200);
    let response = reqwest::Client::new().delete(stack.management_url(&id)).send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(stack.post(&id, "too late").await.status(), 410);
    assert_eq!(text(&mut client).await, "last words");
    let frame = close_frame(client).await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1000, "Connection Closed Normally"));
    let context = &stack.events_of("disconnect", 1).await[0]["requestContext"];
    assert_eq!((&context["disconnectStatusCode"], &context["disconnectReason"]), (&json!(1000), &json!("Connection Closed Normally")));
    stack.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_nobody_and_is_refused_more() {
    let stack = Stack::start(|_, limits| limits.closing = Duration::from_millis(300)).await;
    let deaf = stack.connect("").await;
    let id = stack.connection_id().await;
    let body = "x".repeat(128 * 1024);
    let mut slowest = Duration::ZERO;
    let refused = loop {
        let start = Instant::now();
        let response = stack.post(&id, body.clone()).await;
        slowest = slowest.max(start.elapsed());
        if response.status() != 200 {
            break error(response).await;
        }
    };
    assert_eq!((refused.0, refused.1.as_str()), (429, "LimitExceededException"));
    assert!(slowest < Duration::from_secs(2), "a post waited {slowest:?} for the socket");

    let mut other = stack.connect("").await;
    send(&mut other, "hello").await;
    assert_eq!(text(&mut other).await, "hello");

    // Even so it can be closed, and it ends although its client never reads the close frame.
    reqwest::Client::new().delete(stack.management_url(&id)).send().await.unwrap();
    stack.events_of("disconnect", 1).await;
    until(|| stack.gateway.shared.tasks.len() == 1).await;
    drop(deaf);
    stack.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_again_gets_what_was_accepted() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let id = stack.connection_id().await;
    let mut accepted = 0;
    while stack.post(&id, format!("{accepted:0>60000}")).await.status() == 200 {
        accepted += 1;
    }
    for number in 0..accepted {
        assert_eq!(text(&mut client).await, format!("{number:0>60000}"));
    }
    assert_eq!(stack.post(&id, "more").await.status(), 200);
    assert_eq!(text(&mut client).await, "more");
    stack.stop().await;
}
