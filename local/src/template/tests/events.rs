use std::time::Duration;

use serde_json::json;

use super::{
    super::{QueueMapping, StreamMapping, TopicSubscription},
    ROWS_AND_WORK, each_is_named, read, worker,
};
use crate::account::{arn, function_arn, queue_arn};

fn with_event(kind: &str, properties: &str) -> String {
    let function = worker(&format!("AutoPublishAlias: live, Events: {{ Came: {{ Type: {kind}, Properties: {properties} }} }}"));
    format!("Resources:{function}{ROWS_AND_WORK}\n  News: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: news }} }}\n")
}

#[test]
fn a_stream_event_becomes_a_mapping() {
    let text = with_event(
        "DynamoDB",
        "{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 10, MaximumRetryAttempts: 5,
          MaximumRecordAgeInSeconds: 3600, BisectBatchOnFunctionError: true, FunctionResponseTypes: [ReportBatchItemFailures],
          FilterCriteria: { Filters: [{ Pattern: '{\"dynamodb\":{\"Keys\":{\"id\":{\"S\":[\"x\"]}}}}' }] },
          DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Work.Arn } } }",
    );
    let expected = StreamMapping {
        logical_id: "WorkerCame".to_owned(),
        function_arn: function_arn("worker:live"),
        table: "rows".to_owned(),
        batch_size: 10,
        maximum_retry_attempts: Some(5),
        maximum_record_age: Some(Duration::from_secs(3_600)),
        bisect_batch_on_error: true,
        report_batch_item_failures: true,
        filter_patterns: vec![json!({"dynamodb": {"Keys": {"id": {"S": ["x"]}}}})],
        on_failure_queue_arn: Some(queue_arn("work")),
    };
    assert_eq!(read(&text).unwrap().stream_mappings, [expected]);
    let plain = with_event("DynamoDB", "{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON, MaximumRetryAttempts: -1 }");
    let plain = &read(&plain).unwrap().stream_mappings[0];
    assert_eq!((plain.batch_size, plain.maximum_retry_attempts, plain.maximum_record_age), (100, None, None));
    assert!(!plain.bisect_batch_on_error && !plain.report_batch_item_failures && plain.filter_patterns.is_empty());
}

#[test]
fn a_queue_event_becomes_a_mapping() {
    let text = with_event("SQS", "{ Queue: !GetAtt Work.Arn, ScalingConfig: { MaximumConcurrency: 4 } }");
    let mut expected = QueueMapping {
        logical_id: "WorkerCame".to_owned(),
        function_arn: function_arn("worker:live"),
        queue: "work".to_owned(),
        batch_size: 10,
        report_batch_item_failures: false,
        maximum_concurrency: Some(4),
    };
    assert_eq!(read(&text).unwrap().queue_mappings, [expected.clone()]);
    let unqualified = text
        .replace("AutoPublishAlias: live, ", "")
        .replace("ScalingConfig: { MaximumConcurrency: 4 }", "BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]");
    expected.function_arn = function_arn("worker");
    (expected.batch_size, expected.report_batch_item_failures, expected.maximum_concurrency) = (5, true, None);
    assert_eq!(read(&unqualified).unwrap().queue_mappings, [expected]);
}

#[test]
fn a_topic_event_becomes_a_subscription() {
    let text = with_event("SNS", "{ Topic: !Ref News, RedrivePolicy: { deadLetterTargetArn: !GetAtt Work.Arn } }");
    let expected = TopicSubscription {
        logical_id: "WorkerCame".to_owned(),
        function_arn: function_arn("worker:live"),
        topic_arn: arn("sns", "news"),
        dead_letter_queue_arn: Some(queue_arn("work")),
    };
    assert_eq!(read(&text).unwrap().topic_subscriptions, [expected]);
}

#[test]
fn what_an_event_has_that_is_not_implemented_is_named() {
    each_is_named(
        &with_event("DynamoDB", "{ Stream: !GetAtt Rows.StreamArn, StartingPosition: TRIM_HORIZON }"),
        &[
            (
                "TRIM_HORIZON",
                "LATEST",
                "Properties.StartingPosition: the local stack does not implement \"LATEST\" here; it knows TRIM_HORIZON",
            ),
            ("Type: DynamoDB", "Type: Schedule", "Came.Type: the local stack does not implement Schedule; it knows DynamoDB, SQS, SNS"),
            ("TRIM_HORIZON", "TRIM_HORIZON, ParallelizationFactor: 2", "unknown field `ParallelizationFactor`"),
        ],
    );
    each_is_named(
        &with_event("SQS", "{ Queue: !GetAtt Work.Arn }"),
        &[
            ("Queue: ", "MaximumBatchingWindowInSeconds: 2, Queue: ", "unknown field `MaximumBatchingWindowInSeconds`"),
            ("!GetAtt Work.Arn", "!Ref Work", "Properties.Queue: the local stack does not understand this: `https://sqs."),
        ],
    );
    each_is_named(&with_event("SNS", "{ Topic: !Ref News }"), &[("Topic: ", "FilterPolicy: {}, Topic: ", "unknown field `FilterPolicy`")]);
}
