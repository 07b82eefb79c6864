//! The management API as the AWS SDK sees it, which tells errors apart by what it parses.

use aws_credential_types::Credentials;
use aws_sdk_apigatewaymanagement::{
    Client as Sdk,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
    operation::post_to_connection::PostToConnectionError,
    primitives::Blob,
};

use super::stack::{Stack, close_frame, text};

fn sdk(stack: &Stack) -> Sdk {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "tests"))
        .endpoint_url(format!("http://{}/dev", stack.address))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled());
    Sdk::from_conf(config.build())
}

async fn post(sdk: &Sdk, id: &str, body: Vec<u8>) -> Result<(), PostToConnectionError> {
    let posted = sdk.post_to_connection().connection_id(id).data(Blob::new(body)).send().await;
    posted.map(|_| ()).map_err(aws_sdk_apigatewaymanagement::error::SdkError::into_service_error)
}

#[tokio::test]
async fn the_sdk_posts_reads_and_deletes() {
    let stack = Stack::start(|_, _| {}).await;
    let mut client = stack.connect("").await;
    let (sdk, id) = (sdk(&stack), stack.connection_id().await);
    post(&sdk, &id, b"hello".to_vec()).await.unwrap();
    assert_eq!(text(&mut client).await, "hello");
    let connection = sdk.get_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(connection.identity().unwrap().source_ip(), Some("127.0.0.1"));
    assert!(connection.connected_at().unwrap() <= connection.last_active_at().unwrap());
    sdk.delete_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(u16::from(close_frame(client).await.code), 1000);
    let error = sdk.get_connection().connection_id(&id).send().await.unwrap_err().into_service_error();
    assert!(error.is_gone_exception(), "{error:?}");
    stack.stop().await;
}

#[tokio::test]
async fn the_sdk_tells_the_errors_apart() {
    let stack = Stack::start(|_, _| {}).await;
    let _client = stack.connect("").await;
    let (sdk, id) = (sdk(&stack), stack.connection_id().await);
    let gone = post(&sdk, "ZmDx-dJ4FiACFkQ=", b"hello".to_vec()).await.unwrap_err();
    assert!(gone.is_gone_exception(), "{gone:?}");
    let too_large = post(&sdk, &id, vec![b'x'; 128 * 1024 + 1]).await.unwrap_err();
    assert!(too_large.is_payload_too_large_exception(), "{too_large:?}");
    let full = loop {
        if let Err(error) = post(&sdk, &id, vec![b'x'; 128 * 1024]).await {
            break error;
        }
    };
    assert!(full.is_limit_exceeded_exception(), "{full:?}");
    stack.stop().await;
}
