//! The program itself: its options, its end, and what ordinary AWS clients see.

use std::{
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::harness::{LocalStack, Player, Socket, Tls, eventually};

fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

async fn interrupt(process: u32) {
    let status = tokio::process::Command::new("kill").args(["-INT", &process.to_string()]).status().await.unwrap();
    assert!(status.success());
}

/// Starts with `arguments` what is not going to run, and returns what it complains of.
async fn complaint(arguments: &[&str]) -> String {
    let output = LocalStack::command(arguments).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(20), output).await.expect("it ends").unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn it_ends_on_interrupt_and_leaves_no_process() {
    let mut stack = LocalStack::start(&[]).await;
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    alice.ask(r#"{"route":"ping"}"#).await;
    let mut functions = Vec::new();
    for function in ["authorize", "connect", "ping"] {
        functions.extend(stack.processes(function).await);
    }
    assert_eq!(functions.len(), 3);
    interrupt(stack.process.id().unwrap()).await;
    let status = tokio::time::timeout(Duration::from_secs(10), stack.process.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}: {}", stack.output());
    assert!(functions.iter().all(|process| !is_alive(*process)), "{functions:?}");
    assert_eq!(alice.closed().await.map(|frame| u16::from(frame.code)), Some(1001));
}

#[tokio::test]
async fn its_functions_end_even_if_it_is_killed() {
    let mut stack = LocalStack::start(&[]).await;
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    alice.ask(r#"{"route":"ping"}"#).await;
    let functions = stack.processes("ping").await;
    assert!(!functions.is_empty());
    stack.process.kill().await.unwrap();
    eventually("the functions notice", || async { functions.iter().all(|process| !is_alive(*process)).then_some(()) }).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let complaint = complaint(&["--port", &port]).await;
    assert!(complaint.contains(&port) && complaint.contains("--port"), "{complaint}");
}

#[tokio::test]
async fn parameters_that_the_template_does_not_allow_are_refused_by_name() {
    let unknown = complaint(&["--port", "0", "--parameter", "Colour=red"]).await;
    assert!(unknown.contains("Colour"), "{unknown}");
    let forbidden = complaint(&["--port", "0", "--parameter", "Stage=moon"]).await;
    assert!(forbidden.contains("Stage") && forbidden.contains("moon"), "{forbidden}");
}

#[tokio::test]
async fn another_stage_has_another_path_and_other_names() {
    let stack = LocalStack::start(&["--parameter", "Stage=staging", "--parameter", "Game=quest"]).await;
    assert!(stack.addresses.url.ends_with("/staging"), "{}", stack.addresses.url);
    let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let frame = json!({"route": "sendMessage", "body": {"playerIds": ["alice"], "message": "hi"}}).to_string();
    let (first, second) = (alice.ask(frame).await, alice.receive().await);
    let types = [first["type"].as_str().unwrap(), second["type"].as_str().unwrap()];
    assert!(types.contains(&"reply") && types.contains(&"message"), "{types:?}");
    assert_eq!(
        stack.aws("DynamoDB_20120810.ListTables", &json!({})).await["TableNames"],
        json!([
            "quest-staging-matches",
            "quest-staging-messages",
            "quest-staging-operations",
            "quest-staging-placements",
            "quest-staging-player-sessions",
            "quest-staging-players",
            "quest-staging-tickets"
        ])
    );
}

#[tokio::test]
async fn silence_and_age_close_a_socket() {
    let stack = LocalStack::start(&["--idle", "1"]).await;
    let mut silent = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
    let closed = silent.closed().await.unwrap();
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (1001, "Going away"));

    let stack = LocalStack::start(&["--lifetime", "2"]).await;
    let token = stack.token("alice").await;
    let asked = Instant::now();
    let mut old = Socket::with_token(&stack.addresses.url, &token).await.unwrap();
    assert_eq!(old.closed().await.map(|frame| u16::from(frame.code)), Some(1001));
    assert!(asked.elapsed() >= Duration::from_secs(2), "it was closed by its age: {:?}", asked.elapsed());
}

#[tokio::test]
async fn aws_clients_see_tables_streams_and_queues() {
    let stack = LocalStack::start(&[]).await;
    let tables = stack.aws("DynamoDB_20120810.ListTables", &json!({})).await;
    let names = [
        "muster-dev-matches",
        "muster-dev-messages",
        "muster-dev-operations",
        "muster-dev-placements",
        "muster-dev-player-sessions",
        "muster-dev-players",
        "muster-dev-tickets",
    ];
    assert_eq!(tables["TableNames"], json!(names));
    let table = stack.aws("DynamoDB_20120810.DescribeTable", &json!({"TableName": "muster-dev-messages"})).await;
    let arn = table["Table"]["TableArn"].as_str().unwrap();
    assert_eq!(arn, "arn:aws:dynamodb:eu-central-1:123456789012:table/muster-dev-messages");
    let queues = stack.aws("AmazonSQS.ListQueues", &json!({})).await;
    let is_dead_letters = |url: &Value| url.as_str().unwrap().ends_with("/muster-dev-streams-dead-letters");
    assert!(queues["QueueUrls"].as_array().unwrap().iter().any(is_dead_letters), "{queues}");
    let deleted = stack.aws("DynamoDB_20120810.DeleteTable", &json!({"TableName": "muster-dev-messages"})).await;
    assert!(deleted["message"].as_str().unwrap().contains("those of its template"), "{deleted}");
    let refused = stack.aws("AWSEvents.PutEvents", &json!({})).await;
    assert!(refused["message"].as_str().unwrap().contains("AWSEvents.PutEvents"), "{refused}");
}

#[tokio::test]
async fn aws_clients_list_topics_and_publish_to_them() {
    let stack = LocalStack::start(&[]).await;
    let topic = "arn:aws:sns:eu-central-1:123456789012:muster-dev-alarms";
    let topics = stack.query("Action=ListTopics&Version=2010-03-31").await;
    assert!(topics.contains(&format!("<TopicArn>{topic}</TopicArn>")), "{topics}");
    let published = stack.query(&format!("Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=hello")).await;
    assert!(published.contains("<PublishResult><MessageId>"), "{published}");
    let who = stack.query("Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(who.contains("<Account>123456789012</Account>"), "{who}");
    let neither = reqwest::Client::new().post(&stack.addresses.endpoint).body("{}").send().await.unwrap().text().await.unwrap();
    assert!(neither.contains("a request without X-Amz-Target is not implemented"), "{neither}");
}

#[tokio::test]
async fn aws_clients_invoke_functions_and_the_status_names_their_processes() {
    let stack = LocalStack::start(&[]).await;
    let endpoint = &stack.addresses.endpoint;
    let invoke = |kind: &'static str| {
        let url = format!("{endpoint}/2015-03-31/functions/muster-dev-ping/invocations");
        reqwest::Client::new().post(url).header("x-amz-invocation-type", kind).body("{}")
    };
    assert_eq!(invoke("DryRun").send().await.unwrap().status().as_u16(), 400, "it is not implemented");
    // An empty object is no event of a route, so the function says so; that it does shows that it ran.
    let answer = invoke("RequestResponse").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["x-amz-function-error"].to_str().unwrap()), (200, "Unhandled"));
    let status: Value = reqwest::get(format!("{endpoint}/status")).await.unwrap().json().await.unwrap();
    assert!(status["functions"]["muster-dev-ping"]["processes"][0].is_u64(), "{status}");
}

