use std::time::Duration;

use super::{super::EventInvoke, FUNCTION, ROWS_AND_WORK, each_has_one_value, each_is_named, read, values, worker};
use crate::account::{function_arn, queue_arn};

#[test]
fn globals_are_merged_as_sam_does() {
    let globals = "
Globals:
  Function:
    Runtime: provided.al2023
    MemorySize: 256
    Timeout: 5
    Policies: [{ Statement: [{ Effect: Allow, Action: a, Resource: b }] }]
    Environment: { Variables: { STAGE: dev, LIMIT: 5, TABLE: !Ref Rows } }
";
    let own = "Timeout: 7, Environment: { Variables: { TABLE: !Sub '${Rows}!', ON: true } },
      Policies: [{ Statement: [{ Effect: Allow, Action: c, Resource: d }] }]";
    let manifest = read(&format!("{globals}Resources:{ROWS_AND_WORK}{}", worker(own).replace("Runtime: provided.al2023, ", ""))).unwrap();
    let function = &manifest.functions[0];
    assert_eq!(function.environment, values(&[("LIMIT", "5"), ("ON", "true"), ("STAGE", "dev"), ("TABLE", "rows!")]));
    assert_eq!((function.timeout, function.memory_mb), (Duration::from_secs(7), 256));
    let actions: Vec<_> = function.statements.iter().flat_map(|statement| &statement.actions).collect();
    assert_eq!(actions, ["a", "c"]);
}

#[test]
fn a_function_alone_has_lambdas_defaults() {
    let manifest = read(&format!("Resources:{FUNCTION}")).unwrap();
    let function = &manifest.functions[0];
    assert_eq!((function.name.as_str(), function.handler.as_str()), ("worker", "work"));
    assert_eq!((&function.arn, function.timeout, function.memory_mb), (&function_arn("worker"), Duration::from_secs(3), 128));
    assert!(function.environment.is_empty() && function.statements.is_empty() && manifest.notes.is_empty());
    let event_invoke =
        EventInvoke { maximum_retry_attempts: 2, maximum_event_age: Duration::from_secs(21_600), on_failure_queue_arn: None };
    assert_eq!((function.reserved_concurrency, &function.event_invoke), (None, &event_invoke));
}

#[test]
fn what_becomes_of_asynchronous_invocations_is_read() {
    let function = worker(
        "ReservedConcurrentExecutions: 5, EventInvokeConfig: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60,
          DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Work.Arn } } }",
    );
    let manifest = read(&format!("Resources:{function}{ROWS_AND_WORK}")).unwrap();
    let event_invoke = EventInvoke {
        maximum_retry_attempts: 0,
        maximum_event_age: Duration::from_secs(60),
        on_failure_queue_arn: Some(queue_arn("work")),
    };
    assert_eq!((manifest.functions[0].reserved_concurrency, &manifest.functions[0].event_invoke), (Some(5), &event_invoke));
}

#[test]
fn what_a_function_has_that_is_not_implemented_is_named() {
    let one_value = [("Resources.Worker.Properties.Runtime", "provided.al2023", "python3.13"), ("AutoPublishAlias", "live", "next")];
    each_has_one_value(&format!("Resources:{}", worker("AutoPublishAlias: live")), &one_value);
    each_is_named(
        &format!("Resources:{FUNCTION}"),
        &[
            (", Handler: work", "", "Resources.Worker.Properties: the local stack does not understand this: missing field `Handler`"),
            ("FunctionName: worker", "VpcConfig: {}", "unknown field `VpcConfig`"),
            (
                "FunctionName: worker",
                "Timeout: soon",
                "Properties.Timeout: the local stack does not understand this: `soon`: invalid digit",
            ),
            ("FunctionName: worker", "EventInvokeConfig: { DestinationConfig: { OnSuccess: {} } }", "EventInvokeConfig.DestinationConfig"),
            ("FunctionName: worker", "Policies: [AWSLambdaExecute]", "Properties.Policies[0]"),
            ("FunctionName: worker", "Policies: [{ DynamoDBCrudPolicy: { TableName: x } }]", "unknown field `DynamoDBCrudPolicy`"),
            ("FunctionName: worker", "Environment: { Variables: { LIST: [x] } }", "Properties.Environment.LIST"),
        ],
    );
}
