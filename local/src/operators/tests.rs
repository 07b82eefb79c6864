//! Operators' commands, as the AWS CLI sends them.

use std::sync::Arc;

use axum::{body::to_bytes, response::Response};
use serde_json::{Value, json};

use super::Operators;
use crate::{front_door::Service, template};

fn operators() -> Operators {
    let parameters = [("Issuer", "http://127.0.0.1:1/issuer"), ("Audience", "x")].map(|(name, value)| (name.into(), value.into())).into();
    let manifest = template::load(include_str!("../../../template.yaml"), &parameters).unwrap();
    let line = |time, function: &str, text: &str| (time, format!("muster-dev-{function}"), text.to_owned());
    let lines = move |since| {
        let all =
            vec![line(1_000, "play", "one"), line(2_000, "play", "two words"), line(3_000, "play-more", "x"), line(3_000, "ping", "two")];
        all.into_iter().filter(|(time, ..)| *time >= since).collect()
    };
    Operators::new(&manifest, Arc::new(lines), Arc::new(|queue| if queue.ends_with("timers-dead-letters") { 2 } else { 0 }))
}

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

async fn ask(service: Service, operation: &str, request: Value) -> (u16, Value) {
    let (status, body) = text(operators().json(service, operation, request.to_string().as_bytes())).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_stack_is_described_with_its_parameters_and_outputs() {
    let form = |name: &str| json!({"Action": "DescribeStacks", "StackName": name});
    let (status, stack) = text(operators().form(Service::CloudFormation, &form("muster-dev"), None)).await;
    assert_eq!(status, 200);
    let topic = operators().manifest.outputs["PlacementEventsTopicArn"].clone();
    for expected in [
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>muster-dev</StackName>",
        "<StackStatus>CREATE_COMPLETE</StackStatus>",
        "<ParameterKey>Stage</ParameterKey><ParameterValue>dev</ParameterValue>",
        &format!("<OutputKey>PlacementEventsTopicArn</OutputKey><OutputValue>{topic}</OutputValue>"),
    ] {
        assert!(stack.contains(expected), "{expected}: {stack}");
    }
    let (status, error) = text(operators().form(Service::CloudFormation, &form("muster-prod"), None)).await;
    assert!(status == 400 && error.contains("Stack with id muster-prod does not exist: this is muster-dev"), "{error}");
    let (status, error) = text(operators().form(Service::CloudFormation, &json!({"Action": "DeleteStack"}), None)).await;
    assert!(status == 400 && error.contains("cloudformation:DeleteStack is not implemented: this stack has"), "{error}");
}

#[tokio::test]
async fn alarms_of_queues_have_a_state_and_others_have_none() {
    let asked = json!({"AlarmNamePrefix": "muster-dev-", "StateValue": "ALARM"});
    let (_, answer) = ask(Service::CloudWatch, "DescribeAlarms", asked).await;
    let alarms = answer["MetricAlarms"].as_array().unwrap();
    assert_eq!(alarms.len(), 1, "{answer}");
    assert_eq!(alarms[0]["StateReason"], "2 messages in muster-dev-timers-dead-letters");
    let states = |state: &str| ask(Service::CloudWatch, "DescribeAlarms", json!({ "StateValue": state }));
    let (_, quiet) = states("OK").await;
    assert!(quiet["MetricAlarms"].as_array().unwrap().iter().all(|alarm| alarm["StateReason"] == "nothing is in the queue"));
    assert!(!states("INSUFFICIENT_DATA").await.1["MetricAlarms"].as_array().unwrap().is_empty());
    assert_eq!(ask(Service::CloudWatch, "PutMetricData", json!({})).await.0, 400);
}

#[tokio::test]
async fn log_lines_are_found_by_time_stream_and_words() {
    let found = async |request: Value| {
        let (status, answer) = ask(Service::Logs, "FilterLogEvents", request).await;
        let events = answer["events"].as_array().unwrap_or_else(|| panic!("{status} {answer}")).clone();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let group = "/muster/muster-dev";
    assert_eq!(found(json!({"logGroupName": group})).await, ["one", "two words", "x", "two"]);
    assert_eq!(found(json!({"logGroupName": group, "startTime": 2_500})).await, ["x", "two"]);
    assert_eq!(found(json!({"logGroupName": group, "endTime": 1_500})).await, ["one"]);
    assert_eq!(found(json!({"logGroupName": group, "filterPattern": "two"})).await, ["two words", "two"]);
    assert_eq!(found(json!({"logGroupName": group, "filterPattern": "\"two words\""})).await, ["two words"]);
    assert_eq!(found(json!({"logGroupName": group, "logStreamNamePrefix": "1970/01/01/muster-dev-ping"})).await, ["two"]);
    for arn in [format!("arn:aws:logs:x:1:log-group:{group}"), format!("arn:aws:logs:x:1:log-group:{group}:*")] {
        assert_eq!(found(json!({"logGroupIdentifier": arn, "limit": 1})).await, ["one"]);
    }
    let ids = async |request: Value| -> Vec<Value> {
        let (_, answer) = ask(Service::Logs, "FilterLogEvents", request).await;
        answer["events"].as_array().unwrap().iter().map(|event| event["eventId"].clone()).collect()
    };
    let all = ids(json!({"logGroupName": group})).await;
    assert_eq!(ids(json!({"logGroupName": group, "startTime": 3_000})).await, all[2..], "who follows knows what he has seen");
    let (status, refused) = ask(Service::Logs, "FilterLogEvents", json!({"logGroupName": "/aws/lambda/muster-dev-play"})).await;
    assert_eq!((status, refused["__type"].as_str()), (400, Some("ResourceNotFoundException")));
    let pattern = json!({"logGroupName": group, "filterPattern": "{ $.level = \"ERROR\" }"});
    assert!(ask(Service::Logs, "FilterLogEvents", pattern).await.1["message"].as_str().unwrap().contains("is not implemented"));
}

#[tokio::test]
async fn functions_and_their_mappings_are_listed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/2015-03-31", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, operators().router()).await.unwrap() });
    let get = async |path: &str| -> Value { reqwest::get(format!("{endpoint}/{path}")).await.unwrap().json().await.unwrap() };
    for path in ["functions", "functions/"] {
        let listed = get(path).await;
        assert!(listed["Functions"].as_array().unwrap().iter().any(|function| function["FunctionName"] == "muster-dev-play"));
    }
    let mappings = get("event-source-mappings?FunctionName=muster-dev-messages-deliver").await;
    let mappings = mappings["EventSourceMappings"].as_array().unwrap();
    assert_eq!((mappings.len(), &mappings[0]["State"]), (1, &json!("Enabled")));
    assert!(mappings[0]["EventSourceArn"].as_str().unwrap().contains("table/muster-dev-messages/stream"));
}
