use std::time::Duration;

use serde_json::json;

use super::{super::EventInvoke, FUNCTION, TABLE, problems, read, values};

const GLOBALS: &str = "
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    MemorySize: 256
    Environment:
      Variables: { STAGE: dev, LIMIT: 5, TABLE: !Ref Rows }
";

#[test]
fn globals_are_merged_as_sam_does() {
    let manifest = read(&format!(
        "{GLOBALS}
Resources:{TABLE}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: worker }} }}
    Properties:
      FunctionName: worker
      Timeout: 7
      Environment: {{ Variables: {{ TABLE: !Sub '${{Rows}}!', ON: true }} }}
"
    ))
    .unwrap();
    let function = &manifest.functions[0];
    assert_eq!(function.environment, values(&[("LIMIT", "5"), ("ON", "true"), ("STAGE", "dev"), ("TABLE", "rows!")]));
    assert_eq!((function.timeout, function.memory_mb, function.handler.as_str()), (Duration::from_secs(7), 256, "worker"));
    assert_eq!((function.name.as_str(), function.logical_id.as_str()), ("worker", "Worker"));
}

#[test]
fn a_function_alone_has_lambdas_defaults() {
    let manifest = read(&format!("Resources:{FUNCTION}")).unwrap();
    assert_eq!((manifest.functions[0].timeout, manifest.functions[0].memory_mb), (Duration::from_secs(3), 128));
    assert!(manifest.functions[0].environment.is_empty() && manifest.notes.is_empty());
    let event_invoke =
        EventInvoke { maximum_retry_attempts: 2, maximum_event_age: Duration::from_secs(21_600), on_failure_queue_arn: None };
    assert_eq!((manifest.functions[0].reserved_concurrency, &manifest.functions[0].event_invoke), (None, &event_invoke));
}

#[test]
fn lambdas_own_lines_can_be_turned_off_where_lines_are_json() {
    let with = |logging: &str| {
        let function = FUNCTION.replace("Handler: bootstrap }", &format!("Handler: bootstrap, LoggingConfig: {{ {logging} }} }}"));
        format!("Resources:{function}")
    };
    assert!(read(&with("LogFormat: JSON, SystemLogLevel: WARN")).is_ok());
    assert!(problems(&with("SystemLogLevel: WARN")).contains("LogFormat: JSON"));
}

#[test]
fn what_becomes_of_asynchronous_invocations_is_read() {
    let function = FUNCTION.replace(
        "Handler: bootstrap }",
        "Handler: bootstrap, ReservedConcurrentExecutions: 5,
          EventInvokeConfig: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60,
            DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } } }",
    );
    let manifest =
        read(&format!("Resources:{function}\n  Dead: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: dead }} }}\n")).unwrap();
    let event_invoke = EventInvoke {
        maximum_retry_attempts: 0,
        maximum_event_age: Duration::from_secs(60),
        on_failure_queue_arn: Some("arn:aws:sqs:eu-central-1:123456789012:dead".to_owned()),
    };
    assert_eq!((manifest.functions[0].reserved_concurrency, &manifest.functions[0].event_invoke), (Some(5), &event_invoke));
}

