//! The state machine replays a queue step by step, with nobody waiting for it.

use serde_json::{Value, json};

use super::own_letter;
use crate::harness::{LocalStack, Player, eventually};

/// Starts the state machine with this input, and waits for its end.
async fn executed(stack: &LocalStack, input: &Value) -> (Value, Vec<String>) {
    let states = async |operation: &str, body: Value| stack.as_operator("states", &format!("AWSStepFunctions.{operation}"), &body).await;
    let machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:muster-dev-replay-dead-letters";
    let started = states("StartExecution", json!({"stateMachineArn": machine, "input": input.to_string()})).await;
    let execution = json!({"executionArn": started["executionArn"]});
    let ended = eventually("the execution ends", || async {
        let described = states("DescribeExecution", execution.clone()).await;
        (described["status"] != "RUNNING").then_some(described)
    })
    .await;
    let history = states("GetExecutionHistory", execution).await;
    let entered = history["events"].as_array().unwrap().iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
    (ended, entered.map(str::to_owned).collect())
}

#[tokio::test]
async fn it_repeats_the_step_until_nothing_gets_any_further_and_publishes_a_summary() {
    let stack = LocalStack::start(&[]).await;
    let mut bob = Player::connect(&stack, "bob").await;
    for place in 1..=15_u32 {
        let id = format!("m{place:02}");
        let mut image = json!({"recipientId": {"S": "bob"}, "messageId": {"S": id}, "senderId": {"S": "alice"}, "sentAt": {"N": "1"},
            "message": {"S": id}, "expiresAt": {"N": "9999999999"}, "cause": {"S": "c"}});
        if place == 15 {
            image.as_object_mut().unwrap().remove("message");
        }
        let record = json!({"eventID": "e", "eventName": "INSERT", "awsRegion": "eu-central-1",
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/muster-dev-messages/stream/x",
            "dynamodb": {"ApproximateCreationDateTime": 1, "SizeBytes": 1, "SequenceNumber": place.to_string(), "NewImage": image,
                "Keys": {"recipientId": {"S": "bob"}, "messageId": {"S": id}}}});
        stack.put_letter("streams", &own_letter("messages-deliver", &record)).await;
    }
    // Ten letters are one step at this rate.
    let (ended, entered) = executed(&stack, &json!({"queue": "streams", "rate": 1, "who": "the state machine"})).await;
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    assert_eq!(entered, ["Step", "Look", "Wait", "Step", "Look", "Wait", "Step", "Look", "Report", "Done"], "{ended}");
    let texts: Vec<String> = (1..=14).map(|place| format!("m{place:02}")).collect();
    assert_eq!(bob.texts(14).await, texts, "in their order, across steps");
    let runs = stack.operate(json!({"ask": "runs"})).await;
    let run = &runs["runs"][0];
    assert_eq!(
        (&run["replayed"], &run["failed"], &run["who"], &run["queue"]),
        (&json!(14), &json!(1), &json!("the state machine"), &json!("streams"))
    );
    let output: Value = serde_json::from_str(ended["output"].as_str().unwrap()).unwrap();
    assert_eq!(output["summary"], "streams: 14 replayed, 0 superseded, 1 failed again, 0 parked, 0 expired; 1 left");
}

#[tokio::test]
async fn what_cannot_be_asked_fails_the_execution_with_what_is_wrong() {
    let stack = LocalStack::start(&[]).await;
    let (ended, entered) = executed(&stack, &json!({"queue": "nowhere"})).await;
    assert_eq!((&ended["status"], &ended["error"]), (&json!("FAILED"), &json!("Problem")), "{ended}");
    assert!(ended["cause"].as_str().unwrap().contains("nowhere"), "{ended}");
    assert_eq!(entered, ["Step", "Look", "ReportProblem", "Problem"]);
}
