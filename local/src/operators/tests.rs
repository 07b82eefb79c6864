//! Operators' commands, as the AWS CLI sends them.

use axum::{body::to_bytes, response::Response};
use serde_json::{Value, json};

use super::{Operators, Refused, logs};
use crate::{
    account::queue_arn,
    front_door::Service,
    keep::Keep,
    lambda::{Lambda, LogLine, test_function::quiet},
    sqs::Sqs,
    template,
};

/// Of a stack with two dead letters.
async fn operators() -> Operators {
    let parameters = [("Issuer", "http://127.0.0.1:1/issuer"), ("Audience", "x")].map(|(name, value)| (name.into(), value.into())).into();
    let manifest = template::load(include_str!("../../../template.yaml"), &parameters).unwrap();
    let sqs = Sqs::new(manifest.queues.clone(), "http://127.0.0.1:1", Keep::default());
    for _ in 0..2 {
        sqs.send(&queue_arn("muster-dev-timers-dead-letters"), "x".to_owned()).unwrap();
    }
    Operators::new(&manifest, Lambda::start(&[], quiet()).await.unwrap(), sqs)
}

async fn text(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
}

async fn ask(service: Service, operation: &str, request: Value) -> (u16, Value) {
    let (status, body) = text(operators().await.json(service, operation, request.to_string().as_bytes())).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_stack_is_described_with_its_parameters_and_outputs() {
    let form = |name: &str| json!({"Action": "DescribeStacks", "StackName": name});
    let (status, stack) = text(operators().await.form(Service::CloudFormation, &form("muster-dev"), None)).await;
    assert_eq!(status, 200);
    let topic = operators().await.manifest.outputs["PlacementEventsTopicArn"].clone();
    for expected in [
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>muster-dev</StackName>",
        "<StackStatus>CREATE_COMPLETE</StackStatus>",
        "<ParameterKey>Stage</ParameterKey><ParameterValue>dev</ParameterValue>",
        &format!("<OutputKey>PlacementEventsTopicArn</OutputKey><OutputValue>{topic}</OutputValue>"),
    ] {
        assert!(stack.contains(expected), "{expected}: {stack}");
    }
    let (status, error) = text(operators().await.form(Service::CloudFormation, &form("muster-prod"), None)).await;
    assert!(status == 400 && error.contains("Stack with id muster-prod does not exist: this is muster-dev"), "{error}");
    let (status, error) = text(operators().await.form(Service::CloudFormation, &json!({"Action": "DeleteStack"}), None)).await;
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

#[test]
fn log_lines_are_found_by_time_stream_and_words() {
    let group = "/muster/muster-dev";
    let line = |time_ms, function: &str, text: &str| LogLine {
        time_ms,
        function: format!("muster-dev-{function}"),
        text: text.to_owned(),
        request_id: None,
    };
    let lines = |since| {
        let all = [(1_000, "play", "one"), (2_000, "play", "two words"), (3_000, "play-more", "x"), (3_000, "ping", "two")];
        all.into_iter().filter(|(time, ..)| *time >= since).map(|(time, function, text)| line(time, function, text)).collect()
    };
    let ask = |request: Value| -> Result<Value, Refused> { logs::filter(group, lines, &request) };
    let members = |request: Value, member: &str| -> Vec<Value> {
        ask(request).unwrap()["events"].as_array().unwrap().iter().map(|event| event[member].clone()).collect()
    };
    for (mut request, expected) in [
        (json!({}), &["one", "two words", "x", "two"][..]),
        (json!({"startTime": 2_500}), &["x", "two"]),
        (json!({"endTime": 1_500}), &["one"]),
        (json!({"filterPattern": "two"}), &["two words", "two"]),
        (json!({"filterPattern": "\"two words\""}), &["two words"]),
        (json!({"logStreamNamePrefix": "1970/01/01/muster-dev-ping"}), &["two"]),
        (json!({"limit": 1}), &["one"]),
    ] {
        request["logGroupName"] = group.into();
        assert_eq!(members(request.clone(), "message"), expected, "{request}");
    }
    for arn in [format!("arn:aws:logs:x:1:log-group:{group}"), format!("arn:aws:logs:x:1:log-group:{group}:*")] {
        assert_eq!(members(json!({"logGroupIdentifier": arn}), "message").len(), 4);
    }
    let all = members(json!({"logGroupName": group}), "eventId");
    let last = members(json!({"logGroupName": group, "startTime": 3_000}), "eventId");
    assert_eq!(last, all[2..], "who follows knows what he has seen");
    assert_eq!(ask(json!({"logGroupName": "/aws/lambda/muster-dev-play"})).unwrap_err().0, "ResourceNotFoundException");
    let pattern = json!({"logGroupName": group, "filterPattern": "{ $.level = \"ERROR\" }"});
    assert!(ask(pattern).unwrap_err().1.contains("is not implemented"));
}

/// Of the stack that has the template's group, and no lines yet.
#[tokio::test]
async fn the_log_group_is_the_one_that_the_template_names() {
    let of = async |group: &str| ask(Service::Logs, "FilterLogEvents", json!({ "logGroupName": group })).await;
    assert_eq!(of("/muster/muster-dev").await, (200, json!({"events": [], "searchedLogStreams": []})));
    let (status, refused) = of("/muster/muster-prod").await;
    assert_eq!((status, refused["message"].as_str().unwrap().ends_with("There is /muster/muster-dev")), (400, true));
}

#[tokio::test]
async fn functions_and_their_mappings_are_listed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/2015-03-31", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, operators().await.router()).await.unwrap() });
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