#[test]
fn what_a_function_says_wrong_is_named() {
    for (from, to, expected) in [
        (
            "provided.al2023",
            "python3.13",
            "line 6: Resources.Worker.Properties.Runtime: `python3.13` is not understood by the local stack; it knows provided.al2023",
        ),
        ("Handler: bootstrap", "Handler: bootstrap, MemorySize: 64", "64 is not between 128 and 10240"),
        (", Handler: bootstrap", "", "Resources.Worker.Properties: Handler is missing"),
        ("FunctionName: worker", "FunctionName: a b", "`a b` is not a function's name"),
        (
            "FunctionName: worker",
            "Events: { X: { Type: Schedule, Properties: {} } }",
            "Properties.Events.X.Type: `Schedule` is not understood by the local stack; it knows DynamoDB, SNS, SQS",
        ),
        ("FunctionName: worker", "ReservedConcurrentExecutions: 0", "0 is not between 1 and 1000"),
        ("FunctionName: worker", "EventInvokeConfig: { MaximumRetryAttempts: 3 }", "3 is not between 0 and 2"),
        ("FunctionName: worker", "EventInvokeConfig: { MaximumEventAgeInSeconds: 59 }", "59 is not between 60 and 21600"),
        (
            "FunctionName: worker",
            "EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: SQS, Destination: x } } }",
            "EventInvokeConfig.DestinationConfig.OnSuccess: the local stack does not understand this",
        ),
        (
            "FunctionName: worker",
            "EventInvokeConfig: { DestinationConfig: { OnFailure: { Type: SQS } } }",
            "EventInvokeConfig.DestinationConfig.OnFailure: Destination is missing",
        ),
        ("FunctionName: worker", "Environment: { Variables: { AWS_REGION: x } }", "Lambda sets this variable itself"),
        ("FunctionName: worker", "Environment: { Variables: { 1A: x } }", "not a variable's name"),
        ("FunctionName: worker", "Environment: { Variables: { LIST: [x] } }", "Variables.LIST: this has to be text, not a list"),
        ("FunctionName: worker", "VpcConfig: {}", "Resources.Worker.Properties.VpcConfig: the local stack does not understand this"),
        (
            "Binary: worker",
            "Binary: ../worker",
            "line 5: Resources.Worker.Metadata.BuildProperties.Binary: `../worker` is not the name of a Cargo binary",
        ),
        ("rust-cargolambda", "makefile", "`makefile` is not understood"),
        ("Metadata:", "Condition: C #", "there is no condition C"),
    ] {
        let text = FUNCTION.replace(from, to);
        assert_ne!(text, FUNCTION, "{from}");
        let problem = problems(&format!("Resources:{text}"));
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{to} gave {problem}");
    }
    let unbuilt = FUNCTION.replace("    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: worker } }\n", "");
    assert!(problems(&format!("Resources:{unbuilt}")).contains("the local stack has to know the function's binary"));
}

#[test]
fn what_globals_says_wrong_is_said_once() {
    let two = format!("{FUNCTION}{}", FUNCTION.replace("Worker", "Other").replace("FunctionName: worker", "FunctionName: other"));
    let problem = problems(&format!("Globals: {{ Function: {{ VpcConfig: {{}} }} }}\nResources:{two}"));
    assert!(problem.starts_with("line 2: ") && problem.lines().count() == 1, "{problem}");
    assert!(
        problems(&format!("Globals: {{ Api: {{}} }}\nResources:{two}")).contains("Globals.Api: the local stack does not understand this")
    );
    let problem = problems(&format!("Globals: {{ Function: {{ FunctionName: x }} }}\nResources:{FUNCTION}"));
    assert!(problem.contains("SAM takes no FunctionName from Globals"), "{problem}");
}

#[test]
fn two_functions_of_one_name_are_an_error() {
    let two = format!("{FUNCTION}{}", FUNCTION.replace("Worker", "Zworker"));
    assert!(problems(&format!("Resources:{two}")).contains("Resources.Zworker: another AWS::Serverless::Function has the name worker"));
}

fn with_event(properties: &str) -> String {
    let function = FUNCTION.replace(
        "Handler: bootstrap }",
        &format!("Handler: bootstrap, Events: {{ Rows: {{ Type: DynamoDB, Properties: {properties} }} }} }}"),
    );
    format!("Resources:{TABLE}{function}\n  Dead: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: dead }} }}\n")
}

