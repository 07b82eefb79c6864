//! What becomes of executions.

use super::*;

/// The function answers what `answer` has, so that a step answers what the next one is asked.
fn two_steps() -> Value {
    json!({"answer": {"answer": {"done": true, "summary": "3 letters were replayed"}, "done": false, "waitSeconds": 5}})
}

#[tokio::test]
async fn steps_are_taken_until_the_function_is_done_and_the_end_is_reported() {
    let stack = Stack::start().await;
    let execution = stack.execution(&two_steps()).await;
    stack.waits(&execution, 5).await;
    let described = stack.ended(&execution).await;
    let output = json!({"done": true, "summary": "3 letters were replayed"});
    assert_eq!((&described["status"], described["output"].as_str().unwrap()), (&json!("SUCCEEDED"), output.to_string().as_str()));
    assert_eq!((&described["startDate"], &described["stopDate"]), (&json!(1_700_000_000.0), &json!(1_700_000_005.0)));
    let history = stack.history(&execution).await;
    let states: Vec<_> = history.iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str()).collect();
    assert_eq!(states, ["Step", "Look", "Wait", "Step", "Look", "Report", "Done"]);
    let expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskStateExited",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "WaitStateEntered",
        "WaitStateExited",
    ];
    assert_eq!(kinds(&history)[..7], expected);
    assert_eq!(kinds(&history)[history.len() - 3..], ["SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"]);
    assert!(history.iter().zip(1..).all(|(event, id)| event["id"] == id && event["previousEventId"] == id - 1));
    assert_eq!(history[0]["executionStartedEventDetails"]["input"], two_steps().to_string());
    assert_eq!(history[2]["stateExitedEventDetails"]["output"], history[3]["stateEnteredEventDetails"]["input"]);
    assert_eq!(stack.reports().await, [("Dead letters: the run has ended".to_owned(), "3 letters were replayed".to_owned())]);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_problem_is_reported_and_fails_the_execution_with_its_words() {
    let stack = Stack::start().await;
    let execution = stack.execution(&json!({"answer": {"problem": "somebody else replays streams"}})).await;
    let described = stack.ended(&execution).await;
    let told = ["status", "error", "cause"].map(|member| described[member].as_str().unwrap());
    assert_eq!(told, ["FAILED", "Problem", "somebody else replays streams"]);
    assert_eq!(stack.reports().await, [("Dead letters: the run cannot be done".to_owned(), told[2].to_owned())]);
    assert_eq!(kinds(&stack.history(&execution).await).last(), Some(&"ExecutionFailed"));
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_step_that_fails_is_tried_again_after_five_and_ten_seconds_and_then_reported() {
    let stack = Stack::start().await;
    let execution = stack.execution(&json!({"error": "no such table"})).await;
    for seconds in [5, 10] {
        stack.waits(&execution, seconds).await;
    }
    let described = stack.ended(&execution).await;
    assert_eq!((&described["status"], &described["error"]), (&json!("FAILED"), &json!("StepFailed")));
    assert!(described["cause"].as_str().unwrap().contains("no such table"), "{described}");
    let history = stack.history(&execution).await;
    let failed: Vec<_> = history.iter().filter(|event| event["type"] == "LambdaFunctionFailed").collect();
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[0]["lambdaFunctionFailedEventDetails"]["cause"], described["cause"]);
    let (subject, message) = stack.reports().await.remove(0);
    assert_eq!((subject.as_str(), json!(message)), ("Dead letters: the run has failed", described["cause"].clone()));
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_throttled_step_is_tried_again_by_a_rule_of_its_own() {
    let allowed = [("lambda:InvokeFunction", function_arn("test:*")), ("sns:Publish", "*".to_owned())];
    let stack = Stack::start_with(&allowed, |function| function.reserved_concurrency = Some(0)).await;
    let execution = stack.execution(&json!({})).await;
    for seconds in [2, 4, 8, 16, 32, 64] {
        stack.waits(&execution, seconds).await;
    }
    let described = stack.ended(&execution).await;
    assert!(described["cause"].as_str().unwrap().contains("every process that the function may have is busy"), "{described}");
    let history = stack.history(&execution).await;
    let first = history.iter().find(|event| event["type"] == "LambdaFunctionFailed").unwrap();
    assert_eq!(first["lambdaFunctionFailedEventDetails"]["error"], "Lambda.TooManyRequestsException");
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn a_machine_may_what_its_statements_say_and_nothing_else() {
    let stack = Stack::start_with(&[("lambda:InvokeFunction", function_arn("other"))], |_| ()).await;
    let execution = stack.execution(&two_steps()).await;
    for seconds in [2, 4, 8, 16, 32, 64] {
        stack.waits(&execution, seconds).await;
    }
    // The report is denied, too, and has retries of its own.
    for seconds in [2, 4, 8, 16] {
        stack.waits(&execution, seconds).await;
    }
    let described = stack.ended(&execution).await;
    assert_eq!((&described["status"], &described["error"]), (&json!("FAILED"), &json!("SNS.AuthorizationErrorException")));
    assert!(described["cause"].as_str().unwrap().contains("assumed-role/ReplayRole/ReplayRole is not authorized to perform: sns:Publish"));
    let history = stack.history(&execution).await;
    let denied = history.iter().find(|event| event["type"] == "LambdaFunctionFailed").unwrap();
    let details = &denied["lambdaFunctionFailedEventDetails"];
    assert_eq!(details["error"], "Lambda.AWSLambdaException");
    assert!(details["cause"].as_str().unwrap().contains("is not authorized to perform: lambda:InvokeFunction"), "{denied}");
    let failed = history.iter().find(|event| event["type"] == "TaskFailed").unwrap();
    assert_eq!(failed["taskFailedEventDetails"]["resourceType"], "sns");
    assert_eq!(stack.lambda.stats()["test"].invocations, 0);
    stack.lambda.shutdown().await;
}

#[tokio::test]
async fn what_a_step_answers_has_to_be_what_the_machine_reads() {
    let stack = Stack::start().await;
    for (input, error, cause) in [
        (json!({"answer": {"summary": "x"}}), "States.Runtime", "The state 'Look' cannot go on: what a rule compares is not in the input."),
        (json!({"answer": {"done": false}}), "States.Runtime", "The state 'Wait' cannot go on: SecondsPath leads to no number of seconds."),
        (json!({"answer": {"done": false, "waitSeconds": "soon"}}), "States.Runtime", "SecondsPath"),
        (json!({"answerBytes": 300_000}), "States.DataLimitExceeded", "The state 'Step' returned a result with a size exceeding 262144"),
    ] {
        let execution = stack.execution(&input).await;
        let described = stack.ended(&execution).await;
        assert_eq!((&described["status"], &described["error"]), (&json!("FAILED"), &json!(error)));
        assert!(described["cause"].as_str().unwrap().contains(cause), "{described}");
    }
    assert!(stack.reports().await.is_empty(), "nothing catches them");
    stack.lambda.shutdown().await;
}
