//! What a function process sees of its environment and what is seen of it.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use super::*;
use crate::account::function_arn;

#[tokio::test]
async fn a_process_sees_the_variables_of_aws_and_of_its_template_and_no_others() {
    let mut function = FunctionConfig { memory_mb: 256, ..config("test") };
    function.environment =
        [("GAME", "muster"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), ("LANG", "C.UTF-8"), ("AWS_REGION", "eu-west-1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let task_root = function.program.parent().unwrap().to_str().unwrap().to_owned();
    let lambda = start_with(function, quiet()).await;
    let context = invoke(&lambda, json!({"context": true})).await.unwrap();
    let mut variables: BTreeMap<String, String> = serde_json::from_value(context["variables"].clone()).unwrap();

    let runtime_api = variables.remove("AWS_LAMBDA_RUNTIME_API").unwrap();
    assert!(runtime_api.starts_with("http://127.0.0.1:"), "{runtime_api}");
    let log_stream = variables.remove("AWS_LAMBDA_LOG_STREAM_NAME").unwrap();
    assert!(log_stream.contains("[$LATEST]"), "{log_stream}");
    // Set by lambda_runtime itself, for each invocation.
    assert_eq!(variables.remove("_X_AMZN_TRACE_ID").as_deref(), context["traceId"].as_str());
    let expected = [
        ("AWS_ACCESS_KEY_ID", "ASIAF74657374"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("GAME", "muster"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", &task_root),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ];
    assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    lambda.shutdown().await;
}

#[tokio::test]
async fn an_invocation_knows_its_id_deadline_function_and_trace() {
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

    let trace = first["traceId"].as_str().unwrap().to_owned();
    let parts: Vec<_> = trace.split([';', '-', '=']).collect();
    let [root, version, seconds, unique, parent, parent_id, sampled, zero] = parts[..] else { panic!("{trace}") };
    assert_eq!((root, version, parent, sampled, zero), ("Root", "1", "Parent", "Sampled", "0"));
    assert_eq!((seconds.len(), unique.len(), parent_id.len()), (8, 24, 16));
    assert!((before / 1000..=after / 1000).contains(&u64::from_str_radix(seconds, 16).unwrap()));

    let second = invoke(&lambda, json!({"context": true})).await.unwrap();
    assert_ne!(second["requestId"], first["requestId"]);
    assert_ne!(second["traceId"], first["traceId"]);
    lambda.shutdown().await;
}

#[tokio::test]
async fn what_a_process_prints_and_how_it_ended_is_in_the_log() {
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let logs = LogOptions { output: LogOutput::Lines(sender), ..LogOptions::default() };
    let functions = vec![config("game-dev-ping"), config("game-dev-connect")];
    let lambda = Lambda::start(functions, LambdaOptions { logs, ..quiet() }).await.unwrap();
    lambda.invoke("game-dev-ping", r#"{"print":["hello","{\"_aws\":{},\"hidden\":1}"]}"#.into()).await.result.unwrap();
    lambda.invoke("game-dev-connect", r#"{"exit":4}"#.into()).await.result.unwrap_err();
    lambda.shutdown().await;
    let mut seen = Vec::new();
    while let Ok(line) = lines.try_recv() {
        seen.push(line);
    }
    assert!(seen.contains(&"ping    hello".to_owned()), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("hidden")), "{seen:?}");
    let last = seen.iter().find(|line| line.starts_with("connect Runtime.ExitError: RequestId: "));
    assert!(last.is_some_and(|line| line.ends_with("Error: Runtime exited with error: exit status 4")), "{seen:?}");
}

#[tokio::test]
async fn a_process_is_in_a_group_of_its_own_so_that_an_interrupt_in_the_terminal_does_not_reach_it() {
    let lambda = start().await;
    invoke(&lambda, json!(1)).await.unwrap();
    let pid = pid(&lambda).to_string();
    let group = std::process::Command::new("ps").args(["-o", "pgid=", "-p", &pid]).output().unwrap();
    assert_eq!(String::from_utf8(group.stdout).unwrap().trim(), pid);
    lambda.shutdown().await;
}
