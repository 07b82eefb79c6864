//! The room as the AWS SDK sees it, which tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
    types::{ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry},
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post};

use super::*;

/// Serves the room as the front door does, and gives a client of it.
async fn client(sqs: Sqs) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(handle)).with_state(sqs)).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(crate::account::REGION))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

async fn handle(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let action = headers["x-amz-target"].to_str().unwrap().strip_prefix("AmazonSQS.").unwrap().to_owned();
    sqs.handle(&action, &body).await
}

#[tokio::test]
async fn the_sdk_sends_receives_and_deletes() {
    let (sqs, _) = start();
    let client = client(sqs).await;
    let url = client.get_queue_url().queue_name("work").send().await.unwrap().queue_url.unwrap();
    let sent = client.send_message().queue_url(&url).message_body("hello").send().await.unwrap();
    let receive = client.receive_message().queue_url(&url).message_attribute_names("All");
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!((message.body(), message.message_id()), (Some("hello"), sent.message_id()));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    client.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    let attributes = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All).send().await.unwrap();
    assert_eq!(attributes.attributes().unwrap()[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "0");
    assert!(client.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
    let entry = |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let batch = client.send_message_batch().queue_url(&url).entries(entry("well", "a")).entries(entry("odd", "\u{1}"));
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful()[0].id(), answer.failed()[0].id()), ("well", "odd"));
    assert_eq!((answer.failed()[0].code(), answer.failed()[0].sender_fault()), ("InvalidMessageContents", true));
}

#[tokio::test]
async fn the_sdk_puts_messages_back() {
    let (sqs, clock) = start();
    let (client, url) = (client(sqs.clone()).await, sqs.url("work"));
    send(&sqs, "work", "x").await;
    let handle = receive(&sqs, "work").await[0]["ReceiptHandle"].as_str().unwrap().to_owned();
    let change = |seconds| client.change_message_visibility().queue_url(&url).receipt_handle(&handle).visibility_timeout(seconds).send();
    change(100).await.unwrap();
    clock.advance(Duration::from_millis(99_999));
    assert!(receive(&sqs, "work").await.is_empty(), "it is hidden for longer");
    change(0).await.unwrap();
    let again = receive(&sqs, "work").await;
    assert_eq!((again.len(), again[0]["Attributes"]["ApproximateReceiveCount"].as_str()), (1, Some("2")));
    let late = change(10).await.unwrap_err().into_service_error();
    assert_eq!(late.meta().code(), Some("InvalidParameterValue"), "an old receipt: {late:?}");
    let handle = again[0]["ReceiptHandle"].as_str().unwrap();
    let entry = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let batch = client.change_message_visibility_batch().queue_url(&url).entries(entry("well", handle)).entries(entry("odd", "x"));
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful()[0].id(), answer.failed()[0].id()), ("well", "odd"));
    assert_eq!(receive(&sqs, "work").await.len(), 1);
}

#[tokio::test]
async fn the_sdk_tells_the_errors_apart() {
    let (sqs, _) = start();
    let (client, url) = (client(sqs.clone()).await, sqs.url("work"));
    let absent = client.receive_message().queue_url(sqs.url("absent")).send().await.unwrap_err().into_service_error();
    assert!(absent.is_queue_does_not_exist(), "{absent:?}");
    assert_eq!(absent.meta().code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    let odd = client.send_message().queue_url(&url).message_body("\u{1}").send().await.unwrap_err().into_service_error();
    assert!(odd.is_invalid_message_contents(), "{odd:?}");
    let empty = client.send_message_batch().queue_url(&url).set_entries(Some(Vec::new())).send().await.unwrap_err().into_service_error();
    assert!(empty.is_empty_batch_request(), "{empty:?}");
    let handle = client.delete_message().queue_url(&url).receipt_handle("x").send().await.unwrap_err().into_service_error();
    assert!(handle.is_receipt_handle_is_invalid(), "{handle:?}");
    let purge = client.purge_queue().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(purge.is_unsupported_operation(), "{purge:?}");
}
