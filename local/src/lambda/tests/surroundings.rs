//! What a function process sees of its environment and what is seen of it.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use super::*;
use crate::account::{REGION, function_arn};

#[tokio::test]
async fn a_process_sees_the_variables_of_aws_and_of_its_template_and_no_others() {
    let mut function = Function { memory_mb: 256, ..config("test") };
    function.environment = [("GAME", "muster"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("LANG", "C.UTF-8"), ("AWS_REGION", "moon-1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let lambda = start_with(function, quiet()).await;
    let context = invoke(&lambda, json!({"context": true})).await.unwrap();
    let mut variables: BTreeMap<String, String> = serde_json::from_value(context["variables"].clone()).unwrap();

    let runtime_api = variables.remove("AWS_LAMBDA_RUNTIME_API").unwrap();
    assert!(runtime_api.starts_with("http://127.0.0.1:"), "{runtime_api}");
    let log_stream = variables.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    assert!(log_stream.contains("[$LATEST]"), "{log_stream}");
    let expected = [
        ("AWS_ACCESS_KEY_ID", "ASIAF74657374"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("GAME", "muster"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "test"),
    ];
    assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    lambda.shutdown().await;
}

#[tokio::test]
async fn a_process_that_is_started_for_the_alias_is_of_the_version_that_this_points_at() {
    let lambda = start().await;
    let context = lambda.invoke("test:live", r#"{"context": true}"#.into()).await.result.unwrap();
    let context: Value = serde_json::from_slice(&context).unwrap();
    assert_eq!(context["variables"]["AWS_LAMBDA_FUNCTION_VERSION"], "1");
    assert!(context["variables"]["AWS_LAMBDA_LOG_STREAM_NAME"].as_str().unwrap().starts_with("local/[1]"), "{context}");
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_knows_its_id_deadline_and_function() {
    let lambda = start().await;
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let invoked = lambda.invoke("test", r#"{"context": true}"#.into()).await;
    let first: Value = serde_json::from_slice(&invoked.result.unwrap()).unwrap();
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let deadline = first["deadline"].as_u64().unwrap();
    assert!((before + 5000..=after + 5000).contains(&deadline), "{before} {deadline} {after}");
    assert_eq!(first["arn"], json!(function_arn("test")));
    assert_eq!(first["requestId"], invoked.request_id);
    assert_eq!(uuid::Uuid::parse_str(first["requestId"].as_str().unwrap()).unwrap().get_version_num(), 4);

    let second = invoke(&lambda, json!({"context": true})).await.unwrap();
    assert_ne!(second["requestId"], first["requestId"]);
    let aliased = lambda.invoke("test:live", r#"{"context": true}"#.into()).await.result.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&aliased).unwrap()["arn"], json!(function_arn("test:live")));
    lambda.shutdown().await;
}

#[tokio::test]
async fn what_processes_print_and_how_they_ended_is_in_the_log() {
    let lambda = Lambda::start(&[config("game-dev-ping"), config("game-dev-connect")], quiet()).await.unwrap();
    lambda.invoke("game-dev-ping", r#"{"print":["hello"]}"#.into()).await.result.unwrap();
    lambda.invoke("game-dev-connect", r#"{"exit":4}"#.into()).await.result.unwrap_err();
    lambda.shutdown().await;
    let all = lambda.all_log_lines(0);
    assert!(all.iter().any(|line| line.function == "game-dev-ping" && line.text == "hello"));
    assert!(all.is_sorted_by_key(|line| line.time_ms));
    let last = all.last().unwrap();
    assert_eq!(last.function, "game-dev-connect");
    assert!(last.text.starts_with("Runtime.ExitError: RequestId: ") && last.text.ends_with("exit status 4"), "{}", last.text);
}

#[tokio::test]
async fn processes_are_in_a_group_of_their_own_so_that_an_interrupt_in_the_terminal_does_not_reach_them() {
    let lambda = start().await;
    invoke(&lambda, json!(1)).await.unwrap();
    let group = |pid: u32| {
        let group = std::process::Command::new("ps").args(["-o", "pgid=", "-p", &pid.to_string()]).output().unwrap();
        String::from_utf8(group.stdout).unwrap().trim().to_owned()
    };
    assert_ne!(group(pid(&lambda)), group(std::process::id()));
    lambda.shutdown().await;
}
