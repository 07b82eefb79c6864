//! The operations, as the AWS CLI sends them.

use super::*;

/// An input with which an execution waits for half an hour.
fn waiting() -> Value {
    json!({"answer": {"done": false, "waitSeconds": 1_800}})
}

#[tokio::test]
async fn a_name_is_used_once_and_a_running_execution_is_started_once() {
    let stack = Stack::start().await;
    let start = |name: &str, input: &Value| json!({"stateMachineArn": machine(), "name": name, "input": input.to_string()});
    let first = stack.ok("StartExecution", start("one", &waiting())).await;
    assert_eq!(first, json!({"executionArn": arn("states", "execution:replay:one"), "startDate": 1_700_000_000.0}));
    until("it waits", || stack.clock.waiting() == 1).await;
    stack.clock.advance(Duration::from_secs(1));
    assert_eq!(stack.ok("StartExecution", start("one", &waiting())).await, first, "it is the same");
    let refused = async |request: Value| {
        let (status, answer) = stack.ask("StartExecution", request).await;
        assert_eq!(status, 400);
        (answer["__type"].as_str().unwrap().to_owned(), answer["message"].as_str().unwrap().to_owned())
    };
    let exists = ("ExecutionAlreadyExists".to_owned(), format!("Execution Already Exists: '{}'", first["executionArn"].as_str().unwrap()));
    assert_eq!(refused(start("one", &json!({}))).await, exists);
    stack.ok("StopExecution", json!({"executionArn": first["executionArn"]})).await;
    assert_eq!(refused(start("one", &waiting())).await, exists, "it has ended");
    let named = |name: &str| json!({"stateMachineArn": machine(), "name": name});
    for (request, kind, message) in [
        (named(""), "InvalidName", "Invalid Name: ''"),
        (named("a b"), "InvalidName", "Invalid Name: 'a b'"),
        (named(&"x".repeat(81)), "InvalidName", "xxx'"),
        (json!({"stateMachineArn": machine(), "input": "{"}), "InvalidExecutionInput", "EOF while parsing"),
        (
            json!({"stateMachineArn": machine(), "input": format!("\"{}\"", "x".repeat(262_143))}),
            "InvalidExecutionInput",
            "more than 262144",
        ),
        (json!({"stateMachineArn": machine() + "s"}), "StateMachineDoesNotExist", "stateMachine:replays'"),
        (json!({"stateMachineArn": machine(), "traceHeader": "x"}), "ValidationException", "unknown field `traceHeader`"),
        (json!({}), "StateMachineDoesNotExist", "''"),
    ] {
        let (found, text) = refused(request).await;
        assert!(found == kind && text.contains(message), "{found}: {text}");
    }
    stack.room.shutdown().await;
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn an_execution_that_is_stopped_does_nothing_more() {
    let stack = Stack::start().await;
    let execution = stack.execution(&waiting()).await;
    until("it waits", || stack.clock.waiting() == 1).await;
    let running = stack.ok("DescribeExecution", json!({"executionArn": execution})).await;
    assert_eq!((&running["status"], running.get("stopDate"), running.get("output")), (&json!("RUNNING"), None, None));
    assert_eq!((&running["stateMachineArn"], &running["input"]), (&json!(machine()), &json!(waiting().to_string())));
    stack.clock.advance(Duration::from_secs(7));
    let request = json!({"executionArn": execution, "error": "Enough", "cause": "it is late"});
    assert_eq!(stack.ok("StopExecution", request).await, json!({"stopDate": 1_700_000_007.0}));
    let described = stack.ended(&execution).await;
    assert_eq!(["status", "error", "cause"].map(|member| described[member].as_str().unwrap()), ["ABORTED", "Enough", "it is late"]);
    let history = stack.history(&execution).await;
    assert_eq!(kinds(&history).last(), Some(&"ExecutionAborted"));
    stack.clock.advance(Duration::from_secs(3_600));
    assert_eq!(stack.ok("StopExecution", json!({"executionArn": execution})).await, json!({"stopDate": 1_700_000_007.0}));
    assert_eq!(stack.history(&execution).await, history);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn machines_executions_and_their_history_are_listed() {
    let stack = Stack::start().await;
    let listed = stack.ok("ListStateMachines", json!({})).await;
    let expected = json!({"stateMachineArn": machine(), "name": "replay", "type": "STANDARD", "creationDate": 1_700_000_000.0});
    assert_eq!(listed["stateMachines"], json!([expected]));
    let ended = stack.execution(&json!({"answer": {"done": true, "summary": "x"}})).await;
    stack.ended(&ended).await;
    stack.clock.advance(Duration::from_secs(1));
    let running = stack.execution(&waiting()).await;
    let list = async |more: Value| -> Vec<Value> {
        let mut request = json!({"stateMachineArn": machine()});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let listed = stack.ok("ListExecutions", request).await["executions"].take();
        listed.as_array().unwrap().iter().map(|execution| execution["executionArn"].clone()).collect()
    };
    let all = list(json!({})).await;
    assert!(all.len() == 2 && all.contains(&json!(running)) && all.contains(&json!(ended)), "{all:?}");
    assert_eq!(list(json!({"statusFilter": "SUCCEEDED"})).await, [ended.as_str()]);

    let mut whole = stack.history(&ended).await;
    let backwards = stack.ok("GetExecutionHistory", json!({"executionArn": ended, "reverseOrder": true})).await;
    whole.reverse();
    assert_eq!(backwards["events"], json!(whole));
    stack.room.shutdown().await;
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let stack = Stack::start().await;
    let gone = arn("states", "execution:replay:gone");
    for (operation, request, kind) in [
        ("DescribeExecution", json!({"executionArn": gone}), "ExecutionDoesNotExist"),
        ("GetExecutionHistory", json!({"executionArn": gone}), "ExecutionDoesNotExist"),
        ("StopExecution", json!({"executionArn": gone}), "ExecutionDoesNotExist"),
        ("ListStateMachines", json!({"nextToken": "x"}), "ValidationException"),
        ("CreateStateMachine", json!({}), "UnknownOperationException"),
    ] {
        let (status, answer) = stack.ask(operation, request).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(kind)), "{operation}");
    }
    stack.lambda.shutdown().await;
}
