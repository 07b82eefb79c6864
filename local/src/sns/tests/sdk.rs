//! The room as the AWS SDK sees it, which tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_sns::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
    primitives::Blob,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post};

use super::*;

/// Serves the room as the front door does, and gives a client of it.
async fn client(sns: Sns) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(handle)).with_state(sns)).await.unwrap() });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

async fn handle(State(sns): State<Sns>, headers: HeaderMap, body: Bytes) -> Response {
    assert!(!headers.contains_key("x-amz-target"));
    assert!(headers["content-type"].to_str().unwrap().starts_with("application/x-www-form-urlencoded"));
    sns.handle(&body)
}

#[tokio::test]
async fn the_sdk_publishes_and_the_function_gets_what_it_gave() {
    let stack = Stack::start().await;
    let client = client(stack.sns.clone()).await;
    let text = MessageAttributeValue::builder().data_type("String").string_value("ä & b=c").build().unwrap();
    let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255])).build().unwrap();
    let message = "<tag> & \"quotes\" + 100% \r\n\u{1f3b2}";
    let publish = client.publish().topic_arn(TOPIC).message(message).subject("a subject").message_attributes("a", text);
    let published = publish.message_attributes("b", bytes).send().await.unwrap();
    let events = stack.events().await;
    let sns = &events[0]["Records"][0]["Sns"];
    assert_eq!((sns["MessageId"].as_str(), sns["Message"].as_str()), (published.message_id(), Some(message)));
    assert_eq!(sns["Subject"], "a subject");
    assert_eq!(sns["MessageAttributes"], json!({"a": {"Type": "String", "Value": "ä & b=c"}, "b": {"Type": "Binary", "Value": "AP8="}}));
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn the_sdk_understands_the_answer_of_a_batch() {
    let stack = Stack::start().await;
    let client = client(stack.sns.clone()).await;
    let entry = |id: &str| PublishBatchRequestEntry::builder().id(id).message(format!("of {id}")).build().unwrap();
    let batch = client.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(["b", "a"].map(entry).into()));
    let answer = batch.send().await.unwrap();
    let ids: Vec<_> = answer.successful().iter().map(|entry| entry.id().unwrap()).collect();
    assert_eq!((ids, answer.failed().len()), (vec!["b", "a"], 0));
    let events = stack.events().await;
    for entry in answer.successful() {
        let event = events.iter().find(|event| event["Records"][0]["Sns"]["MessageId"] == json!(entry.message_id())).unwrap();
        assert_eq!(event["Records"][0]["Sns"]["Message"], format!("of {}", entry.id().unwrap()));
    }
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn the_sdk_reads_topics_and_subscriptions() {
    let stack = Stack::start().await;
    let client = client(stack.sns.clone()).await;
    let alarms = crate::account::arn("sns", "alarms");
    let topics = client.list_topics().send().await.unwrap();
    let arns: Vec<_> = topics.topics().iter().map(|topic| topic.topic_arn().unwrap()).collect();
    assert_eq!(arns, [alarms.as_str(), TOPIC]);
    let all = client.list_subscriptions().send().await.unwrap();
    let own = client.list_subscriptions_by_topic().topic_arn(TOPIC).send().await.unwrap();
    assert_eq!(all.subscriptions(), own.subscriptions());
    let [subscription] = own.subscriptions() else { panic!("{own:?}") };
    assert_eq!((subscription.protocol(), subscription.endpoint()), (Some("lambda"), Some(function_arn("test").as_str())));
    assert!(client.list_subscriptions_by_topic().topic_arn(&alarms).send().await.unwrap().subscriptions().is_empty());
    let attributes = client.get_topic_attributes().topic_arn(TOPIC).send().await.unwrap().attributes.unwrap();
    assert_eq!((attributes["TopicArn"].as_str(), attributes["SubscriptionsConfirmed"].as_str()), (TOPIC, "1"));
}

#[tokio::test]
async fn the_sdk_tells_the_errors_apart() {
    let stack = Stack::start_with(Vec::new(), |_| ()).await;
    let client = client(stack.sns.clone()).await;
    let gone = crate::account::arn("sns", "gone");
    let absent = client.publish().topic_arn(&gone).message("x").send().await.unwrap_err().into_service_error();
    assert!(absent.is_not_found_exception(), "{absent:?}");
    assert_eq!(absent.meta().message(), Some("Topic does not exist"));
    let long = client.publish().topic_arn(TOPIC).message("x".repeat(LARGEST_MESSAGE + 1)).send().await.unwrap_err().into_service_error();
    assert!(long.is_invalid_parameter_exception(), "{long:?}");
    let empty = MessageAttributeValue::builder().data_type("String").string_value("").build().unwrap();
    let attribute = client.publish().topic_arn(TOPIC).message("x").message_attributes("<a>", empty);
    let attribute = attribute.send().await.unwrap_err().into_service_error();
    assert!(attribute.is_invalid_parameter_value_exception(), "{attribute:?}");
    assert!(attribute.meta().message().unwrap().starts_with("The message attribute '<a>' has"), "{attribute:?}");
    let batch = client.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(Vec::new()));
    let batch = batch.send().await.unwrap_err().into_service_error();
    assert!(batch.is_empty_batch_request_exception(), "{batch:?}");
    let topic = client.create_topic().name("more").send().await.unwrap_err().into_service_error();
    assert_eq!(topic.meta().code(), Some("InvalidAction"));
}
