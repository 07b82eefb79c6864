//! The room as the AWS SDK sees it, which tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
    primitives::Blob,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
        QueueAttributeName, SendMessageBatchRequestEntry,
    },
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post};

use super::{feeding_dead_letters, queue, receive, start_with};
use crate::sqs::Sqs;

/// Serves the room as the front door does, and gives a client of it.
async fn client(sqs: Sqs) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(handle)).with_state(sqs)).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
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
    let (sqs, _) = start_with(vec![queue("work")]);
    let client = client(sqs).await;
    let url = client.get_queue_url().queue_name("work").send().await.unwrap().queue_url.unwrap();
    let text = MessageAttributeValue::builder().data_type("String").string_value("v").build().unwrap();
    let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255])).build().unwrap();
    let send = client.send_message().queue_url(&url).message_body("hello").message_attributes("A", text).message_attributes("B", bytes);
    let sent = send.send().await.unwrap();
    let receive = client.receive_message().queue_url(&url).message_attribute_names("All");
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!((message.body(), message.message_id()), (Some("hello"), sent.message_id()));
    assert_eq!(message.message_attributes().unwrap()["B"].binary_value().unwrap().as_ref(), [0, 255]);
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    let handle = message.receipt_handle().unwrap();
    client.change_message_visibility().queue_url(&url).receipt_handle(handle).visibility_timeout(5).send().await.unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    let attributes = client.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::All).send().await.unwrap();
    assert_eq!(attributes.attributes().unwrap()[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "0");
    assert!(client.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
}

#[tokio::test]
async fn the_sdk_understands_batches_that_half_succeed() {
    let (sqs, _) = start_with(vec![queue("work")]);
    let (client, url) = (client(sqs.clone()).await, sqs.url("work"));
    let entry = |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
    let batch = client.send_message_batch().queue_url(&url).entries(entry("well", "a")).entries(entry("odd", "\u{1}"));
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful()[0].id(), answer.failed()[0].id()), ("well", "odd"));
    assert_eq!((answer.failed()[0].code(), answer.failed()[0].sender_fault()), ("InvalidMessageContents", true));
    let handle = client.receive_message().queue_url(&url).send().await.unwrap().messages()[0].receipt_handle().unwrap().to_owned();
    let hide =
        |handle: &str| ChangeMessageVisibilityBatchRequestEntry::builder().id("x").receipt_handle(handle).visibility_timeout(9).build();
    let hidden = client.change_message_visibility_batch().queue_url(&url).entries(hide(&handle).unwrap()).send().await.unwrap();
    assert_eq!((hidden.successful().len(), hidden.failed().len()), (1, 0));
    let delete = |id: &str, handle: &str| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap();
    let batch = client.delete_message_batch().queue_url(&url).entries(delete("a", &handle)).entries(delete("b", "nonsense"));
    let deleted = batch.send().await.unwrap();
    assert_eq!((deleted.successful()[0].id(), deleted.failed()[0].code()), ("a", "ReceiptHandleIsInvalid"));
}

#[tokio::test]
async fn the_sdk_moves_dead_letters() {
    let (sqs, clock) = start_with(vec![feeding_dead_letters("work", 1), queue("dead-letters")]);
    let client = client(sqs.clone()).await;
    let url = sqs.url("work");
    client.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
    receive(&sqs, "work").await;
    clock.advance(std::time::Duration::from_secs(30));
    assert!(receive(&sqs, "work").await.is_empty());
    let sources = client.list_dead_letter_source_queues().queue_url(sqs.url("dead-letters")).send().await.unwrap();
    assert_eq!(sources.queue_urls(), [url]);
    let arn = crate::account::queue_arn("dead-letters");
    let handle = client.start_message_move_task().source_arn(&arn).send().await.unwrap().task_handle.unwrap();
    while client.list_message_move_tasks().source_arn(&arn).send().await.unwrap().results()[0].status() != Some("COMPLETED") {}
    assert_eq!(receive(&sqs, "work").await[0]["Body"], "poison");
    let error = client.cancel_message_move_task().task_handle(handle).send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn the_sdk_tells_the_errors_apart() {
    let (sqs, _) = start_with(vec![queue("work")]);
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
    client.purge_queue().queue_url(&url).send().await.unwrap();
    let again = client.purge_queue().queue_url(&url).send().await.unwrap_err().into_service_error();
    assert!(again.is_purge_queue_in_progress(), "{again:?}");
    let task = client.list_message_move_tasks().source_arn(crate::account::queue_arn("x")).send().await.unwrap_err().into_service_error();
    assert!(task.is_resource_not_found_exception(), "{task:?}");
}
