//! The room as the AWS SDK sees it, which tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_sns::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post};

use super::*;
use crate::front_door::form;

/// Serves the room as the front door does, and gives a client of it.
async fn client(sns: Sns) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(handle)).with_state(sns)).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(crate::account::REGION))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

async fn handle(State(sns): State<Sns>, headers: HeaderMap, body: Bytes) -> Response {
    assert!(!headers.contains_key("x-amz-target"));
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/x-www-form-urlencoded"));
    sns.handle(&form(&body))
}

#[tokio::test]
async fn the_sdk_publishes_and_the_function_gets_what_it_gave() {
    let stack = Stack::start().await;
    let client = client(stack.sns.clone()).await;
    let message = "<tag> & \"quotes\" + 100% \r\n\u{1f3b2}";
    let published = client.publish().topic_arn(topic()).message(message).send().await.unwrap();
    let events = stack.events().await;
    let sns = &events[0]["Records"][0]["Sns"];
    assert_eq!((sns["MessageId"].as_str(), sns["Message"].as_str()), (published.message_id(), Some(message)));
    let topics = client.list_topics().send().await.unwrap();
    let arns: Vec<_> = topics.topics().iter().map(|topic| topic.topic_arn().unwrap()).collect();
    assert_eq!(arns, [arn("sns", "alarms"), topic()]);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn the_sdk_tells_the_errors_apart() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let client = client(stack.sns.clone()).await;
    let absent = client.publish().topic_arn(arn("sns", "gone")).message("x").send().await.unwrap_err().into_service_error();
    assert!(absent.is_not_found_exception(), "{absent:?}");
    assert_eq!(absent.meta().message(), Some("Topic does not exist"));
    let subject = client.publish().topic_arn(topic()).message("x").subject("a subject").send().await.unwrap_err().into_service_error();
    assert!(subject.is_invalid_parameter_exception(), "{subject:?}");
    let named = client.create_topic().name("<more>").send().await.unwrap_err().into_service_error();
    assert_eq!(named.meta().code(), Some("InvalidAction"));
}