#[tokio::test]
async fn tables_can_be_kept_from_one_run_to_the_next() {
    let data = tempfile::TempDir::new().unwrap();
    let arguments = ["--data", data.path().to_str().unwrap()];
    let frame = json!({"route": "sendMessage", "body": {"playerIds": ["bob"], "message": "later"}}).to_string();
    {
        let mut stack = LocalStack::start(&arguments).await;
        let mut alice = Socket::with_token(&stack.addresses.url, &stack.token("alice").await).await.unwrap();
        assert_eq!(alice.ask(frame).await["type"], "reply");
        interrupt(stack.process.id().unwrap()).await;
        stack.process.wait().await.unwrap();
    }
    let stack = LocalStack::start(&arguments).await;
    let second = complaint(&["--port", "0", arguments[0], arguments[1]]).await;
    assert!(second.contains("in use by another stack"), "{second}");
    let rows = stack.aws("DynamoDB_20120810.Scan", &json!({"TableName": "muster-dev-messages", "ConsistentRead": true})).await;
    assert_eq!(rows["Items"][0]["message"]["S"], "later", "{rows}");
}

/// As it is on AWS: the functions' one TLS client, its roots, and the host in every signature.
#[tokio::test]
async fn functions_reach_every_service_over_tls() {
    let (stack, tls) = Tls::before_everything().await;
    let (mut alice, mut bob) = (Player::connect(&stack, "alice").await, Player::connect(&stack, "bob").await);
    alice.send(&["bob"], "over TLS").await;
    assert_eq!(bob.texts(1).await, ["over TLS"]);
    let opened = alice.ask(&json!({"route": "newMatch", "requestId": "1", "body": {"mode": "rps"}})).await;
    let code = &opened["body"]["matchId"];
    assert_eq!(bob.ask(&json!({"route": "joinMatch", "requestId": "2", "body": {"matchId": code}})).await["type"], "reply");
    for player in [&mut alice, &mut bob] {
        let play = json!({"route": "play", "requestId": "3", "body": {"matchId": code, "action": "paper"}});
        assert_eq!(player.ask(&play).await["type"], "reply");
    }
    let placement = bob.ask(&json!({"route": "sessionPlacementRequest", "requestId": "4"})).await;
    assert_eq!(placement["code"], "seated", "{placement}");
    assert_eq!(stack.operate(json!({"ask": "queues"})).await["queues"][0]["name"], "timers-to-come");
    assert!(tls.handshakes() >= 8, "a connection at least for each function: {}", tls.handshakes());
    assert_eq!(stack.troubles().await, Vec::<String>::new());
}