#[test]
fn a_stream_event_becomes_a_mapping() {
    let manifest = read(&with_event(
        "{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 10,
          MaximumRetryAttempts: 5, MaximumRecordAgeInSeconds: 3600, BisectBatchOnFunctionError: true,
          FunctionResponseTypes: [ReportBatchItemFailures],
          FilterCriteria: { Filters: [{ Pattern: !Sub '{\"dynamodb\":{\"Keys\":{\"id\":{\"S\":[\"${AWS::Region}\"]}}}}' }] },
          DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } }",
    ))
    .unwrap();
    let mapping = &manifest.stream_mappings[0];
    assert_eq!(mapping.logical_id, "WorkerRows");
    assert_eq!(mapping.function_arn, manifest.functions[0].arn);
    assert_eq!((mapping.table.as_str(), mapping.batch_size), ("rows", 10));
    assert_eq!((mapping.maximum_retry_attempts, mapping.maximum_record_age), (Some(5), Some(Duration::from_secs(3600))));
    assert!(mapping.bisect_batch_on_error && mapping.report_batch_item_failures);
    assert_eq!(mapping.filter_patterns, [json!({"dynamodb": {"Keys": {"id": {"S": ["eu-central-1"]}}}})]);
    assert_eq!(mapping.on_failure_queue_arn.as_deref(), Some("arn:aws:sqs:eu-central-1:123456789012:dead"));
}

#[test]
fn a_mapping_alone_has_lambdas_defaults() {
    let manifest =
        read(&with_event("{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON, MaximumRetryAttempts: -1 }")).unwrap();
    let mapping = &manifest.stream_mappings[0];
    assert_eq!((mapping.batch_size, mapping.maximum_retry_attempts, mapping.maximum_record_age), (100, None, None));
    assert!(!mapping.bisect_batch_on_error && !mapping.report_batch_item_failures);
    assert!(mapping.filter_patterns.is_empty() && mapping.on_failure_queue_arn.is_none());
}

#[test]
fn what_an_event_says_wrong_is_named() {
    let well = "Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON";
    for (properties, expected) in [
        ("{ StartingPosition: TRIM_HORIZON }".to_owned(), "Stream is missing"),
        ("{ Stream: !GetAtt Rows.Arn, StartingPosition: TRIM_HORIZON }".to_owned(), "is not the stream of a table of this template"),
        ("{ Stream: !GetAtt Rows.StreamArn }".to_owned(), "StartingPosition is missing"),
        ("{ Stream: !GetAtt Rows.StreamArn, StartingPosition: LATEST }".to_owned(), "`LATEST` is not understood"),
        (format!("{{ {well}, ParallelizationFactor: 2 }}"), "ParallelizationFactor: the local stack does not understand"),
        (format!("{{ {well}, BatchSize: 0 }}"), "0 is not between 1 and 10000"),
        (format!("{{ {well}, BatchSize: many }}"), "this has to be a whole number, not many"),
        (format!("{{ {well}, MaximumRecordAgeInSeconds: 30 }}"), "at least 60"),
        (format!("{{ {well}, BisectBatchOnFunctionError: maybe }}"), "this has to be true or false, not maybe"),
        (format!("{{ {well}, FunctionResponseTypes: [Other] }}"), "`Other` is not understood"),
        (
            format!("{{ {well}, TumblingWindowInSeconds: 5 }}"),
            "Events.Rows.Properties.TumblingWindowInSeconds: the local stack does not understand",
        ),
        (
            format!("{{ {well}, FilterCriteria: {{ Filters: [{{ Pattern: '{{' }}] }} }}"),
            "Filters.0.Pattern: a filter pattern is JSON in a text",
        ),
        (format!("{{ {well}, FilterCriteria: {{ Filters: [{{ Pattern: '[]' }}] }} }}"), "a filter pattern is a JSON object"),
        (
            format!("{{ {well}, DestinationConfig: {{ OnFailure: {{ Type: SNS, Destination: !GetAtt Dead.Arn }} }} }}"),
            "`SNS` is not understood",
        ),
        (
            format!("{{ {well}, DestinationConfig: {{ OnFailure: {{ Type: SQS, Destination: !Ref Dead }} }} }}"),
            "is not a queue of this template",
        ),
    ] {
        let problem = problems(&with_event(&properties));
        assert!(problem.contains(expected) && problem.lines().count() == 1, "{properties} gave {problem}");
    }
}

#[test]
fn the_stream_of_a_table_without_one_is_an_error() {
    let text = with_event("{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON }");
    let text = text.replace("      StreamSpecification: { StreamViewType: NEW_IMAGE }\n", "");
    assert!(problems(&text).contains("Rows has no stream; give it a StreamSpecification"));
}
